import type { UpstreamOptions } from '../core/adapters/http/upstream.ts';
import { cookieCrumbSession } from '../core/auth/cookie-crumb.ts';
import { createSealer } from '../core/auth/seal.ts';
import { sessionKeeper } from '../core/auth/session-keeper.ts';
import type { Clock } from '../core/ports/clock.ts';
import type { State } from '../core/ports/state.ts';
import type { Upstream } from '../core/ports/upstream.ts';
import { sourceAddress } from '../core/sources/address.ts';
import { sourceOf } from '../core/sources/catalogue.ts';
import type { Failure } from '../core/sources/parser.ts';
import { parserOf } from '../core/sources/parsers.ts';
import type { ScrapeSource } from './scrape-task.ts';

/** One upstream request, from the first byte out to the last byte in. */
const requestTimeoutMs = 12_000;
/** The longest answer of a source is a chart of some megabytes. */
const maxAnswerBytes = 32 * 1024 * 1024;

/** Said on each request: sources block clients that do not say what they are. */
const headers = {
  'user-agent': 'Mozilla/5.0 (compatible; Quotron/0.1; market-data collector)',
  accept: 'application/json, text/plain, */*',
  'accept-language': 'en-US,en;q=0.9',
} as const;

/** A source of the catalogue, ready to be asked. Throws for an id that the catalogue lacks. */
export async function scrapeSource(
  sourceId: string,
  world: {
    state: State;
    sourceUrls: Readonly<Record<string, string>>;
    sessionSecret: () => Promise<string>;
    upstream: (options: UpstreamOptions) => Upstream;
    now: Clock;
    wait: (ms: number) => Promise<void>;
  },
): Promise<ScrapeSource> {
  const source = sourceOf(sourceId);
  if (!source) throw new Error(`Source ${sourceId} is not in the catalogue: the message is of another version.`);
  const address = sourceAddress(source, world.sourceUrls[sourceId]);
  const upstream = world.upstream({
    origins: address.origins,
    allowPrivate: address.allowPrivate,
    timeoutMs: requestTimeoutMs,
    maxBytes: maxAnswerBytes,
  });
  const strategy = source.session;
  const sessions =
    strategy?.strategy !== 'cookie-crumb'
      ? null
      : sessionKeeper(
          sourceId,
          world.state,
          createSealer(await world.sessionSecret()),
          async () => {
            const refused = await loginPermits(sourceId, world.state);
            return refused ?? cookieCrumbSession(strategy, address, upstream, headers, world.now());
          },
          world.now,
          world.wait,
        );
  return { id: sourceId, parser: parserOf(sourceId), address, upstream, sessions, headers };
}

/** A login draws on the same quota as all else: two requests, for the cookies and the crumb. */
async function loginPermits(sourceId: string, state: State): Promise<Failure | null> {
  const { permits } = await state.ask({ op: 'reservePermits', sourceId, count: 2, purpose: 'login' });
  for (const permit of permits) await state.ask({ op: 'usePermit', permitId: permit.id });
  return permits.length === 2
    ? null
    : { reason: 'quota_exhausted', message: 'There is no quota left to renew the session.' };
}
