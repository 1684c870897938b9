import { redactor } from '../../core/auth/redact.ts';
import { type Session, sessionSecrets } from '../../core/auth/session.ts';
import { chunked } from '../../core/contracts/chunked.ts';
import type { Failure } from '../../core/contracts/failure.ts';
import type { Question } from '../../core/contracts/proxy.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { State } from '../../core/ports/state.ts';
import { quoteRoute } from '../../core/proxy/market-routes.ts';
import { type ReadAnswer, readOneAnswer } from '../../core/proxy/read-answer.ts';
import { readQuoteAnswer } from '../../core/proxy/read-quotes.ts';
import { routeNamed } from '../../core/proxy/routes.ts';
import type { NoAnswerReason } from '../../core/proxy/yahoo-error.ts';
import type { OpenSource } from '../../core/scraping/open-source.ts';
import { holdAfter } from '../../core/scraping/retry-after.ts';
import { guardedRead } from '../../core/sources/guard.ts';
import type { Breaker, Outcome, Pause } from './breaker.ts';
import type { ProxyMetrics } from './metrics.ts';
import type { Asker, Turn, WaitingLine } from './waiting-line.ts';

/** Why there is no answer, and when it makes sense to try again. */
export interface NoAnswer {
  readonly reason: NoAnswerReason;
  readonly retryAfterSeconds: number;
}

/** Yahoo's answer to a question, or why there is none. */
export type Loaded = { readonly answer: ReadAnswer; readonly fetchedAt: number } | { readonly failed: NoAnswer };

/**
 * Fetches answers from Yahoo on somebody's behalf; one for each question, in their order. Never throws for what Yahoo does.
 */
export type FetchFromYahoo = (questions: readonly Question[], asker: Asker) => Promise<Loaded[]>;

export interface YahooConnection {
  readonly source: Pick<OpenSource, 'id' | 'address' | 'upstream' | 'sessions' | 'headers'>;
  readonly state: State;
  readonly breaker: Breaker;
  readonly line: WaitingLine;
  readonly metrics: ProxyMetrics;
  readonly now: Clock;
}

/** Symbols in one upstream request, as the scraper has it. */
const symbolsPerRequest = 50;
/** Requests that the questions of one client may make at once: 1,500 quotes take thirty. */
const requestsAtOnce = 5;
/** When a client may try again after there was no permit for a login, which may use the whole of the minute. */
const loginRetrySeconds = 10;

/**
 * Fetches from Yahoo as the scraper does: one permit of the shared ledger for each request, for which there is a line,
 * within the breaker, with the shared session, renewed once when it is refused.
 *
 * Quotes go together, 50 symbols a request; all else one by one. No header of a client goes along.
 */
export function fetchFromYahoo(connection: YahooConnection): FetchFromYahoo {
  return async (questions, asker) => {
    const loaded = new Map<string, Loaded>();
    const left = requestsOf(questions);
    let limited: NoAnswer | null = null;
    const work = async () => {
      for (let group = left.shift(); group; group = left.shift()) {
        // Where one finds no room in the quota, the others would not either.
        const answers = limited ? all(group, limited) : await fetchGroup(group, asker, connection);
        for (const [key, each] of answers) {
          loaded.set(key, each);
          if ('failed' in each && each.failed.reason === 'quota_exhausted') limited = each.failed;
        }
      }
    };
    await Promise.all(Array.from({ length: requestsAtOnce }, work));
    return questions.map(({ key }) => loaded.get(key) ?? { failed: { reason: 'unexplained', retryAfterSeconds: 0 } });
  };
}

/** The questions that one upstream request answers. */
function requestsOf(questions: readonly Question[]): Question[][] {
  const quotes = questions.filter(({ route }) => route === quoteRoute.name);
  const variants = Map.groupBy(quotes, ({ query }) => JSON.stringify(Object.entries(query).sort()));
  const groups = questions.filter(({ route }) => route !== quoteRoute.name).map((question) => [question]);
  for (const variant of variants.values()) groups.push(...chunked(variant, symbolsPerRequest));
  return groups;
}

interface RequestOutcome extends Outcome {
  readonly answers: ReadonlyMap<string, Loaded>;
  /** Why some of the answers are none, in an answer that is good otherwise. */
  readonly drift?: Failure | null;
}

const dayMs = 86_400_000;

async function fetchGroup(
  group: readonly Question[],
  asker: Asker,
  connection: YahooConnection,
): Promise<ReadonlyMap<string, Loaded>> {
  const { breaker, line, now } = connection;
  const before = breaker.pause(now());
  if (before) return all(group, pauseOf(before, now()));
  // In the line outside the breaker: who waits there is no trial of whether Yahoo is well again.
  const deadline = now() + asker.patienceMs;
  const first = await line.turn(asker.id, deadline);
  if ('failure' in first)
    return all(group, { reason: first.failure.reason, retryAfterSeconds: first.retryAfterSeconds });
  let held: Turn | null = first;
  const nextTurn = async (): Promise<Turn> => {
    const turn = held;
    held = null;
    return turn && 'until' in turn && now() < turn.until ? turn : line.turn(asker.id, deadline);
  };
  const result = await breaker.run(() => request(group, nextTurn, connection));
  if ('until' in result) return all(group, pauseOf(result, now()));
  if (result.failure === null) return result.answers;
  const { reason } = result.failure;
  // A breaker that has just opened says for how long.
  const pause = breaker.pause(now());
  const retryAfterSeconds = Math.max(result.retryAfterSeconds, pause ? pauseOf(pause, now()).retryAfterSeconds : 0);
  return all(group, { reason, retryAfterSeconds });
}

function pauseOf(pause: Pause, now: number): NoAnswer {
  return { reason: pause.reason, retryAfterSeconds: Math.max(1, Math.ceil((pause.until - now) / 1000)) };
}

function all(group: readonly Question[], failed: NoAnswer): ReadonlyMap<string, Loaded> {
  return new Map(group.map(({ key }) => [key, { failed }]));
}

/** One request, and a second one when the session was refused. */
async function request(
  group: readonly Question[],
  nextTurn: () => Promise<Turn>,
  connection: YahooConnection,
): Promise<RequestOutcome> {
  const [first] = group;
  if (!first) return { answers: new Map(), failure: null, called: false, retryAfterSeconds: 0 };
  const { sessions } = connection.source;
  let session: Session | null = null;
  if (sessions && routeNamed(first.route)?.needsSession) {
    const held = await sessions.session();
    if ('reason' in held) return noSession(held, connection.now());
    session = held;
  }
  for (let renewed = false; ; renewed = true) {
    const turn = await nextTurn();
    if ('failure' in turn) return failed(turn.failure, false, turn.retryAfterSeconds);
    const outcome = await send(group, first, session, connection);
    connection.metrics.upstream(first.route, outcome.failure?.reason ?? outcome.drift?.reason ?? 'ok');
    if (outcome.failure?.reason !== 'auth_expired' || renewed || !sessions || !session) return outcome;
    const fresh = await sessions.renewed(session);
    if ('reason' in fresh) return noSession(fresh, connection.now());
    session = fresh;
  }
}

/** A login that was not made for want of a permit, or because Yahoo wants a pause, is no sign of Yahoo's health. */
function noSession(failure: Failure, now: number): RequestOutcome {
  const { reason, detail } = failure;
  if (reason !== 'quota_exhausted' && reason !== 'rate_limited') return failed(failure, true, 0);
  if (detail.code === 'day_quota') return failed(failure, false, Math.ceil((dayMs - (now % dayMs)) / 1000));
  return failed(failure, false, detail.code === 'held' ? Math.ceil(detail.seconds) : loginRetrySeconds);
}

function failed(failure: Failure, called: boolean, retryAfterSeconds: number): RequestOutcome {
  return { answers: new Map(), failure, called, retryAfterSeconds };
}

async function send(
  group: readonly Question[],
  first: Question,
  session: Session | null,
  { source, state, now }: YahooConnection,
): Promise<RequestOutcome> {
  const symbols = group.flatMap(({ symbol }) => symbol ?? []);
  const query = first.route === quoteRoute.name ? { ...first.query, symbols: symbols.join(',') } : first.query;
  const origin = routeNamed(first.route)?.origin ?? '';
  const url = source.address.url(origin + first.path, { ...query, ...session?.query });
  const headers = { ...source.headers, ...session?.headers };
  const answer = await source.upstream(
    first.body === null
      ? { method: 'GET', url, headers }
      : { method: 'POST', url, headers: { ...headers, 'content-type': 'application/json' }, body: first.body },
  );
  // Masked before it is read: what is kept and given out has never held a credential of ours.
  const redact = redactor(session ? sessionSecrets(session) : []);
  const fetchedAt = now();
  const heard = {
    response: answer.response && { ...answer.response, headers: {}, body: redact(answer.response.body) },
    error: answer.error,
    fetchedAt: new Date(fetchedAt).toISOString(),
  };
  // The scrapers keep the pause as well: it is the same Yahoo.
  const refused = async (failure: Failure): Promise<RequestOutcome> => {
    const seconds = holdAfter(answer, failure, fetchedAt) ?? 0;
    if (seconds > 0) await state.call({ op: 'holdSource', sourceId: source.id, seconds });
    return failed(failure, true, seconds);
  };
  if (first.route === quoteRoute.name) {
    const read = guardedRead<ReturnType<typeof readQuoteAnswer>>(
      () => readQuoteAnswer(heard, symbols),
      (failure) => ({ failure }),
    );
    if ('failure' in read) return refused(read.failure);
    const answers = new Map(
      group.flatMap(({ key, symbol }): [string, Loaded][] => {
        const row = read.rows.get(symbol ?? '');
        if (row) return [[key, { answer: row, fetchedAt }]];
        return read.drift ? [[key, { failed: { reason: read.drift.reason, retryAfterSeconds: 0 } }]] : [];
      }),
    );
    return { answers, failure: null, drift: read.drift, called: true, retryAfterSeconds: 0 };
  }
  const read = guardedRead<ReturnType<typeof readOneAnswer>>(
    () => readOneAnswer(heard, first),
    (failure) => ({ failure }),
  );
  if ('failure' in read) return refused(read.failure);
  const answers = new Map([[first.key, { answer: read, fetchedAt }]]);
  return { answers, failure: null, called: true, retryAfterSeconds: 0 };
}
