/**
 * The whole service in one process, on a real Postgres: what tests of the pipeline and the API are written with, and
 * what a plain Node script may import. See `startWorld`.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import type { Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage, ScrapeMessage, ScrapeOutcome } from '../../core/contracts/messages.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import type { Scope } from '../../core/contracts/words/access.ts';
import type { JobKind } from '../../core/contracts/words/job-kinds.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import { holdAfter, retryAfterOf } from '../../core/scraping/retry-after.ts';
import { sourceAddress } from '../../core/sources/address.ts';
import { catalogue, knownSource, parserOf } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { makeKeys, testApi } from './api-fixture.ts';
import { installDatabaseClock, setDatabaseClock } from './database-clock.ts';
import { memoryStores, pipeline } from './pipeline.ts';
import { startTestDatabase } from './postgres.ts';

/** Answers of one upstream, as an attempt at a task would have kept them. */
export interface IngestedBlob {
  /** A source's id: `yahoo`. */
  readonly source: string;
  readonly kind: JobKind;
  /** A job of the source; its first one of this kind unless given. */
  readonly job?: string | undefined;
  /** At least one. `request.symbols` are in the source's namespace. */
  readonly exchanges: readonly Exchange[];
}

/** How the task of a blob ended. */
export interface IngestResult {
  /** `succeeded` or `failed`; `fetched` while the service `ingest` is stopped. */
  readonly status: string;
  /** A reason of docs/reasons.md, or `null`. */
  readonly reason: string | null;
  readonly message: string | null;
  readonly accepted: number;
  readonly rejected: number;
  /** The rows of it that are in quarantine, in the order of the answer. */
  readonly held: readonly HeldRow[];
}

/** A row in quarantine. */
export interface HeldRow {
  /** A reason of docs/reasons.md: `unit_suspect`. */
  readonly reason: string;
  readonly symbol: string | null;
  /** The row as it was read; `null` for one that could not be. */
  readonly row: unknown;
  /** What is wrong with it. */
  readonly detail: string;
}

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
 * const [request] = world.requests('yahoo', 'quotes', 'quotes', ['AAPL'], new Date());
 * const body = JSON.stringify({ quoteResponse: { result: [{ symbol: 'AAPL', quoteType: 'EQUITY', exchange: 'NMS',
 *   currency: 'USD', regularMarketPrice: 271.49, regularMarketTime: 1795535990 }], error: null } });
 * await world.ingest({ source: 'yahoo', kind: 'quotes', job: 'quotes', exchanges: [{
 *   request: { method: 'GET', url: request.url, headers: {}, symbols: ['AAPL'] },
 *   response: { status: 200, headers: {}, body, truncated: false },
 *   error: null, fetchedAt: '2026-11-24T16:00:00Z', latencyMs: 80 }] });
 * await world.get('/quotes/AAPL'); // {status: 200, headers: {…}, body: {data: {price: 271.49, …}, meta, warnings}}
 * await world.stop();
 * ```
 */
export async function startWorld(options: { readonly now?: Date | undefined } = {}): Promise<World> {
  const testDatabase = await startTestDatabase();
  try {
    const installing = testDatabase.pool(1);
    await installDatabaseClock(installing);
    return await worldOn(testDatabase, options.now ?? null);
  } catch (error) {
    await testDatabase.stop();
    throw error;
  }
}

const taskRow = z.object({
  status: z.string(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  accepted: z.int().nullable(),
  rejected: z.int().nullable(),
});
const heldRow = z.object({
  reason: z.string(),
  symbol: z.string().nullable(),
  row: z.unknown(),
  detail: z.string(),
});

async function worldOn(
  testDatabase: { pool(max?: number): Pool; stop(): Promise<void> },
  start: Date | null,
): Promise<World> {
  // The clock of the database holds for sessions that begin after it was installed.
  const pool = testDatabase.pool(4);
  const stores = memoryStores();
  let clock = start;
  let databaseClock: Date | null = null;
  const now = () => clock?.getTime() ?? Date.now();

  /** A fresh container of each function, with the database at the clock's time. */
  async function container() {
    if (clock !== databaseClock) {
      await setDatabaseClock(pool, clock);
      databaseClock = clock;
    }
    return pipeline(pool, { sourceUrls: {}, alwaysOpen: false, stores, now });
  }

  await container();
  if (start) await pool.query('SELECT maintain_quote_partitions($1)', [start]);
  const keys = await makeKeys(pool);
  // Loaded here, so that `requests` need not wait for them.
  const parsers = new Map(await Promise.all(catalogue.map(async (source) => [source, await source.parser()] as const)));

  return {
    async ingest({ source: sourceId, kind, job: jobId, exchanges }) {
      const source = knownSource(sourceId);
      const job = source.jobs.find((each) => (jobId === undefined ? each.kind === kind : each.id === jobId));
      const last = exchanges.at(-1);
      if (!job) throw new Error(`Source ${sourceId} has no job ${jobId ?? `of the kind ${kind}`}.`);
      if (!last) throw new Error('A blob has at least one exchange.');
      const stages = await container();
      const symbols = [...new Set(exchanges.flatMap((exchange) => exchange.request.symbols))];
      const task = await plannedTask(pool, { source, kind, job: job.id, symbols, now: new Date(now()) });
      const { runId, part } = task;

      // Its requests have been made: neither quota nor a `Retry-After` can forbid them any more.
      await pool.query('DELETE FROM permit WHERE source_id = $1', [sourceId]);
      await pool.query('UPDATE source_state SET held_until = NULL WHERE source_id = $1', [sourceId]);
      const begun = await stages.state.ask({ op: 'beginAttempt', runId, part, worker: 'world', requests: 1 });
      if (!begun.go) throw new Error(`The attempt could not begin: ${begun.why}.`);

      const { attempt } = begun;
      const createdAt = last.fetchedAt;
      const blobKey = rawBlobKey({ sourceId, createdAt, runId, part, attempt });
      const of = { runId, part, attempt, sourceId, job: job.id, kind };
      await stores.blobs.put(blobKey, { version: 1, ...of, createdAt, exchanges: [...exchanges] });
      await stores.queue.send('ingest', [{ blobKey, ...of } satisfies IngestMessage]);

      const parser = await parserOf(sourceId);
      const failures = exchanges.map((exchange) => parser.failureIn(kind, exchange));
      const ok = failures.includes(null);
      const failure = ok ? null : (failures[0] ?? null);
      const hold = holdAfter(last, failures.at(-1) ?? null, now());
      if (hold !== null && hold > 0) await stages.state.ask({ op: 'holdSource', sourceId, seconds: hold });
      const outcome: ScrapeOutcome = {
        stage: 'scrape',
        runId,
        part,
        attempt,
        sourceId,
        ok,
        reason: failure?.reason ?? null,
        detail: failure?.detail ?? null,
        message: failure?.message ?? null,
        blobKey,
        requests: exchanges.length,
        latencyMs: exchanges.reduce((sum, exchange) => sum + exchange.latencyMs, 0),
        retryAfterSeconds: retryAfterOf(last, now()),
        artifacts: [],
        finishedAt: new Date(now()).toISOString(),
      };
      await stores.queue.send('outcomes', [outcome]);
      await stages.monitor();
      await stages.ingest();
      await stages.monitor();

      const { rows: ended } = await pool.query(
        'SELECT status, reason, message, accepted, rejected FROM task WHERE run_id = $1 AND part = $2',
        [runId, part],
      );
      const { rows: held } = await pool.query(
        'SELECT reason, symbol, row, detail FROM quarantine WHERE run_id = $1 AND part = $2 ORDER BY id',
        [runId, part],
      );
      const { accepted, rejected, ...end } = taskRow.parse(ended[0]);
      return { ...end, accepted: accepted ?? 0, rejected: rejected ?? 0, held: z.array(heldRow).parse(held) };
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
      if (clock === null || clock < time) clock = time;
      const stages = await container();
      const plan = await stages.plan({ time: time.toISOString() });
      const { overdue, recovering } = await stages.watch(time);
      return { ...plan, overdue: [...overdue], recovering };
    },

    async get(path, { key = 'read' } = {}) {
      await container();
      const api = testApi(pool, { queue: stores.queue, clock: now });
      const answer = await api.ask(path.replace(/^\/api\/v1(?=\/)/, ''), { key: keys[key] });
      const headers = Object.fromEntries(answer.headers);
      const text = await answer.text();
      const isJson = /[/+]json\b/.test(headers['content-type'] ?? '');
      return { status: answer.status, headers, body: isJson ? z.unknown().parse(JSON.parse(text)) : text };
    },

    setClock(at) {
      clock = new Date(at);
    },

    database: {
      async query(text, values = []) {
        await container();
        const { rows } = await pool.query<Record<string, unknown>>(text, [...values]);
        return { rows };
      },
    },

    stop: () => testDatabase.stop(),
  };
}

/** A run with one task that a person asked for, planned and sent. */
async function plannedTask(
  pool: Pool,
  of: { source: SourceDefinition; kind: JobKind; job: string; symbols: string[]; now: Date },
): Promise<ScrapeMessage> {
  const sourceId = of.source.id;
  const due = { trigger: 'manual', slot: randomUUID(), dueAt: of.now } as const;
  const run: PlannedRun = {
    id: runIdOf({ sourceId, job: of.job, trigger: due.trigger, slot: due.slot }),
    sourceId,
    job: of.job,
    kind: of.kind,
    ...due,
    tasks: [of.symbols],
  };
  const plans = postgresPlanStore(pool);
  await plans.plan(of.now, [], () => ({ runs: [run], plannedTo: new Map() }));
  const task: ScrapeMessage = {
    runId: run.id,
    part: 0,
    sourceId,
    job: of.job,
    kind: of.kind,
    symbols: of.symbols,
  };
  await plans.markSent([task]);
  return task;
}
