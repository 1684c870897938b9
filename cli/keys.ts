import { Command, Option } from 'commander';
import * as z from 'zod';
import { type ApiKeyView, apiKeySchema, newApiKeySchema } from '../core/contracts/http/api-keys.ts';
import { scopes } from '../core/contracts/words/access.ts';
import { keyUses } from '../core/contracts/words/licence.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { bootstrapCommand } from './keys-bootstrap.ts';
import { instantOption } from './options.ts';
import { distance, instant, safe, table } from './output.ts';
import { CommandError, exitCodes, usageError } from './problems.ts';

/** `quotron keys`: the API keys of the installation. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('API keys: list, create, rotate and revoke them, and bootstrap a lost one')
    .addCommand(list())
    .addCommand(create())
    .addCommand(rotate())
    .addCommand(revoke())
    .addCommand(bootstrapCommand());
}

function list(): Command {
  return newCommand('list', 'All keys, newest first; the key itself is never shown').action((options: Common) =>
    carryOut(options, async ({ api, out }) => {
      const keys = await api.request('GET', '/keys', z.array(apiKeySchema));
      out.result(keys, () =>
        table(
          ['id', 'name', 'begins with', 'scope', 'use', 'last used', 'expires', 'revoked'],
          keys.map((key) => [
            key.id,
            safe(key.name),
            key.prefix,
            key.scope,
            key.use,
            distance(key.lastUsedAt),
            instant(key.expiresAt),
            instant(key.revokedAt),
          ]),
          40,
        ),
      );
      return exitCodes.ok;
    }),
  );
}

function create(): Command {
  return newCommand('create', 'Create a key; it is shown only once', ['keys create grafana --scope read --expires 90d'])
    .argument('<name>', 'what it is for')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(scopes).default('read'))
    .addOption(
      new Option(
        '--use <use>',
        'what it is for: which licence classes it shows (default: as many as your own key)',
      ).choices(keyUses),
    )
    .addOption(new Option('--expires <time>', 'when it expires: a time, or 30m, 2h, 90d').argParser(instantOption))
    .action((name: string, options: Common & { scope: string; use?: string; expires?: string }) =>
      carryOut(options, async ({ api, out }) => {
        const body = {
          name,
          scope: options.scope,
          ...(options.use === undefined ? {} : { use: options.use }),
          ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
        };
        const made = await api.request('POST', '/keys', newApiKeySchema, body);
        out.progress('Store it now: it is not shown again.');
        out.result(made, () => made.key);
        return exitCodes.ok;
      }),
    );
}

interface RotateOptions extends Common {
  readonly revoke?: boolean;
  readonly expires?: string;
}

function rotate(): Command {
  return newCommand('rotate', 'Create a key like another one; the old one stays valid until it is revoked', [
    'keys rotate 0198a7c0-0000-5000-8000-000000000001',
    'keys rotate 0198a7c0-0000-5000-8000-000000000001 --revoke',
  ])
    .argument('<id>', 'the key, as `keys list` names it')
    .option('--revoke', 'revoke the old key at once, as when somebody else has seen it')
    .addOption(
      new Option(
        '--expires <time>',
        'when the new key expires: a time, or 30m, 2h, 90d (default: after as long as the old one)',
      ).argParser(instantOption),
    )
    .action((id: string, options: RotateOptions) =>
      carryOut(options, async ({ api, out }) => {
        const old = (await api.request('GET', '/keys', z.array(apiKeySchema))).find((key) => key.id === id);
        if (!old) throw usageError('No API key has this id. `quotron keys list` names them.');
        if (old.revokedAt !== null)
          throw new CommandError(
            `The key ${safe(old.name)} (${old.prefix}…) is revoked. Create another: \`quotron keys create\`.`,
          );
        const expiresAt = options.expires ?? sameLife(old);
        const made = await api.request('POST', '/keys', newApiKeySchema, {
          name: old.name,
          scope: old.scope,
          use: old.use,
          ...(expiresAt === null ? {} : { expiresAt }),
        });
        // The new key is printed first: should the revocation fail, it is not lost.
        out.progress('Store it now: it is not shown again.');
        if (!options.revoke)
          out.progress(`The old key is valid until you revoke it: \`quotron keys revoke ${old.id}\`.`);
        out.result(made, () => made.key);
        if (!options.revoke) return exitCodes.ok;
        await api.request('DELETE', `/keys/${encodeURIComponent(old.id)}`, apiKeySchema);
        out.progress(`The old key (${old.prefix}…) is revoked.`);
        return exitCodes.ok;
      }),
    );
}

/** The end of a key that is valid from now on for as long as another was made for. */
function sameLife({ createdAt, expiresAt }: ApiKeyView): string | null {
  if (expiresAt === null) return null;
  return new Date(Date.now() + Math.max(60_000, Date.parse(expiresAt) - Date.parse(createdAt))).toISOString();
}

function revoke(): Command {
  return newCommand('revoke', 'Revoke a key and its sessions')
    .argument('<id>', 'the key, as `keys list` names it')
    .action((id: string, options: Common) =>
      carryOut(options, async ({ api, out }) => {
        const key = await api.request('DELETE', `/keys/${encodeURIComponent(id)}`, apiKeySchema);
        out.result(key, () => `The key ${safe(key.name)} (${key.prefix}…) is revoked.`);
        return exitCodes.ok;
      }),
    );
}
