import { Command, Option } from 'commander';
import * as z from 'zod';
import { apiKeySchema, newApiKeySchema } from '../core/contracts/http/operations.ts';
import { scopes } from '../core/contracts/words/access.ts';
import { keyUses } from '../core/contracts/words/licence.ts';
import { type Common, carryOut, newCommand } from './command.ts';
import { instantOption } from './options.ts';
import { distance, instant, safe, table } from './output.ts';
import { exitCodes } from './problems.ts';

/** `quotron keys`: the API keys of the installation. */
export function keysCommand(): Command {
  return new Command('keys')
    .description('API keys: list, create and revoke them')
    .addCommand(list())
    .addCommand(create())
    .addCommand(revoke());
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
