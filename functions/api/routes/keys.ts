import * as z from 'zod';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import {
  type ApiKeyView,
  apiKeySchema,
  createKeySchema,
  newApiKeySchema,
} from '../../../core/contracts/http/api-keys.ts';
import type { FeedBinding } from '../../../core/contracts/words/access.ts';
import { usesWithin } from '../../../core/contracts/words/licence.ts';
import type { Authenticator } from '../../../core/http/authenticate.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import { symbolHelp } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import type { ApiKeyStore, KeyRecord } from '../../../core/ports/api-key-store.ts';
import { routes as proxyRoutes, routeNamed } from '../../../core/proxy/routes.ts';

const tag = 'Keys';
/** A feed token ends, since addresses are kept in many places: after a year, unless it says earlier or later. */
const usualFeedMs = 365 * 86_400_000;

export function keyRoutes({ keys, authenticator }: { keys: ApiKeyStore; authenticator: Authenticator }): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/keys',
      access: 'admin',
      shows: 'nothing',
      tag,
      summary: 'Every API key, newest first',
      data: z.array(apiKeySchema),
    },
    async () => {
      const records = await keys.list();
      return { kind: 'data', data: records.map(view), meta: { count: records.length }, maxAge: null };
    },
  );

  const create = route(
    {
      method: 'post',
      path: '/keys',
      access: 'admin',
      shows: 'nothing',
      tag,
      summary: 'Make an API key',
      description:
        'The answer holds the key. It is shown this once: only its hash is kept. No key makes one whose use sees more than its own; its own is the default. With `feed` it is a feed token: it reads the routes and symbols named there, up to its rate, may stand in an address (`/api/v1/k/{token}/…`, `/yahoo/k/{token}/…`), signs nobody in, and ends after a year, unless `expiresAt` says another time.',
      body: createKeySchema,
      data: newApiKeySchema,
      status: 201,
      problems: ['licence_forbids'],
    },
    async ({ body, call }) => {
      const scope = body.scope ?? (body.feed ? 'read' : undefined);
      if (scope === undefined) throw invalidRequest('body.scope', 'must be given');
      if (body.feed && scope !== 'read') throw invalidRequest('body.scope', 'must be read: a feed token only reads');
      const feed = body.feed ? bindingOf(body.feed) : null;
      if (feed && body.expiresAt === null) throw invalidRequest('body.expiresAt', 'must be a time: a feed token ends');
      const end = body.expiresAt ?? (feed ? new Date(call.now + usualFeedMs).toISOString() : null);
      const expiresAt = end === null ? null : new Date(end);
      if (expiresAt && expiresAt.getTime() <= call.now) throw invalidRequest('body.expiresAt', 'must be in the future');
      // Else a key that may see a part of the sources would be one for all of them.
      const own = call.principal?.use ?? 'redistribute';
      const use = body.use ?? own;
      if (!usesWithin(own).includes(use))
        throw new ProblemError(
          'licence_forbids',
          `A key of use ${own} makes no key of use ${use}, which sees more sources. Use a key of use internal.`,
        );
      const made = createApiKey(feed ? 'feed' : 'key');
      const record = await keys.create({
        name: body.name,
        prefix: made.prefix,
        hash: made.hash,
        scope,
        use,
        feed,
        now: new Date(call.now),
        expiresAt,
      });
      return { kind: 'data', data: { ...view(record), key: made.key }, status: 201, maxAge: null };
    },
  );

  const revoke = route(
    {
      method: 'delete',
      path: '/keys/{id}',
      access: 'admin',
      shows: 'nothing',
      tag,
      summary: 'Revoke an API key',
      description: 'Ends its sessions too. Other containers may accept it for another 30 seconds.',
      params: z.object({ id: z.uuid() }),
      data: apiKeySchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const record = await keys.revoke(params.id, new Date(call.now));
      if (!record) throw new ProblemError('not_found', 'No API key has this id. GET /keys lists them.');
      authenticator.forgetKey(record.id);
      return { kind: 'data', data: view(record), maxAge: null };
    },
  );

  return [list, create, revoke];
}

/** What a new feed token is bound to, with its symbols as Quotron writes them. */
function bindingOf({
  routes,
  symbols,
  ratePerMinute,
}: NonNullable<z.output<typeof createKeySchema>['feed']>): FeedBinding {
  for (const [at, route] of routes.entries())
    if (route.startsWith('yahoo/') && routeNamed(route.slice('yahoo/'.length)) === undefined)
      throw invalidRequest(
        `body.feed.routes.${at}`,
        `must be one of ${proxyRoutes.map(({ name }) => `yahoo/${name}`).join(', ')}`,
      );
  const canonical = symbols?.map((text, at) => {
    const symbol = canonicalSymbol(text);
    if (symbol === null) throw invalidRequest(`body.feed.symbols.${at}`, symbolHelp);
    return symbol;
  });
  return {
    routes: [...new Set(routes)],
    symbols: canonical ? [...new Set(canonical)] : null,
    perMinute: ratePerMinute,
  };
}

function view(record: KeyRecord): ApiKeyView {
  const { feed } = record;
  return {
    id: record.id,
    name: record.name,
    prefix: record.prefix,
    scope: record.scope,
    use: record.use,
    feed: feed && {
      routes: [...feed.routes],
      symbols: feed.symbols && [...feed.symbols],
      ratePerMinute: feed.perMinute,
    },
    createdAt: record.createdAt.toISOString(),
    expiresAt: record.expiresAt?.toISOString() ?? null,
    lastUsedAt: record.lastUsedAt?.toISOString() ?? null,
    revokedAt: record.revokedAt?.toISOString() ?? null,
  };
}
