/**
 * The whole service in one process, on a real Postgres: what tests of the pipeline and the API are written with, and
 * what a plain Node script may import. See `startWorld`.
 *
 * Below it: postgres.ts (a database), pipeline.ts (the stages), api-fixture.ts (the API). Above it: use-world.ts (its life in
 * a test file), recovery-world.ts (what tests of recoveries ask).
 */
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { startWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import type { Scope } from '../../core/contracts/words/access.ts';
import type { JobKind } from '../../core/contracts/words/job-kinds.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { sourceAddress } from '../../core/sources/address.ts';
import { catalogue, knownSource } from '../../core/sources/catalogue.ts';
import { type Keys, makeKeys, testApi } from './api-fixture.ts';
import { installDatabaseClock, setDatabaseClock } from './database-clock.ts';
import { type IngestedBlob, type IngestResult, ingestAnswers } from './ingest-answers.ts';
import { WatchedPipelines } from './invariants/watched-pipelines.ts';
import { memoryStores, type Pipeline, type PipelineOptions, pipeline } from './pipeline.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from './postgres.ts';

/** A request as a source would make it, without credentials. */
export interface PlannedRequest {
  readonly method: string;
  /** Absolute. */
  readonly url: string;
  readonly body?: string;
}

export interface ApiAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed where it is JSON, else the text. */
  readonly body: unknown;
}

export interface World {
  /**
   * Puts a blob with these answers through the real path: a run with one task, its attempt, the raw store, `ingest` and
   * `monitor`. Quota is no obstacle: the answers are there. Throws for an unknown source or job.
   */
  ingest(blob: IngestedBlob): Promise<IngestResult>;
  /**
   * What a source would ask its upstream for. Symbols are canonical; those that the source does not have are left out.
   * `range` are dates, the last one included, in place of the job's own.
   */
  requests(
    source: string,
    kind: JobKind,
    job: string,
    symbols: readonly string[],
    now: Date,
    range?: { readonly from: string; readonly to: string },
  ): PlannedRequest[];
  /**
   * What one minute brings: `schedule` plans and sends what is due, `monitor` judges all sources, starts recoveries that
   * are due and finds lost blobs. The clock moves to `time`, unless it was set to a later one. Tasks that are sent stay
   * in their queues. Gives the ids of the planned runs, the number of sent tasks, and ids of sources.
   */
  tick(time: Date): Promise<{ runs: string[]; sent: number; overdue: string[]; recovering: string[] }>;
  /** Reads the API, with or without the base path `/api/v1`, with a key of this scope (`read` unless given). */
  get(path: string, options?: { readonly key?: Scope | undefined }): Promise<ApiAnswer>;
  /** The clock of all use cases and of the database stands at this instant from the next call on. */
  setClock(now: Date): void;
  /** For looking at what is stored. Rows have the columns' names. */
  readonly database: {
    query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  };
  /** Ends the connections and drops the database. */
  stop(): Promise<void>;
}

/**
 * A world with an empty database. Each call runs as in a fresh container: no use case remembers anything of the call
 * before it.
 *
 * In the Vitest projects `component` and `contract` the database is one of the server that they share (under a second);
 * elsewhere a server of its own is started first (some seconds).
 *
 * @param options.now where the clock stands; without it, it runs in real time until `setClock` or `tick`
 * @example
 * ```ts
 * import { startWorld } from './tests/support/world.ts';
 *
 * const world = await startWorld({ now: new Date('2026-11-24T16:00:00Z') });
 * const [request] = world.requests('yahoo', 'quotes', 'quotes', ['AAPL'], new Date('2026-11-24T16:00:00Z'));
 * const row = { symbol: 'AAPL', quoteType: 'EQUITY', exchange: 'NMS', currency: 'USD', regularMarketPrice: 271.49,
 *   regularMarketTime: Date.parse('2026-11-24T15:59:50Z') / 1000 };
 * const body = JSON.stringify({ quoteResponse: { result: [row], error: null } });
 * const ended = await world.ingest({ source: 'yahoo', kind: 'quotes', job: 'quotes', exchanges: [{
 *   request: { method: request.method, url: request.url, headers: {}, symbols: ['AAPL'] },
 *   response: { status: 200, headers: {}, body, truncated: false },
 *   error: null, fetchedAt: '2026-11-24T16:00:00Z', latencyMs: 80 }] });
 * const answer = await world.get('/quotes/AAPL');
 * console.log(ended.status, answer.status, answer.body.data.price); // succeeded 200 271.49
 * await world.stop();
 * ```
 */
export async function startWorld(options: { readonly now?: Date | undefined } = {}): Promise<World> {
  return openWorld(options);
}

/** What the project's own tests use besides: see `useWorld`. */
export interface OpenWorld extends World {
  /** Connections to the database. */
  readonly pool: Pool;
  /** For what connects by itself: another process, a handler. */
  readonly databaseUrl: string;
  /** The stages one by one, with the world's clock. */
  pipeline(options?: Partial<PipelineOptions>): Pipeline;
  /** The API, with requests of every method, with the world's clock unless it is given one. */
  api(differs?: Parameters<typeof testApi>[1]): ReturnType<typeof testApi>;
  /** Removes all rows, waiting messages and blobs. */
  empty(): Promise<void>;
  /** Checks the invariants of everything that came in since the database was empty; work may be under way. */
  invariant(): Promise<void>;
  /** Checks for the last time before the test makes rows or blobs something else than what came in. Says why it does. */
  uncheckedFromNow(why: string): Promise<void>;
}

/** As `startWorld`. Without a clock the database is as it is in the cloud; `partitionsAt` adds months to it. */
export async function openWorld(
  options: {
    readonly now?: Date | undefined;
    readonly partitionsAt?: Date | undefined;
    readonly connections?: number;
  } = {},
): Promise<OpenWorld> {
  const testDatabase = await startTestDatabase(options.partitionsAt ?? options.now);
  try {
    return await worldOn(testDatabase, options.now ?? null, options.connections ?? 4);
  } catch (error) {
    await testDatabase.stop();
    throw error;
  }
}

async function worldOn(testDatabase: TestDatabase, start: Date | null, connections: number): Promise<OpenWorld> {
  let pool = testDatabase.pool(connections);
  let stores = memoryStores();
  let keys: Promise<Keys> | null = null;
  const watched = new WatchedPipelines();
  let clock: Date | null = null;
  /** Settled when the database's clock is where the world's is. */
  let clockSet: Promise<void> | null = null;
  const now = () => clock?.getTime() ?? Date.now();

  function moveClock(to: Date): void {
    const at = new Date(to);
    clock = at;
    clockSet = (clockSet ?? firstClock()).then(() => setDatabaseClock(pool, at));
    // The next call rejects with it.
    clockSet.catch(() => undefined);
  }

  async function firstClock(): Promise<void> {
    await installDatabaseClock(pool);
    // It holds for sessions that begin after it.
    await pool.end();
    pool = testDatabase.pool(connections);
  }

  /** A fresh container of each function, with the database at the clock's time. */
  async function container(): Promise<Pipeline> {
    await clockSet;
    watched.add(stores);
    return pipeline(pool, { sourceUrls: {}, alwaysOpen: false, stores, now });
  }

  // Loaded here, so that `requests` need not wait for them.
  const parsers = new Map(await Promise.all(catalogue.map(async (source) => [source, await source.parser()] as const)));
  if (start) moveClock(start);
  await clockSet;
  // As a deployment does.
  await startWatchList(pool, firstList(catalogue, null), new Date(now()));

  return {
    async ingest(blob) {
      const stages = await container();
      return ingestAnswers(blob, { pool, stages, stores, now: now() });
    },

    requests(sourceId, kind, jobId, symbols, at, range) {
      const source = knownSource(sourceId);
      const parser = parsers.get(source);
      if (!parser) throw new Error(`Source ${sourceId} has no parser.`);
      const interval = source.jobs.find((each) => each.id === jobId)?.interval ?? '1d';
      const named = symbols.flatMap((symbol) => source.toSource(symbol) ?? []);
      const address = sourceAddress(source, {});
      return parser
        .requests({
          kind,
          job: jobId,
          symbols: named,
          now: at.getTime(),
          ...(range && { range: { ...range, interval } }),
        })
        .map(({ path, query }) => ({ method: 'GET', url: address.url(path, query).href }));
    },

    async tick(time) {
      if (clock === null || clock < time) moveClock(time);
      const stages = await container();
      const plan = await stages.plan({ time: time.toISOString() });
      const { overdue, recovering } = await stages.watch(time);
      return { ...plan, overdue: [...overdue], recovering };
    },

    async get(path, { key = 'read' } = {}) {
      await clockSet;
      keys ??= makeKeys(pool);
      const api = testApi(pool, { queue: stores.queue, clock: now });
      const answer = await api.ask(path.replace(/^\/api\/v1(?=\/)/, ''), { key: (await keys)[key] });
      const headers = Object.fromEntries(answer.headers);
      const text = await answer.text();
      const isJson = /[/+]json\b/.test(headers['content-type'] ?? '');
      return { status: answer.status, headers, body: isJson ? z.unknown().parse(JSON.parse(text)) : text };
    },

    setClock: moveClock,

    database: {
      async query(text, values = []) {
        await clockSet;
        const { rows } = await pool.query<Record<string, unknown>>(text, [...values]);
        return { rows };
      },
    },

    stop: () => testDatabase.stop(),

    get pool() {
      return pool;
    },
    databaseUrl: testDatabase.url,
    pipeline(of = {}) {
      const own = of.stores ?? memoryStores();
      watched.add(own);
      return pipeline(pool, { sourceUrls: {}, now, ...of, stores: own });
    },
    api: (differs = {}) => testApi(pool, { clock: now, ...differs }),
    async empty() {
      await emptyDatabase(pool);
      await startWatchList(pool, firstList(catalogue, null), new Date(now()));
      watched.forget();
      stores = memoryStores();
      keys = null;
    },
    async invariant() {
      await clockSet;
      await watched.check(pool);
    },
    uncheckedFromNow: (why) => watched.exempt(pool, why),
  };
}
