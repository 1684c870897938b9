import * as z from 'zod';
import { failureSchema } from '../../../contracts/failure.ts';
import { jobKinds } from '../../../contracts/words/job-kinds.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import { assetClasses } from '../../../market/instrument.ts';
import type { RecoveryLookups } from '../../../ports/recovery-store.ts';
import type { SourceCondition } from '../../../recovery/recovery.ts';
import { proxiedSource } from '../../../recovery/strategy.ts';
import type { Pool } from '../database/pool.ts';
import { isPausedAt } from '../database/switches.ts';
import { permitsRefused } from '../work/permits.ts';
import { markSent, scrapeMessageColumns, scrapeMessageOf } from '../work/runs.ts';

const conditionRow = z.object({
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  job: z.string().nullable(),
});
const failingRow = z.object({ kind: z.enum(jobKinds), symbols: z.array(z.string()), retried: z.boolean() });
const jobRow = z.object({ job: z.string() });
const progressRow = z.object({
  open: z.int(),
  succeeded: z.int(),
  failure: failureSchema.nullable(),
  accepted: z.int(),
  newest: z.date().nullable(),
  waits: z.number(),
  artifacts: z.array(z.string()),
});
const listingRow = z
  .object({ mic: z.string(), zone: z.string(), asset_class: z.enum(assetClasses).catch('other') })
  .transform(({ mic, zone, asset_class: assetClass }) => ({ mic, zone, assetClass }));
const nameRow = z.object({ symbol: z.string(), canonical: z.string() });
const healthyRow = z.object({ id: z.string(), unlocked: z.boolean() });
const heartbeatRow = z.object({
  failure: z.enum(runReasons).nullable().catch('unexplained'),
  fetched: z.boolean(),
});
const pauseRow = z.object({ reason: z.enum(runReasons).nullable().catch(null) });

export function recoveryLookups(pool: Pool): RecoveryLookups {
  return {
    conditionOf: (sourceId) => conditionOf(pool, sourceId),

    async jobOfRun(runId) {
      const { rows } = await pool.query('SELECT job FROM run WHERE id = $1', [runId]);
      return rows[0] === undefined ? null : jobRow.parse(rows[0]).job;
    },

    async permitRefusal(sourceId) {
      const refused = await permitsRefused(pool, { sourceId, count: 1, purpose: 'canary' });
      return (
        refused && { why: refused.why === 'not_yet' ? 'minute_quota' : refused.why, seconds: refused.retryAfterSeconds }
      );
    },

    async runProgress(runId) {
      const { rows } = await pool.query(
        `SELECT count(*) FILTER (WHERE t.finished_at IS NULL)::int AS open,
                count(*) FILTER (WHERE t.status = 'succeeded')::int AS succeeded,
                (SELECT jsonb_build_object('reason', reason, 'detail', detail,
                                           'message', coalesce(message, 'It failed without a message.'))
                 FROM task WHERE run_id = $1 AND status = 'failed' ORDER BY part LIMIT 1) AS failure,
                coalesce(sum(t.accepted), 0)::int AS accepted, max(b.newest_as_of) AS newest,
                coalesce(max(extract(epoch FROM t.waits_until - clock_timestamp()))
                         FILTER (WHERE t.waits_until > clock_timestamp()), 0)::float8 AS waits,
                coalesce((SELECT array_agg(key) FROM task_attempt a, unnest(a.artifacts) AS key WHERE a.run_id = $1), '{}') AS artifacts
         FROM task t LEFT JOIN batch b ON b.id = t.batch_id WHERE t.run_id = $1`,
        [runId],
      );
      const { open, succeeded, failure, accepted, newest, waits, artifacts } = progressRow.parse(rows[0]);
      const newestAsOf = newest?.getTime() ?? null;
      return {
        result: open > 0 ? null : { succeeded: succeeded > 0, failure, accepted, newestAsOf },
        waitsSeconds: waits,
        artifacts,
      };
    },

    async unsent(runId) {
      const { rows } = await pool.query(
        `SELECT ${scrapeMessageColumns}
         FROM task t JOIN run r ON r.id = t.run_id WHERE t.run_id = $1 AND t.status = 'planned' ORDER BY t.part`,
        [runId],
      );
      return rows.map(scrapeMessageOf);
    },

    markSent: (tasks) => markSent(pool, tasks),

    async listingOf(sourceId, symbol, canonical) {
      const { rows } = await pool.query(
        `SELECT l.mic, l.zone, i.asset_class FROM symbol_alias a
         JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
         WHERE ((a.namespace = $1 AND a.symbol = $2) OR (a.namespace = 'canonical' AND a.symbol = $3)) AND a.valid_to = 'infinity'
         ORDER BY a.namespace = $1 DESC LIMIT 1`,
        [sourceId, symbol, canonical],
      );
      return rows[0] === undefined ? null : listingRow.parse(rows[0]);
    },

    async canonicalSymbols(sourceId, symbols) {
      const { rows } = await pool.query(
        `SELECT a.symbol, c.symbol AS canonical FROM symbol_alias a
         JOIN symbol_alias c ON c.listing_id = a.listing_id AND c.namespace = 'canonical' AND c.valid_to = 'infinity'
         WHERE a.namespace = $1 AND a.symbol = ANY ($2::text[]) AND a.valid_to = 'infinity'`,
        [sourceId, symbols],
      );
      return new Map(rows.map((row) => nameRow.parse(row)).map(({ symbol, canonical }) => [symbol, canonical]));
    },

    async healthySources(ids, now) {
      const { rows } = await pool.query(
        `SELECT s.id, coalesce(c.is_set, false) AS unlocked
         FROM unnest($1::text[]) WITH ORDINALITY s (id, place)
         JOIN source_health h ON h.source_id = s.id
         LEFT JOIN source_state st ON st.source_id = s.id
         LEFT JOIN source_credentials c ON c.source_id = s.id
         WHERE h.status = 'healthy' AND coalesce(st.breaker, 'closed') = 'closed'
           AND NOT ${isPausedAt('st', '$2')}
           AND NOT coalesce(st.held_until > clock_timestamp(), false)
         ORDER BY s.place`,
        [ids, now],
      );
      return rows.map((row) => healthyRow.parse(row));
    },

    async heartbeatSince(key, since) {
      const { rows } = await pool.query(
        `SELECT CASE WHEN failed_until > $2 THEN failure END AS failure, coalesce(fetched_at > $2, false) AS fetched
         FROM proxy_cache WHERE key = $1`,
        [key, since],
      );
      if (rows[0] === undefined) return null;
      const { failure, fetched } = heartbeatRow.parse(rows[0]);
      if (fetched) return { failure: null };
      return failure === null ? null : { failure };
    },

    async proxyPause() {
      const { rows } = await pool.query(
        'SELECT reason FROM proxy_pause WHERE source_id = $1 AND until > clock_timestamp()',
        [proxiedSource],
      );
      return rows[0] === undefined ? null : pauseRow.parse(rows[0]).reason;
    },
  };
}

async function conditionOf(pool: Pool, sourceId: string): Promise<SourceCondition> {
  const { rows } = await pool.query(
    `SELECT coalesce(i.reason, (SELECT reason FROM source_health WHERE source_id = $1)) AS reason, i.jobs[cardinality(i.jobs)] AS job
     FROM (SELECT) one LEFT JOIN LATERAL (
       SELECT reason, jobs FROM incident WHERE source_id = $1 AND resolved_at IS NULL
       ORDER BY last_seen_at DESC LIMIT 1) i ON true`,
    [sourceId],
  );
  const { reason, job } = conditionRow.parse(rows[0]);
  if (job === null) return { reason, failing: null };
  const run = await pool.query(
    `WITH newest AS (
       SELECT id, kind, trigger FROM run
       WHERE source_id = $1 AND job = $2 AND trigger IN ('schedule', 'manual', 'first_cycle', 'retry')
         AND kind = ANY ($3::text[])
       ORDER BY due_at DESC LIMIT 1)
     SELECT n.kind, t.symbols, n.trigger = 'retry' AND t.status <> 'failed' AS retried
     FROM newest n JOIN task t ON t.run_id = n.id
     WHERE t.status = 'failed' OR NOT EXISTS (SELECT FROM task f WHERE f.run_id = n.id AND f.status = 'failed')
     ORDER BY t.part`,
    // What a later release collects cannot be asked for again by this one.
    [sourceId, job, jobKinds],
  );
  const tasks = run.rows.map((row) => failingRow.parse(row));
  const [first] = tasks;
  if (!first) return { reason, failing: null };
  const { kind, retried } = first;
  return { reason, failing: { job, kind, tasks: tasks.map((each) => each.symbols), retried } };
}
