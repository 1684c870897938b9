import * as z from 'zod';
import type { Sample } from '../../../contracts/http/diagnostics.ts';
import { type Evidence, evidenceSchema } from '../../../contracts/http/recovery.ts';
import { keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { healthStatuses } from '../../../contracts/words/health-status.ts';
import { quarantineReasons } from '../../../contracts/words/quarantine-reasons.ts';
import { keptFindingSchema } from '../../../contracts/words/row-findings.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { IncidentFact, ProxyFacts, QuarantineFact, RecoveryFact, TaskFact } from '../../../diagnosis/facts.ts';
import type { FactsReader, InstallationRecord, SourceRecord } from '../../../ports/facts-reader.ts';
import type { Pool } from '../database/pool.ts';
import { isPausedAt, switchStore } from '../database/switches.ts';
import { listedVenues } from '../listings/listed-venues.ts';
import { isLoginHeldAt } from '../sources/logins.ts';
import { usedSince } from '../work/permits.ts';
import { servedPrices } from './served-prices.ts';

const hourMs = 3600_000;
const dayMs = 24 * hourMs;
/** Tasks of each job that are looked at: at one a minute, three hours. */
const tasksPerJob = 200;
/** What is due longer than this and has no outcome is overdue. */
const overdueMs = 15 * 60_000;

/** Reads what a diagnosis rests on. Each statement is bounded: tasks per job, samples per run, one day back. */
export function factsReader(pool: Pool): FactsReader {
  return {
    async sources(ids: readonly string[], now: Date, since: Date | null): Promise<SourceRecord[]> {
      const states = await stateRows(pool, ids, now);
      const tasks = await taskRows(pool, ids, new Date(now.getTime() - dayMs));
      const runIds = [...new Set(tasks.filter((task) => task.rejected > 0).map((task) => task.runId))];
      const quarantine = await quarantineRows(pool, runIds);
      const incidents = await incidentRows(pool, ids, since ?? new Date(now.getTime() - dayMs));
      const recoveries = await recoveryRows(pool, ids);
      const samples = await sampleRows(pool, ids, new Date(now.getTime() - dayMs));
      return states.map(({ state, ...record }) => ({
        ...record,
        trend: trendOf(
          samples.filter((sample) => sample.sourceId === state.source_id),
          now,
        ),
        tasks: tasks.filter((task) => task.sourceId === state.source_id),
        quarantine: quarantine.filter((rows) => rows.sourceId === state.source_id),
        incidents: incidents.filter((incident) => incident.sourceId === state.source_id),
        recoveries: recoveries.filter((recovery) => recovery.sourceId === state.source_id),
      }));
    },

    served: (of) => servedPrices(pool, of),

    async proxy(id: string, now: Date, since: Date | null): Promise<ProxyFacts> {
      const pauses = await pool.query(
        'SELECT until, reason FROM proxy_pause WHERE until > $1 ORDER BY until DESC LIMIT 1',
        [now],
      );
      const [pause] = pauses.rows.map((each) => pauseRow.parse(each));
      return {
        id,
        pause: pause ? { until: pause.until.getTime(), reason: pause.reason } : null,
        incidents: await incidentRows(pool, [id], since ?? new Date(now.getTime() - dayMs)),
        recoveries: await recoveryRows(pool, [id]),
      };
    },

    async installation(now: Date): Promise<InstallationRecord> {
      const { rows } = await pool.query(
        `SELECT (SELECT max(planned_to) FROM planner_state) AS planned_to,
                (SELECT count(*)::int FROM (SELECT 1 FROM quote_default LIMIT 1000) d) AS strays,
                (SELECT max(replace(right(c.relname, 7), '_', '-')) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                 WHERE i.inhparent = 'quote'::regclass AND c.relname ~ '^quote_\\d{4}_\\d\\d$') AS last_month`,
      );
      const services = await switchStore(pool).services(now);
      const row = installationRow.parse(rows[0]);
      return {
        services: services.map(({ serviceId: id, running, changedAt, stoppedUntil }) => ({
          id,
          running,
          changedAt: changedAt.getTime(),
          stoppedUntil: stoppedUntil?.getTime() ?? null,
        })),
        plannedTo: row.planned_to?.getTime() ?? null,
        strays: row.strays,
        lastMonth: row.last_month,
        venues: await listedVenues(pool),
      };
    },
  };
}

const pauseRow = z.object({ until: z.date(), reason: z.string() });

const installationRow = z.object({
  planned_to: z.date().nullable(),
  strays: z.int(),
  last_month: z.string().nullable(),
});

const stateRow = z.object({
  source_id: z.string(),
  paused: z.boolean(),
  status: z.enum(healthStatuses).nullable().catch(null),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  detail: keptDetailSchema.nullable(),
  score: z.number().nullable(),
  last_success_at: z.date().nullable(),
  held_until: z.date().nullable(),
  breaker: z.string(),
  credentials_set: z.boolean(),
  credentials_at: z.date().nullable(),
  login_held: keptDetailSchema.nullable(),
  login_held_until: z.date().nullable(),
  day_used: z.int(),
  busiest_minute: z.int(),
  overdue: z.int(),
});

async function stateRows(pool: Pool, ids: readonly string[], now: Date) {
  const { rows } = await pool.query(
    `SELECT s.source_id,
            ${isPausedAt('st', '$2')} AS paused,
            h.status, h.reason, h.detail, h.score, h.last_success_at,
            CASE WHEN st.held_until > $2 THEN st.held_until END AS held_until,
            coalesce(st.breaker, 'closed') AS breaker,
            coalesce(c.is_set, false) AS credentials_set, c.changed_at AS credentials_at,
            CASE WHEN ${isLoginHeldAt('c', '$2')} THEN c.login_held END AS login_held, c.login_held_until,
            ${usedSince('s.source_id', '$2')} AS day_used, coalesce(m.used, 0)::int AS busiest_minute, o.overdue
     FROM unnest($1::text[]) WITH ORDINALITY s (source_id, place)
     LEFT JOIN source_state st USING (source_id)
     LEFT JOIN source_health h USING (source_id)
     LEFT JOIN source_credentials c USING (source_id)
     LEFT JOIN LATERAL (SELECT count(*) AS used FROM permit
       WHERE source_id = s.source_id AND used_at > $2::timestamptz - interval '1 hour'
       GROUP BY date_trunc('minute', used_at) ORDER BY 1 DESC LIMIT 1) m ON true
     CROSS JOIN LATERAL (SELECT count(*)::int AS overdue FROM task
       WHERE source_id = s.source_id AND finished_at IS NULL AND NOT backfill AND due_at < $3
         AND (waits_until IS NULL OR waits_until < $3)) o
     ORDER BY s.place`,
    [ids, now, new Date(now.getTime() - overdueMs)],
  );
  return rows.map((each) => {
    const state = stateRow.parse(each);
    return {
      state,
      id: state.source_id,
      paused: state.paused,
      status: state.status ?? ('unknown' as const),
      reason: state.reason,
      detail: state.detail,
      score: state.score,
      lastSuccessAt: state.last_success_at?.getTime() ?? null,
      heldUntil: state.held_until?.getTime() ?? null,
      breaker: state.breaker,
      credentialsSet: state.credentials_set,
      credentialsAt: state.credentials_at?.getTime() ?? null,
      login: state.login_held && { detail: state.login_held, until: state.login_held_until?.getTime() ?? null },
      dayUsed: state.day_used,
      busiestMinute: state.busiest_minute,
      overdue: state.overdue,
    };
  });
}

const taskRow = z.object({
  source_id: z.string(),
  job: z.string(),
  ok: z.boolean(),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  detail: keptDetailSchema,
  message: z.string().nullable(),
  finished_at: z.date(),
  run_id: z.string(),
  symbols: z.array(z.string()),
  accepted: z.int(),
  rejected: z.int(),
  attempted: z.boolean(),
  blob_key: z.string().nullable(),
  artifacts: z.array(z.string()).nullable(),
});

/** The newest of each job, newest first. A canary is a trial: it tells nothing of the job whose task it borrows. */
async function taskRows(pool: Pool, ids: readonly string[], from: Date): Promise<(TaskFact & { sourceId: string })[]> {
  const { rows } = await pool.query(
    `SELECT t.source_id, t.job, t.ok, t.reason, t.detail, t.message, t.finished_at, t.run_id, t.symbols, t.accepted, t.rejected,
            coalesce(a.ended, false) AS attempted, a.blob_key, a.artifacts
     FROM (
       SELECT k.source_id, r.job, k.status = 'succeeded' AS ok, k.reason, k.detail, k.message, k.finished_at, k.run_id, k.part,
              k.symbols, k.accepted, k.rejected,
              row_number() OVER (PARTITION BY k.source_id, r.job ORDER BY k.finished_at DESC) AS place
       FROM task k JOIN run r ON r.id = k.run_id
       WHERE k.source_id = ANY ($1::text[]) AND k.finished_at >= $2 AND NOT k.backfill AND r.trigger <> 'canary') t
     LEFT JOIN LATERAL (
       SELECT finished_at IS NOT NULL AS ended, blob_key, artifacts FROM task_attempt
       WHERE run_id = t.run_id AND part = t.part ORDER BY attempt DESC LIMIT 1) a ON true
     WHERE t.place <= $3
     ORDER BY t.finished_at DESC, t.run_id`,
    [ids, from, tasksPerJob],
  );
  return rows.map((each) => {
    const row = taskRow.parse(each);
    const { source_id: sourceId, finished_at, run_id: runId, blob_key: blobKey, artifacts, detail, ...task } = row;
    return {
      ...task,
      detail: task.ok ? null : detail,
      sourceId,
      runId,
      blobKey,
      at: finished_at.getTime(),
      artifacts: artifacts ?? [],
    };
  });
}

const quarantineRow = z.object({
  source_id: z.string(),
  run_id: z.string(),
  job: z.string(),
  reason: z.enum(quarantineReasons).catch('schema'),
  count: z.int(),
  at: z.date(),
  symbols: z.array(z.string().nullable()),
  samples: z.array(
    z.object({
      at: z.string(),
      symbol: z.string().nullable(),
      finding: keptFindingSchema,
      detail: z.string().nullable(),
      blobKey: z.string(),
    }),
  ),
});

/**
 * What became of rows that are not served, as one table: those that wait in quarantine, and quotes that are stored as
 * wrong. The ratio of such a one is what its finding says.
 */
const notServed = `
  SELECT id, at, source_id, run_id, reason, symbol, finding, detail, blob_key FROM quarantine
  WHERE run_id = ANY ($1::uuid[]) AND resolved_at IS NULL
  UNION ALL
  SELECT f.id, f.opened_at, f.source, b.run_id, CASE f.rule WHEN 'unit' THEN 'unit_suspect' ELSE 'implausible_jump' END, a.symbol,
         jsonb_build_object('code', 'price_ratio', 'to', 'stored', 'ratio', r.ratio),
         NULL, b.blob_key
  FROM batch b JOIN finding f ON f.batch_id = b.id AND f.kind = 'quote'
  CROSS JOIN LATERAL (SELECT coalesce((f.evidence->>'ratio')::numeric, trim_scale(1 / (f.evidence->>'factor')::numeric)) AS ratio) r
  LEFT JOIN LATERAL (SELECT symbol FROM symbol_alias WHERE listing_id = f.listing_id AND namespace = f.source
                     ORDER BY valid_to DESC LIMIT 1) a ON true
  WHERE b.run_id = ANY ($1::uuid[]) AND f.severity = 'wrong' AND f.status = 'open' AND f.source = b.source_id`;

/** Rows that are not served, by run and reason, with the newest ten of each. */
async function quarantineRows(
  pool: Pool,
  runIds: readonly string[],
): Promise<(QuarantineFact & { sourceId: string })[]> {
  const { rows } = await pool.query(
    `SELECT q.source_id, q.run_id, r.job, q.reason, count(*)::int AS count, max(q.at) AS at,
            array_agg(DISTINCT q.symbol) AS symbols,
            jsonb_agg(jsonb_build_object('at', q.at, 'symbol', q.symbol, 'finding', q.finding, 'detail', q.detail, 'blobKey', q.blob_key)
                      ORDER BY q.at DESC, q.id DESC) FILTER (WHERE q.place <= 10) AS samples
     FROM (SELECT *, row_number() OVER (PARTITION BY run_id, reason ORDER BY at DESC, id DESC) AS place
           FROM (${notServed}) n) q
     JOIN run r ON r.id = q.run_id
     GROUP BY q.source_id, q.run_id, r.job, q.reason`,
    [runIds],
  );
  return rows.map((each) => {
    const row = quarantineRow.parse(each);
    return {
      sourceId: row.source_id,
      runId: row.run_id,
      job: row.job,
      reason: row.reason,
      count: row.count,
      at: row.at.getTime(),
      symbols: row.symbols.flatMap((symbol) => symbol ?? []),
      samples: row.samples.map(
        ({ at, symbol, finding, detail, blobKey }): Sample => ({
          at: new Date(at).toISOString(),
          runId: row.run_id,
          symbol,
          detail: null,
          finding,
          message: detail,
          blobKey,
          artifacts: [],
        }),
      ),
    };
  });
}

const incidentRow = z.object({
  source_id: z.string(),
  reason: z.enum(runReasons).catch('unexplained'),
  opened_at: z.date(),
  last_seen_at: z.date(),
  resolved_at: z.date().nullable(),
  count: z.int(),
  evidence: z.array(evidenceSchema).catch([]),
});

async function incidentRows(
  pool: Pool,
  ids: readonly string[],
  since: Date,
): Promise<(IncidentFact & { sourceId: string })[]> {
  const { rows } = await pool.query(
    `SELECT source_id, reason, opened_at, last_seen_at, resolved_at, count, evidence FROM incident
     WHERE source_id = ANY ($1::text[]) AND (resolved_at IS NULL OR resolved_at > $2)
     ORDER BY opened_at DESC LIMIT 200`,
    [ids, since],
  );
  return rows.map((each) => {
    const row = incidentRow.parse(each);
    return {
      sourceId: row.source_id,
      reason: row.reason,
      openedAt: row.opened_at.getTime(),
      lastSeenAt: row.last_seen_at.getTime(),
      resolvedAt: row.resolved_at?.getTime() ?? null,
      count: row.count,
      samples: row.evidence.map(sampleOf),
    };
  });
}

function sampleOf({ at, runId, detail, message, blobKey, artifacts }: Evidence): Sample {
  return { at, runId, symbol: null, detail, finding: null, message, blobKey, artifacts };
}

const recoveryRow = z.object({
  source_id: z.string(),
  status: z.string(),
  strategy: z.string().nullable(),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  detail: keptDetailSchema.nullable(),
  requested_at: z.date(),
  finished_at: z.date().nullable(),
});

async function recoveryRows(pool: Pool, ids: readonly string[]): Promise<(RecoveryFact & { sourceId: string })[]> {
  const { rows } = await pool.query(
    `SELECT v.* FROM unnest($1::text[]) s (id)
     CROSS JOIN LATERAL (
       SELECT source_id, status, strategy, reason, detail, requested_at, finished_at FROM recovery
       WHERE source_id = s.id ORDER BY requested_at DESC LIMIT 5) v`,
    [ids],
  );
  return rows.map((each) => {
    const {
      source_id: sourceId,
      status,
      strategy,
      reason,
      detail,
      requested_at,
      finished_at,
    } = recoveryRow.parse(each);
    return {
      ...{ sourceId, status, strategy, reason, detail },
      requestedAt: requested_at.getTime(),
      finishedAt: finished_at?.getTime() ?? null,
    };
  });
}

const sampleRow = z.object({ source_id: z.string(), hour: z.date(), score: z.number().nullable() });

async function sampleRows(pool: Pool, ids: readonly string[], from: Date) {
  const { rows } = await pool.query(
    'SELECT source_id, hour, score FROM health_sample WHERE source_id = ANY ($1::text[]) AND hour >= $2',
    [ids, from],
  );
  return rows.map((each) => {
    const { source_id: sourceId, hour, score } = sampleRow.parse(each);
    return { sourceId, hour: hour.getTime(), score };
  });
}

/** At most 24 places, one for each hour up to this one, from the first that is known. */
function trendOf(samples: readonly { hour: number; score: number | null }[], now: Date): (number | null)[] {
  const last = Math.floor(now.getTime() / hourMs) * hourMs;
  const scores = Array.from({ length: 24 }, (_, place) => {
    const hour = last - (23 - place) * hourMs;
    return samples.find((sample) => sample.hour === hour)?.score ?? null;
  });
  const known = scores.findIndex((score) => score !== null);
  return known === -1 ? [] : scores.slice(known);
}
