import { Command, InvalidArgumentError, Option } from 'commander';
import * as z from 'zod';
import {
  type ApiKeyView,
  apiKeySchema,
  type createKeySchema,
  newApiKeySchema,
} from '../core/contracts/http/api-keys.ts';
import { scopes } from '../core/contracts/words/access.ts';
import { feedRoutesHelp } from '../core/contracts/words/feed-routes.ts';
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
          ['id', 'name', 'begins with', 'scope', 'feed', 'use', 'last used', 'expires', 'revoked'],
          keys.map((key) => [
            key.id,
            safe(key.name),
            key.prefix,
            key.scope,
            feedText(key.feed),
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
  return newCommand('create', 'Create a key; it is shown only once', [
    'keys create grafana --scope read --expires 90d',
    'keys create sheet --feed --routes quotes,yahoo/chart --symbols AAPL,MSFT --expires 365d --rate 60',
  ])
    .argument('<name>', 'what it is for')
    .addOption(new Option('--scope <scope>', 'what it may do').choices(scopes).default('read'))
    .option('--feed', 'make a feed token, which may stand in an address: for clients that cannot send a header')
    .addOption(
      new Option('--routes <routes>', `what a feed token may ask: some of ${feedRoutesHelp}`).argParser(wordsOption),
    )
    .addOption(
      new Option('--symbols <symbols>', 'the only symbols that a feed token may ask for').argParser(wordsOption),
    )
    .addOption(new Option('--rate <n>', 'how many requests a minute a feed token may send').argParser(rateOption))
    .addOption(
      new Option(
        '--use <use>',
        'what it is for: which licence classes it shows (default: as many as your own key)',
      ).choices(keyUses),
    )
    .addOption(new Option('--expires <time>', 'when it expires: a time, or 30m, 2h, 90d').argParser(instantOption))
    .action((name: string, options: CreateOptions) =>
      carryOut(options, async ({ api, out }) => {
        const feed = feedOf(options);
        const body = {
          name,
          ...(feed === null ? { scope: options.scope } : { feed }),
          ...(options.use === undefined ? {} : { use: options.use }),
          ...(options.expires === undefined ? {} : { expiresAt: options.expires }),
        };
        const made = await api.request('POST', '/keys', newApiKeySchema, body);
        out.progress('Store it now: it is not shown again.');
        if (made.feed) out.progress(`It stands in the address, as in ${addressOf(made.feed)}.`);
        out.result(made, () => made.key);
        return exitCodes.ok;
      }),
    );
}

interface CreateOptions extends Common {
  readonly scope: string;
  readonly use?: string;
  readonly expires?: string;
  readonly feed?: boolean;
  readonly routes?: readonly string[];
  readonly symbols?: readonly string[];
  readonly rate?: number;
}

type NewFeed = NonNullable<z.input<typeof createKeySchema>['feed']>;

/** The feed token that the options describe; `null` for a key. What only one of them has is refused for the other. */
function feedOf({ feed, routes, symbols, rate, scope }: CreateOptions): NewFeed | null {
  if (!feed) {
    if (routes ?? symbols ?? rate) throw usageError('--routes, --symbols and --rate are for feed tokens: add --feed.');
    return null;
  }
  if (scope !== 'read') throw usageError('A feed token has the scope read: leave --scope out.');
  if (!routes) throw usageError(`A feed token needs --routes: some of ${feedRoutesHelp}.`);
  return {
    routes: [...routes],
    ...(symbols === undefined ? {} : { symbols: [...symbols] }),
    ...(rate === undefined ? {} : { ratePerMinute: rate }),
  };
}

function addressOf({ routes }: NonNullable<ApiKeyView['feed']>): string {
  return routes.some((route) => route.startsWith('yahoo')) ? '/yahoo/k/{token}/…' : `/api/v1/k/{token}/${routes[0]}`;
}

function feedText(feed: ApiKeyView['feed']): string {
  if (feed === null) return '';
  const symbols = feed.symbols === null ? 'all symbols' : safe(feed.symbols.join(','));
  return `${safe(feed.routes.join(','))}; ${symbols}; ${feed.ratePerMinute}/min`;
}

function wordsOption(text: string): string[] {
  const words = text.split(',').flatMap((word) => (word.trim() === '' ? [] : [word.trim()]));
  if (words.length === 0) throw new InvalidArgumentError('It names none.');
  return words;
}

function rateOption(text: string): number {
  const rate = Number(text.replace(/\/min$/, ''));
  if (!Number.isInteger(rate) || rate < 1) throw new InvalidArgumentError('It takes a whole number, such as 60.');
  return rate;
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
          ...(old.feed === null ? { scope: old.scope } : { feed: old.feed }),
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
