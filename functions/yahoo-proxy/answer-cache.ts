/*
 * The answers of the proxy. A question goes through these steps:
 *   1. memory      fresh in this container: served
 *   2. in flight   requested a moment ago: wait for the same answer
 *   3. shared      fresh in the shared cache: copied. The first to find it stale gets the lease, all others wait
 *   4. Yahoo       by the holder of the lease; without a shared cache by the first request
 * A stale answer is served at once while it may be reused, and refreshed in the background; after that it is served
 * only when Yahoo fails or takes too long.
 */
import { LRUCache } from 'lru-cache';
import type { Question } from '../../core/contracts/proxy.ts';
import type { Clock } from '../../core/ports/clock.ts';
import { isDatabaseUnavailable } from '../../core/ports/database-unavailable.ts';
import { freshnessAt, type KeptAnswer } from '../../core/proxy/lifetimes.ts';
import type { Breaker, Pause } from './breaker.ts';
import type { FetchFromYahoo, Loaded, NoAnswer } from './fetch-from-yahoo.ts';
import type { Lease, SharedCache, Taken } from './shared-cache.ts';
import { type Asker, background, clientPatienceMs } from './waiting-line.ts';

/** `REVALIDATED`: Yahoo has just replaced an older answer. */
export type CacheResult = 'HIT' | 'MISS' | 'STALE' | 'REVALIDATED';

export interface CacheLookup {
  readonly question: Question;
  readonly answer: KeptAnswer | null;
  readonly cache: CacheResult;
  /** Why there is no new answer, where one was requested. */
  readonly failed: NoAnswer | null;
}

/** A question to fetch again, with the lease under which the answer is stored (0 without a shared cache). */
export interface Refresh {
  readonly question: Question;
  readonly token: number;
}

/** What Yahoo has just answered to the question of a key. */
export interface NewAnswer {
  readonly key: string;
  readonly answer: KeptAnswer;
}

export interface AnswerCacheOptions {
  readonly fetchAnswers: FetchFromYahoo;
  readonly breaker: Breaker;
  /** `null` in a standalone process. */
  readonly shared: SharedCache | null;
  readonly now: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly memoryBytes: number;
  /** Calls `refresh`, or has another invocation call it. Settles when it is done or handed over. */
  readonly later: (refreshes: readonly Refresh[]) => Promise<void>;
  /** Gets each new answer of Yahoo's, and makes nobody wait. */
  readonly record: (answers: readonly NewAnswer[]) => void;
  /** Gets errors of the shared cache, without which the proxy continues. */
  readonly log: (error: unknown) => void;
}

export interface AnswerCache {
  /** One result per question, in their order. `asker` is the id of the key that asks. */
  find(questions: readonly Question[], asker: string): Promise<CacheLookup[]>;
  /** Asks Yahoo and keeps what it says. */
  refresh(refreshes: readonly Refresh[]): Promise<void>;
  /** This container's answer to a key, however old. */
  peek(key: string): KeptAnswer | null;
  readonly size: { readonly entries: number; readonly bytes: number };
}

/** How long a client waits for a new answer when there is a stale one. */
const patienceMs = 2_500;
/** When a client may try again for whom there was no permit, because the database is away. */
const unavailableRetrySeconds = 2;
/** How long a client waits for another container's answer. API Gateway gives up after 29 s. */
const longestWaitMs = 15_000;

export function answerCache(options: AnswerCacheOptions): AnswerCache {
  const { fetchAnswers, breaker, now, wait, later, log } = options;
  const memory = new LRUCache<string, KeptAnswer>({
    maxSize: options.memoryBytes,
    // At most two bytes per character, and the entry itself.
    sizeCalculation: ({ body }, key) => body.length * 2 + key.length + 200,
  });
  const flights = new Map<string, Promise<ReadonlyMap<string, CacheLookup>>>();
  const refreshing = new Set<string>();

  /** The entries of the shared cache, or `null` when it fails: then each container fetches for itself. */
  async function take(keys: readonly string[]): Promise<ReadonlyMap<string, Taken> | null> {
    if (!options.shared) return null;
    try {
      const { pause, entries } = await options.shared.take(keys, true);
      breaker.hear(pause);
      for (const [key, { answer }] of entries) {
        const held = memory.get(key);
        if (answer && (!held || held.fetchedAt < answer.fetchedAt)) memory.set(key, answer);
      }
      return entries;
    } catch (error) {
      log(error);
      return null;
    }
  }

  /** Stores answers here and in the shared cache, or shares the failure. */
  async function load(refreshes: readonly Refresh[], asker: Asker): Promise<Map<string, Loaded>> {
    const questions = refreshes.map(({ question }) => question);
    const outcomes = await fetchAnswers(questions, asker).catch((error: unknown) => {
      // A fault of ours (`state` gives no permits): cached answers are still served.
      log(error);
      const failed: NoAnswer = isDatabaseUnavailable(error)
        ? { reason: 'unavailable', retryAfterSeconds: unavailableRetrySeconds }
        : { reason: 'unexplained', retryAfterSeconds: 0 };
      return refreshes.map((): Loaded => ({ failed }));
    });
    const loaded = new Map<string, Loaded>();
    const kept: (Lease & { answer: KeptAnswer })[] = [];
    const lost: (Lease & { failed: NoAnswer })[] = [];
    for (const [at, { question, token }] of refreshes.entries()) {
      const outcome = outcomes[at];
      if (!outcome) continue;
      loaded.set(question.key, outcome);
      if ('answer' in outcome) {
        const answer = { ...outcome.answer, fetchedAt: outcome.fetchedAt };
        memory.set(question.key, answer);
        kept.push({ key: question.key, token, answer });
      } else lost.push({ key: question.key, token, failed: outcome.failed });
    }
    options.record(kept);
    await share(kept, lost).catch(log);
    return loaded;
  }

  async function share(
    kept: readonly (Lease & { answer: KeptAnswer })[],
    lost: readonly (Lease & { failed: NoAnswer })[],
  ): Promise<void> {
    if (!options.shared) return;
    if (kept.length > 0) await options.shared.put(kept);
    const pause = breaker.opened(now());
    const pauseSeconds = pause ? Math.ceil((pause.until - now()) / 1000) : 0;
    for (const [reason, leases] of Map.groupBy(lost, ({ failed }) => failed.reason)) {
      // Without the database there is nobody to tell.
      if (reason === 'unavailable') continue;
      // Neither says anything of Yahoo: another container asks the ledger for itself.
      if (reason === 'stopped' || reason === 'quota_exhausted') await options.shared.release(leases);
      else await options.shared.fail(leases, reason, pauseSeconds);
    }
  }

  /** Refreshes in the background. */
  function refreshLater(refreshes: readonly Refresh[]): void {
    const begun = refreshes.filter(({ question }) => !refreshing.has(question.key));
    if (begun.length === 0) return;
    for (const { question } of begun) refreshing.add(question.key);
    later(begun)
      .catch(log)
      .finally(() => {
        for (const { question } of begun) refreshing.delete(question.key);
      });
  }

  /** The cached answer, when no new one is available. */
  function fallback(question: Question, failed: NoAnswer): CacheLookup {
    const held = memory.get(question.key);
    return held && freshnessAt(held, now()) !== 'over'
      ? { question, answer: held, cache: 'STALE', failed }
      : { question, answer: null, cache: 'MISS', failed };
  }

  async function loadNow(refreshes: readonly Refresh[], asker: Asker): Promise<CacheLookup[]> {
    const before = new Set(refreshes.flatMap(({ question }) => (memory.has(question.key) ? [question.key] : [])));
    const work = load(refreshes, asker);
    const spare = refreshes.every(({ question }) => {
      const held = memory.get(question.key);
      return held !== undefined && freshnessAt(held, now()) !== 'over';
    });
    const loaded = spare ? await Promise.race([work, wait(patienceMs)]) : await work;
    if (!loaded) work.catch(log);
    return refreshes.map(({ question }): CacheLookup => {
      const outcome = loaded?.get(question.key);
      if (!outcome) return fallback(question, { reason: 'timeout', retryAfterSeconds: 0 });
      if ('failed' in outcome) return fallback(question, outcome.failed);
      const answer = { ...outcome.answer, fetchedAt: outcome.fetchedAt };
      return { question, answer, cache: before.has(question.key) ? 'REVALIDATED' : 'MISS', failed: null };
    });
  }

  /** Steps 3 and 4, for questions that are not yet in flight in this container. */
  async function look(questions: readonly Question[], asker: Asker): Promise<ReadonlyMap<string, CacheLookup>> {
    const found = new Map<string, CacheLookup>();
    const startedAt = now();
    let open = questions;
    for (let round = 0; open.length > 0; round++) {
      const taken = await take(open.map(({ key }) => key));
      const mine: Refresh[] = [];
      const behind: Refresh[] = [];
      const others: Question[] = [];
      for (const question of open) {
        const { key } = question;
        const entry = taken?.get(key);
        const held = memory.get(key);
        const use = held ? freshnessAt(held, now()) : 'over';
        const pause = breaker.pause(now());
        const settled = (each: CacheLookup) => found.set(key, each);
        if (held && use === 'fresh') settled({ question, answer: held, cache: 'HIT', failed: null });
        else if (held && use === 'reusable') {
          settled({ question, answer: held, cache: 'STALE', failed: null });
          if (!pause && (taken === null || entry?.token)) behind.push({ question, token: entry?.token ?? 0 });
        } else if (taken === null || entry?.token) mine.push({ question, token: entry?.token ?? 0 });
        else if (pause) settled(fallback(question, paused(pause, now())));
        else if (entry?.failure) settled(fallback(question, { reason: entry.failure, retryAfterSeconds: 0 }));
        else if (now() - startedAt > (use === 'spare' ? patienceMs : longestWaitMs))
          settled(fallback(question, { reason: 'timeout', retryAfterSeconds: 0 }));
        else others.push(question);
      }
      refreshLater(behind);
      // What has no answer at all comes first: the quota may not have room for everything.
      mine.sort((a, b) => Number(memory.has(a.question.key)) - Number(memory.has(b.question.key)));
      if (mine.length > 0) for (const each of await loadNow(mine, asker)) found.set(each.question.key, each);
      open = others;
      if (open.length > 0) await wait(Math.min(1_000, 100 * 1.5 ** round) * (0.75 + Math.random() / 2));
    }
    return found;
  }

  return {
    async find(questions, asker) {
      const found = new Map<string, CacheLookup | Promise<CacheLookup>>();
      const unknown: Question[] = [];
      for (const question of questions) {
        const held = memory.get(question.key);
        const use = held ? freshnessAt(held, now()) : 'over';
        const flight = flights.get(question.key);
        if (held && use === 'fresh') found.set(question.key, { question, answer: held, cache: 'HIT', failed: null });
        else if (held && use === 'reusable' && !options.shared) {
          found.set(question.key, { question, answer: held, cache: 'STALE', failed: null });
          if (!breaker.pause(now())) refreshLater([{ question, token: 0 }]);
        } else if (flight)
          found.set(
            question.key,
            flight.then((all) => landed(all, question)),
          );
        else unknown.push(question);
      }
      if (unknown.length > 0) {
        const flight = look(unknown, { id: asker, patienceMs: clientPatienceMs });
        for (const { key } of unknown) flights.set(key, flight);
        const land = () => {
          for (const { key } of unknown) if (flights.get(key) === flight) flights.delete(key);
        };
        flight.then(land, land);
        for (const question of unknown)
          found.set(
            question.key,
            flight.then((all) => landed(all, question)),
          );
      }
      return Promise.all(questions.map((question) => found.get(question.key) ?? landed(new Map(), question)));
    },
    async refresh(refreshes) {
      await load(refreshes, background);
    },
    peek: (key) => memory.get(key) ?? null,
    get size() {
      return { entries: memory.size, bytes: memory.calculatedSize };
    },
  };
}

function landed(all: ReadonlyMap<string, CacheLookup>, question: Question): CacheLookup {
  const nothing: NoAnswer = { reason: 'unexplained', retryAfterSeconds: 0 };
  return all.get(question.key) ?? { question, answer: null, cache: 'MISS', failed: nothing };
}

function paused(pause: Pause, now: number): NoAnswer {
  return { reason: pause.reason, retryAfterSeconds: Math.max(1, Math.ceil((pause.until - now) / 1000)) };
}
