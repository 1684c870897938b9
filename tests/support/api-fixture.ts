import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryQueueInspector } from '../../core/adapters/memory/queue-inspector.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { idempotencyStore } from '../../core/adapters/postgres/access/idempotency-store.ts';
import { alertStore } from '../../core/adapters/postgres/alerts/alert-store.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { diagnosisStore } from '../../core/adapters/postgres/diagnosis/diagnosis-store.ts';
import { factsReader } from '../../core/adapters/postgres/diagnosis/facts-reader.ts';
import { eventFeed } from '../../core/adapters/postgres/events/event-feed.ts';
import { flowSamples } from '../../core/adapters/postgres/events/flow-samples.ts';
import { exportStore } from '../../core/adapters/postgres/history/export-store.ts';
import { instrumentReader } from '../../core/adapters/postgres/listings/instrument-reader.ts';
import { validityStore } from '../../core/adapters/postgres/listings/validity-store.ts';
import { modelStore } from '../../core/adapters/postgres/models/model-store.ts';
import { barReader } from '../../core/adapters/postgres/prices/bar-reader.ts';
import { constituentReader } from '../../core/adapters/postgres/prices/constituent-reader.ts';
import { coverageReader } from '../../core/adapters/postgres/prices/coverage-reader.ts';
import { findingRecords } from '../../core/adapters/postgres/prices/finding-records.ts';
import { quarantineStore } from '../../core/adapters/postgres/prices/quarantine-store.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { replayStore } from '../../core/adapters/postgres/prices/replay-store.ts';
import { recoveryRecords } from '../../core/adapters/postgres/recovery/records.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { incidentStore } from '../../core/adapters/postgres/sources/incident-store.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { systemSamples } from '../../core/adapters/postgres/sources/system-samples.ts';
import { backfillStore } from '../../core/adapters/postgres/work/backfill-store.ts';
import { importStore } from '../../core/adapters/postgres/work/import-store.ts';
import { runReader } from '../../core/adapters/postgres/work/run-reader.ts';
import { plannedPeriods } from '../../core/adapters/postgres/work/watch-list.ts';
import { watchStore } from '../../core/adapters/postgres/work/watch-store.ts';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { type Scope, scopes } from '../../core/contracts/words/access.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import type { DeadMessage } from '../../core/ports/queue-inspector.ts';
import { shownSettings } from '../../core/runtime/shown-settings.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { createApp } from '../../functions/api/app.ts';
import type { ApiDependencies } from '../../functions/api/dependencies.ts';

/** The tests' clock: a Friday at 15:00 UTC. */
export const noon = Date.UTC(2026, 10, 20, 15);
export const iso = (secondsAfter = 0) => new Date(noon + secondsAfter * 1000).toISOString();

interface Queues {
  [name: string]: { waiting: string[]; dead: DeadMessage[] };
}

/** The API on a real database, with queues in memory and a clock that the test moves. */
export function testApi(pool: Pool, differs: Partial<ApiDependencies> = {}) {
  const time = { now: noon };
  const queue = memoryMessageQueue();
  const queues: Queues = { ingest: { waiting: [], dead: [] }, outcomes: { waiting: [], dead: [] } };
  const logged: unknown[] = [];
  /** Answers that were too long to send, by their link. */
  const kept = new Map<string, { body: string; headers: Readonly<Record<string, string>> }>();
  const keys = apiKeyStore(pool);
  const blobs = memoryRawStore();
  const app = createApp({
    quotes: quoteReader(pool),
    bars: barReader(pool),
    coverage: coverageReader(pool),
    instruments: instrumentReader(pool),
    constituents: constituentReader(pool),
    artifactUrl: async (key) => `https://bucket.invalid/${key}?signed`,
    longAnswers: {
      async keep(body, headers) {
        const link = `https://bucket.invalid/answers/${kept.size}?signed`;
        kept.set(link, { body, headers });
        return link;
      },
    },
    sources: sourceReader(pool),
    recoveries: recoveryRecords(pool),
    runs: runReader(pool),
    blobs,
    backfills: backfillStore(pool),
    exports: exportStore(pool),
    exportUrl: async (key) => `https://bucket.invalid/${key}?signed`,
    watch: watchStore(pool),
    models: modelStore(pool),
    periods: plannedPeriods(pool),
    quarantine: quarantineStore(pool),
    findings: findingRecords(pool),
    validities: validityStore(pool),
    replays: replayStore(pool),
    switches: switchStore(pool),
    health: healthReader(pool),
    systemSamples: systemSamples(pool),
    flowSamples: flowSamples(pool),
    feed: eventFeed(pool),
    alerts: alertStore(pool),
    alertHosts: [],
    installation: localInstallation,
    facts: factsReader(pool),
    imports: importStore(pool),
    signUpload: async (key, { bytes, sha256 }) => ({
      url: `https://bucket.invalid/${key}?signed=${bytes}`,
      headers: { 'x-amz-checksum-sha256': sha256 },
      seconds: 900,
    }),
    incidents: incidentStore(pool),
    diagnoses: diagnosisStore(pool),
    summaries: false,
    keys,
    requests: idempotencyStore(pool),
    queue,
    inspector: memoryQueueInspector(queues),
    catalogue,
    simulated: [],
    settings: shownSettings(),
    clock: () => time.now,
    version: '9.9.9',
    protocol: 'http',
    rateLimit: { perSecond: 1_000_000, burst: 1_000_000 },
    log: (error) => logged.push(error),
    ...differs,
  });
  /** A request below the base path. */
  async function ask(path: string, init: RequestInit & { key?: string; json?: unknown } = {}): Promise<Response> {
    const { key, json, ...rest } = init;
    const headers = new Headers(rest.headers);
    if (key !== undefined) headers.set('x-api-key', key);
    if (json !== undefined) headers.set('content-type', 'application/json');
    const body = json === undefined ? rest.body : JSON.stringify(json);
    return app.request(`/api/v1${path}`, { ...rest, headers, ...(body === undefined ? {} : { body }) });
  }
  return { app, ask, time, queue, queues, logged, keys, kept, blobs };
}

export type Keys = Record<Scope, string>;

/** A key of each scope. */
export async function makeKeys(pool: Pool): Promise<Keys> {
  const made: Keys = { read: '', operate: '', admin: '' };
  for (const scope of scopes) made[scope] = await makeKey(pool, scope);
  return made;
}

export async function makeKey(
  pool: Pool,
  scope: Scope,
  expiresAt: Date | null = null,
  use: KeyUse = 'internal',
): Promise<string> {
  const { key, prefix, hash } = createApiKey();
  await apiKeyStore(pool).create({
    name: `test ${scope}`,
    prefix,
    hash,
    scope,
    use,
    now: new Date(noon - 86_400_000),
    expiresAt,
  });
  return key;
}

const runId = '0198a7c0-0000-5000-8000-000000000001';

/** A batch that rows can name. */
export async function makeBatch(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind)
     VALUES ('raw/yahoo/2026-11-20/' || gen_random_uuid() || '/0-1.json.gz', '1', $1, 0, 1, 'yahoo', 'quotes') RETURNING id`,
    [runId],
  );
  return rows[0]?.id ?? '';
}

/** A listing that a symbol means. Gives its id. */
export async function makeListing(
  pool: Pool,
  symbol: string,
  differs: { name?: string | null; assetClass?: string; mic?: string; currency?: string; zone?: string } = {},
): Promise<number> {
  const { name = symbol, assetClass = 'equity', mic = 'XNAS', currency = 'USD', zone = 'America/New_York' } = differs;
  const { rows } = await pool.query<{ id: number }>(
    `WITH i AS (INSERT INTO instrument (asset_class, name) VALUES ($1, $2) RETURNING id),
          l AS (INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, $3, $4, $5 FROM i RETURNING id),
          a AS (INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', $6, id FROM l)
     SELECT id FROM l`,
    [assetClass, name, mic, currency, zone, symbol],
  );
  return rows[0]?.id ?? 0;
}

interface QuoteValues {
  price?: string;
  previous?: string | null;
  volume?: string | null;
  source?: string;
  asOf?: string;
  fetchedAt?: string;
  ingestedAt?: string;
  confirmedAt?: string;
  currency?: string;
  confidence?: string;
}

/** Stores a price as ingest does: the tick, the latest, and the decision. A second one with the same time corrects it. */
export async function makeQuote(
  pool: Pool,
  listingId: number,
  batchId: string,
  values: QuoteValues = {},
): Promise<void> {
  const { price = '244.60', previous = '241.53', volume = '53614054', source = 'yahoo', asOf = iso(-60) } = values;
  const { fetchedAt = iso(-30), ingestedAt = fetchedAt, confirmedAt = fetchedAt, currency = 'USD' } = values;
  const columns = [listingId, source, asOf, price, previous, volume, currency, fetchedAt, ingestedAt, batchId];
  const names =
    'listing_id, source, as_of, price, previous_close, volume, currency, fetched_at, ingested_at, batch_id, as_of_basis, session, delay_seconds, minor_factor';
  const places = "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'exchange', 'regular', 0, 1";
  const update = `price = excluded.price, previous_close = excluded.previous_close, volume = excluded.volume,
    fetched_at = excluded.fetched_at, ingested_at = excluded.ingested_at, batch_id = excluded.batch_id`;
  await pool.query(
    `INSERT INTO quote (${names}) VALUES (${places}) ON CONFLICT (listing_id, source, as_of) DO UPDATE SET ${update}`,
    columns,
  );
  await pool.query(
    `INSERT INTO latest_quote AS l (${names}, confirmed_at) VALUES (${places}, $11)
     ON CONFLICT (listing_id, source) DO UPDATE SET ${update}, as_of = excluded.as_of, confirmed_at = excluded.confirmed_at
     WHERE l.as_of <= excluded.as_of`,
    [...columns, confirmedAt],
  );
  await pool.query(
    `INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates) VALUES ($1, $2, 'only_source', $3, 1)
     ON CONFLICT DO NOTHING`,
    [listingId, source, values.confidence ?? 'single'],
  );
}

/** The JSON of an answer, of which the tests say themselves what they expect. */
export async function json(response: Response): Promise<Record<string, unknown>> {
  return z.record(z.string(), z.unknown()).parse(await response.json());
}

/** A task of a run that a test puts into the database. */
export interface TaskValues {
  status: string;
  reason?: string;
  accepted?: number;
  finishedAt?: string;
}

/** A run with its tasks, in the state that the test wants. Gives its id. */
export async function makeRun(
  pool: Pool,
  values: { sourceId?: string; dueAt?: string; tasks?: TaskValues[] } = {},
): Promise<string> {
  const id = randomUUID();
  const { sourceId = 'yahoo', dueAt = iso(-60), tasks = [] } = values;
  await pool.query(
    "INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at, created_at) VALUES ($1, $2, 'quotes', 'quotes', 'schedule', $3, $4, $4)",
    [id, sourceId, id, dueAt],
  );
  for (const [part, task] of tasks.entries()) {
    const ended = task.status === 'succeeded' || task.status === 'failed';
    await pool.query(
      `INSERT INTO task (run_id, part, source_id, symbols, status, reason, due_at, finished_at, accepted, rejected)
       VALUES ($1, $2, $3, '{AAPL,MSFT}', $4, $5, $6, $7, $8, 1)`,
      [
        id,
        part,
        sourceId,
        task.status,
        task.reason ?? null,
        dueAt,
        ended ? (task.finishedAt ?? iso(-30)) : null,
        task.accepted ?? 0,
      ],
    );
  }
  return id;
}
