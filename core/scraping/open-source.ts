import { allowedOrigins } from '../auth/cookie-crumb.ts';
import type { PermittedCall } from '../auth/cookie-walk.ts';
import { credentialsFormOf, type LoginCredentials, readLogin } from '../auth/credentials.ts';
import { makeSession } from '../auth/make-session.ts';
import { redactHeaders, redactor } from '../auth/redact.ts';
import { createSealer } from '../auth/seal.ts';
import type { Session } from '../auth/session.ts';
import { sessionKeeper } from '../auth/session-keeper.ts';
import type { Failure } from '../contracts/failure.ts';
import type { Clock } from '../ports/clock.ts';
import type { State } from '../ports/state.ts';
import type { Upstream, UpstreamOptions } from '../ports/upstream.ts';
import { sourceAddress } from '../sources/address.ts';
import { knownSource } from '../sources/catalogue.ts';
import type { SessionStrategy } from '../sources/definition.ts';
import { wallFailure } from '../sources/reading/walls.ts';
import { holdAfter } from './retry-after.ts';
import type { ScrapeSource } from './scrape-task.ts';
import { permitHolder } from './take-permit.ts';

/** A source as it can be called: where, with which session and headers. What its answers mean is for its parser. */
export type OpenSource = ScrapeSource & {
  /** Masks what was typed into the source's login form, which a site may repeat later. Its answers are masked already. */
  readonly maskCredentials: (text: string) => string;
};

/** One upstream request, from the first byte out to the last byte in. */
const requestTimeoutMs = 12_000;
/** A login takes its permits within this time: shorter than the right to renew lasts. */
const loginMs = 30_000;
/** A browser may have to start before it signs in, and each step of it has its own time limit. */
const browserRenewalSeconds = 150;
/** The longest answer of a source is a chart of some megabytes. */
const maxAnswerBytes = 32 * 1024 * 1024;

/** Sent with each request: sources block clients that do not say what they are. */
const headers = {
  'user-agent': 'Mozilla/5.0 (compatible; Quotron/0.1; market-data collector)',
  accept: 'application/json, text/plain, */*',
  'accept-language': 'en-US,en;q=0.9',
} as const;

/** Sent by the browser with each page. It sets its own `accept`. */
export const pageHeaders = {
  'user-agent': headers['user-agent'],
  'accept-language': headers['accept-language'],
} as const;

/**
 * A source of the catalogue, ready to be called. Throws for an id that the catalogue lacks. Open it for each task: that
 * costs next to nothing, and answers are masked by the credentials as they are now.
 */
export async function openSource(
  sourceId: string,
  world: {
    state: State;
    sourceUrls: Readonly<Record<string, string>>;
    sessionSecret: () => Promise<string>;
    upstream: (options: UpstreamOptions) => Upstream;
    now: Clock;
    wait: (ms: number) => Promise<void>;
    /** The text of a source's secret, read each time; `null` without one. For sources that need credentials. */
    credentials?: (sourceId: string) => Promise<string | null>;
    /** Signs in with a browser, for sources that need one. */
    browserLogin?: (credentials: LoginCredentials) => Promise<Session | Failure>;
  },
): Promise<OpenSource> {
  const source = knownSource(sourceId);
  const address = sourceAddress(source, world.sourceUrls);
  const reach = (origins: readonly string[]) =>
    located(
      world.upstream({
        origins,
        allowPrivate: address.allowPrivate,
        timeoutMs: requestTimeoutMs,
        maxBytes: maxAnswerBytes,
      }),
      address.base?.shown,
    );
  const strategy = source.session;
  const { browserLogin } = world;
  const sessions =
    strategy &&
    sessionKeeper(
      sourceId,
      world.state,
      createSealer(await world.sessionSecret()),
      () =>
        makeSession(strategy, {
          address,
          call: loginCall(
            sourceId,
            reach(strategy.strategy === 'cookie-crumb' ? allowedOrigins(strategy, address) : address.origins),
            world,
          ),
          headers,
          credentials: async () => (await world.credentials?.(sourceId)) ?? null,
          now: world.now,
          ...(browserLogin && { browserLogin }),
        }),
      world.now,
      world.wait,
      strategy.strategy === 'browser-form-login' ? browserRenewalSeconds : undefined,
    );
  const typed = [
    ...(await typedInto(strategy, async () => (await world.credentials?.(sourceId)) ?? null)),
    ...(address.base?.secrets ?? []),
  ];
  const maskCredentials = redactor(typed);
  return {
    id: sourceId,
    address,
    upstream: typed.length === 0 ? reach(address.origins) : masked(reach(address.origins), maskCredentials),
    maskCredentials,
    sessions,
    headers,
    quota: source.quota,
  };
}

/** What is typed into a login form; nothing where there is none, or no credentials. */
async function typedInto(
  strategy: SessionStrategy | null,
  credentials: () => Promise<string | null>,
): Promise<string[]> {
  if (strategy === null || !['login', 'totp-login'].includes(credentialsFormOf(strategy) ?? '')) return [];
  const held = readLogin(strategy, await credentials());
  if ('reason' in held) return [];
  return [held.username, held.password, ...(held.totpSecret === undefined ? [] : [held.totpSecret])];
}

/** An upstream that says where there was no answer, when it is not where the catalogue says. */
function located(upstream: Upstream, shown: string | undefined): Upstream {
  if (shown === undefined) return upstream;
  return async (call) => {
    const answer = await upstream(call);
    return answer.error === null ? answer : { ...answer, error: { ...answer.error, address: shown } };
  };
}

/** An upstream whose answers have some secrets masked. */
function masked(upstream: Upstream, mask: (text: string) => string): Upstream {
  return async (call) => {
    const answer = await upstream(call);
    const { response } = answer;
    if (!response) return answer;
    return {
      ...answer,
      response: { ...response, headers: redactHeaders(response.headers, mask), body: mask(response.body) },
    };
  };
}

/** A login draws on the same quota as all else, one permit a request, and obeys a pause that the source wants. */
function loginCall(
  sourceId: string,
  upstream: Upstream,
  { state, now, wait }: { state: State; now: Clock; wait: (ms: number) => Promise<void> },
): PermittedCall {
  const deadline = now() + loginMs;
  const permits = permitHolder({ sourceId, state, now, wait, purpose: 'login' });
  return async (call) => {
    const refused = await permits.next(1, deadline);
    if (refused) return refused;
    const answer = await upstream(call);
    const seconds = holdAfter(answer, answer.response && wallFailure(answer.response), now());
    if (seconds !== null && seconds > 0) await state.call({ op: 'holdSource', sourceId, seconds });
    return answer;
  };
}
