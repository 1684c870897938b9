/** The runs that a recovery asks for (its canary, and what another source is asked for in its place) and what they came to. */
import * as z from 'zod';
import type { ScrapeMessage } from '../../../contracts/messages.ts';
import { runIdOf } from '../../../contracts/run-id.ts';
import type { JobKind } from '../../../contracts/words/job-kinds.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { Trigger } from '../../../contracts/words/triggers.ts';
import { assetClasses } from '../../../market/instrument.ts';
import type { CanaryResult } from '../../../recovery/due.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { reservePermits } from '../work/permits.ts';
import { insertRun, newRun, scrapeMessageColumns, scrapeMessageOf } from '../work/runs.ts';

/** A run that a recovery asks for. */
export interface RecoveryRun {
  readonly sourceId: string;
  readonly job: string;
  readonly kind: JobKind;
  readonly trigger: Extract<Trigger, 'canary' | 'fallback' | 'manual'>;
  /** The recovery's id: the same recovery asks once. */
  readonly slot: string;
  readonly dueAt: Date;
  /** In the source's namespace. */
  readonly tasks: readonly (readonly string[])[];
  readonly fresh?: boolean;
}

/** Plans a run unless it is planned; its tasks go to their queue by `sendPlanned`, or with the planner's next tick. Gives its id. */
export async function planRun(db: Connection, run: RecoveryRun): Promise<string> {
  const id = runIdOf(run);
  await insertRun(db, newRun({ ...run, id }));
  return id;
}

/** The job of a run, or `undefined`. */
export async function jobOfRun(pool: Pool, runId: string): Promise<string | undefined> {
  const { rows } = await pool.query<{ job: string }>('SELECT job FROM run WHERE id = $1', [runId]);
  return rows[0]?.job;
}

/** Tasks of a run that were planned and not sent yet. */
export async function unsentOf(pool: Pool, runId: string): Promise<ScrapeMessage[]> {
  const { rows } = await pool.query(
    `SELECT ${scrapeMessageColumns}
     FROM task t JOIN run r ON r.id = t.run_id WHERE t.run_id = $1 AND t.status = 'planned' ORDER BY t.part`,
    [runId],
  );
  return rows.map(scrapeMessageOf);
}

const result = z.object({
  open: z.int(),
  succeeded: z.int(),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  message: z.string().nullable(),
  accepted: z.int(),
  newest: z.date().nullable(),
  /** Seconds that it waits for its quota or its source; 0 when it does not. */
  waits: z.number(),
  artifacts: z.array(z.string()),
});

/** What a run has come to so far. `end` is set once all of its tasks have ended. */
export interface RunResult {
  readonly end: CanaryResult | null;
  readonly waitsSeconds: number;
  readonly artifacts: readonly string[];
}

export async function resultOfRun(pool: Pool, runId: string): Promise<RunResult> {
  const { rows } = await pool.query(
    `SELECT count(*) FILTER (WHERE t.finished_at IS NULL)::int AS open,
            count(*) FILTER (WHERE t.status = 'succeeded')::int AS succeeded,
            min(t.reason) FILTER (WHERE t.status = 'failed') AS reason,
            min(t.message) FILTER (WHERE t.status = 'failed') AS message,
            coalesce(sum(t.accepted), 0)::int AS accepted, max(b.newest_as_of) AS newest,
            coalesce(max(extract(epoch FROM t.waits_until - clock_timestamp())) FILTER (WHERE t.waits_until > clock_timestamp()), 0)::float8 AS waits,
            coalesce((SELECT array_agg(key) FROM task_attempt a, unnest(a.artifacts) AS key WHERE a.run_id = $1), '{}') AS artifacts
     FROM task t LEFT JOIN batch b ON b.id = t.batch_id WHERE t.run_id = $1`,
    [runId],
  );
  const found = result.parse(rows[0]);
  const { open, succeeded, reason, message, accepted, newest, waits, artifacts } = found;
  const status = succeeded > 0 ? 'succeeded' : 'failed';
  return {
    end: open > 0 ? null : { status, reason, message, accepted, newestAsOf: newest?.getTime() ?? null },
    waitsSeconds: waits,
    artifacts,
  };
}

/** Why a source could not be asked for `count` requests now, and in how many seconds it could; `null` when it can. */
export async function permitRefusal(
  pool: Pool,
  sourceId: string,
  count: number,
): Promise<{ why: 'minute_quota' | 'day_quota' | 'held'; seconds: number } | null> {
  return inTransaction(pool, async (db) => {
    // Only tried: what it reserves is given back at once.
    await db.query('SAVEPOINT tried');
    const { why, retryAfterSeconds } = await reservePermits(db, { sourceId, count, purpose: 'canary' });
    await db.query('ROLLBACK TO SAVEPOINT tried');
    return why === null ? null : { why, seconds: retryAfterSeconds };
  });
}

const listing = z.object({ mic: z.string(), zone: z.string(), asset_class: z.enum(assetClasses).catch('other') });

/** Where a symbol is listed, by the source's name for it or else the canonical one; `null` while nobody knows it. */
export async function listingOf(
  pool: Pool,
  sourceId: string,
  symbol: string,
  canonical: string,
): Promise<{ mic: string; zone: string; assetClass: string } | null> {
  const { rows } = await pool.query(
    `SELECT l.mic, l.zone, i.asset_class FROM symbol_alias a
     JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
     WHERE ((a.namespace = $1 AND a.symbol = $2) OR (a.namespace = 'canonical' AND a.symbol = $3)) AND a.valid_to = 'infinity'
     ORDER BY a.namespace = $1 DESC LIMIT 1`,
    [sourceId, symbol, canonical],
  );
  if (rows[0] === undefined) return null;
  const { mic, zone, asset_class: assetClass } = listing.parse(rows[0]);
  return { mic, zone, assetClass };
}

/** The canonical symbols of a source's, as far as they are registered. */
export async function canonicalSymbols(
  pool: Pool,
  sourceId: string,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const { rows } = await pool.query<{ symbol: string; canonical: string }>(
    `SELECT a.symbol, c.symbol AS canonical FROM symbol_alias a
     JOIN symbol_alias c ON c.listing_id = a.listing_id AND c.namespace = 'canonical' AND c.valid_to = 'infinity'
     WHERE a.namespace = $1 AND a.symbol = ANY ($2::text[]) AND a.valid_to = 'infinity'`,
    [sourceId, symbols],
  );
  return new Map(rows.map((each) => [each.symbol, each.canonical]));
}

/** Which of some sources are well and may be asked: healthy, not stopped, not wanting to be left alone, unlocked. */
export async function healthySources(
  pool: Pool,
  ids: readonly string[],
  now: Date,
): Promise<{ id: string; unlocked: boolean }[]> {
  const { rows } = await pool.query<{ id: string; unlocked: boolean }>(
    `SELECT s.id, coalesce(c.is_set, false) AS unlocked
     FROM unnest($1::text[]) WITH ORDINALITY s (id, place)
     JOIN source_health h ON h.source_id = s.id
     LEFT JOIN source_state st ON st.source_id = s.id
     LEFT JOIN source_credentials c ON c.source_id = s.id
     WHERE h.status = 'healthy' AND coalesce(st.breaker, 'closed') = 'closed'
       AND NOT coalesce(st.paused AND (st.paused_until IS NULL OR st.paused_until > $2), false)
       AND NOT coalesce(st.held_until > clock_timestamp(), false)
     ORDER BY s.place`,
    [ids, now],
  );
  return rows;
}

/** What the proxy's own call for a question has come to since it was flushed; `null` while there was none. */
export async function heartbeatSince(
  pool: Pool,
  key: string,
  since: Date,
): Promise<{ ok: true } | { ok: false; reason: string } | null> {
  const { rows } = await pool.query<{ failure: string | null; fetched: boolean }>(
    `SELECT CASE WHEN failed_until > $2 THEN failure END AS failure, coalesce(fetched_at > $2, false) AS fetched
     FROM proxy_cache WHERE key = $1`,
    [key, since],
  );
  const [found] = rows;
  if (found?.fetched) return { ok: true };
  return found?.failure ? { ok: false, reason: found.failure } : null;
}

/** Why the proxy calls nobody at the moment, or `null`. */
export async function proxyPause(pool: Pool, sourceId: string): Promise<string | null> {
  const { rows } = await pool.query<{ reason: string }>(
    'SELECT reason FROM proxy_pause WHERE source_id = $1 AND until > clock_timestamp()',
    [sourceId],
  );
  return rows[0]?.reason ?? null;
}
