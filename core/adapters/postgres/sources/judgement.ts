import * as z from 'zod';
import { evidenceSchema } from '../../../contracts/http/recovery.ts';
import { keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import { triggers } from '../../../contracts/words/triggers.ts';
import type { OpenIncident } from '../../../health/incident.ts';
import { reopensWithinMs } from '../../../health/incidents.ts';
import { overdueAfterMs } from '../../../health/judge.ts';
import type { EndedTask, SourceFacts } from '../../../health/source-facts.ts';
import type { JudgedSource } from '../../../ports/outcome-store.ts';
import { intervalOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';
import { isPausedAt, servicesAt } from '../database/switches.ts';
import { usedSince } from '../work/permits.ts';

/** Newest runs of a job that are read, and most of their tasks: enough for a baseline of how long it takes. */
const runsOfJob = 60;
const tasksOfJob = 120;

const reason = z.enum(runReasons).catch('unexplained');
const instant = z.date().transform((date) => date.getTime());

const taskRow = z.object({
  run_id: z.string(),
  part: z.int(),
  job: z.string(),
  trigger: z.enum(triggers).catch('schedule'),
  backfill: z.boolean(),
  trial: z.boolean(),
  ok: z.boolean(),
  reason: reason.nullable(),
  detail: keptDetailSchema,
  message: z.string().nullable(),
  finished_at: instant,
  accepted: z.int(),
  rejected: z.int(),
  attempt: z.int(),
  requests: z.int().nullable(),
  latency_ms: z.number().nullable(),
  blob_key: z.string().nullable(),
  artifacts: z.array(z.string()),
  late: z.boolean(),
});

/**
 * Its blob is gone or damaged; or read by `ingest` long after it was fetched, or ended without a reading though its answer is kept: that was our doing, and
 * says nothing of the source as it is now.
 */
const isLate = `coalesce(CASE WHEN t.batch_id IS NULL THEN a.ok AND t.detail->>'code' = 'no_outcome'
  ELSE t.detail->>'code' IN ('blob_missing', 'blob_damaged') OR t.finished_at - a.started_at > ${intervalOf(overdueAfterMs)} END, false)`;

const taskColumns = `t.run_id, t.part, r.job, r.trigger, t.backfill, t.trial, t.status = 'succeeded' AS ok, t.reason, t.detail, t.message,
  t.finished_at, t.accepted, t.rejected, t.attempt, a.requests, a.latency_ms, a.blob_key,
  coalesce(a.artifacts, '{}') AS artifacts, ${isLate} AS late`;

/** What a recovery or a backfill asked for is no sign of how the source's own jobs do. */
const ownTriggers = `('schedule', 'manual', 'first_cycle', 'retry')`;

const stateRow = z.object({
  paused: z.boolean(),
  held_until: instant.nullable(),
  breaker: z.enum(['closed', 'open', 'half_open']),
  breaker_until: instant.nullable(),
  breaker_reason: reason.nullable(),
  breaker_opened: z.int(),
  breaker_failures: z.int(),
  credentialed: z.boolean(),
});

const incidentRow = z.object({
  id: z.string(),
  reason,
  opened_at: instant,
  last_seen_at: instant,
  count: z.int(),
  evidence: z.array(evidenceSchema),
  jobs: z.array(z.string()),
  healed_jobs: z.array(z.string()),
  successes: z.int(),
  bouts: z.int(),
  resolved_at: instant.nullable(),
});

const listings = { job: z.string(), mic: z.string(), zone: z.string(), asset_class: z.string(), count: z.int() };
const quotedRow = z.object({
  ...listings,
  basis: z.string(),
  as_of: instant,
  confirmed_at: instant,
  delay_seconds: z.int(),
});
const barredRow = z.object({ ...listings, date: z.string().nullable() });
const factsRow = z.object({
  used_today: z.int(),
  recovered_at: instant.nullable(),
  recovered_job: z.string().nullable(),
  planned: z.array(z.object({ job: z.string(), to: z.number() })),
  stopped: z.array(z.object({ id: z.string(), since: z.number() })),
});

/**
 * Locks a source's row and reads what it is judged by. The tasks that ended since the last judgement are marked as judged:
 * they count with this transaction, or with the next if it is rolled back.
 */
export async function readFacts(db: Connection, source: JudgedSource, now: Date): Promise<SourceFacts> {
  const state = await lockState(db, source.id, now);
  const unjudged = await db.query({
    name: 'judge-ends',
    text: `WITH taken AS (
             UPDATE task SET judged = true WHERE source_id = $1 AND finished_at IS NOT NULL AND NOT judged RETURNING *
           )
           SELECT ${taskColumns} FROM taken t JOIN run r ON r.id = t.run_id
           LEFT JOIN task_attempt a ON a.run_id = t.run_id AND a.part = t.part AND a.attempt = t.attempt
           ORDER BY r.due_at, t.finished_at, t.run_id, t.part`,
    values: [source.id],
  });
  const jobs = source.jobs.map((job) => job.id);
  const tasks = await db.query({
    name: 'judge-tasks',
    text: `SELECT ${taskColumns}
           FROM unnest($2::text[]) WITH ORDINALITY AS j (job, place)
           CROSS JOIN LATERAL (
             SELECT e.*, n.due_at AS run_due_at, n.trigger
             FROM (SELECT id, due_at, trigger FROM run WHERE source_id = $1 AND run.job = j.job AND trigger IN ${ownTriggers}
                   ORDER BY due_at DESC LIMIT ${runsOfJob}) n
             JOIN task e ON e.run_id = n.id AND e.finished_at IS NOT NULL
             ORDER BY n.due_at DESC, e.finished_at DESC LIMIT ${tasksOfJob}) t
           JOIN run r ON r.id = t.run_id
           LEFT JOIN task_attempt a ON a.run_id = t.run_id AND a.part = t.part AND a.attempt = t.attempt
           ORDER BY j.place, t.run_due_at DESC, t.finished_at DESC`,
    values: [source.id, jobs],
  });
  const incidents = await db.query(
    `SELECT id, reason, opened_at, last_seen_at, count, evidence, jobs, healed_jobs, successes, bouts, resolved_at
     FROM incident WHERE source_id = $1 AND (resolved_at IS NULL OR resolved_at > $2)
     ORDER BY coalesce(resolved_at, opened_at) DESC, id`,
    [source.id, new Date(now.getTime() - reopensWithinMs)],
  );
  const all = incidents.rows.map(incidentOf);
  const rest = await readRest(db, source.id, now);
  return {
    paused: state.paused,
    heldUntil: state.held_until,
    credentialed: state.credentialed,
    tasks: Map.groupBy(tasks.rows.map(endedTask), (task) => task.job),
    unjudged: unjudged.rows.map(endedTask),
    recovered:
      rest.recovered_at === null || rest.recovered_job === null
        ? null
        : { at: rest.recovered_at, job: rest.recovered_job },
    breaker: {
      state: state.breaker,
      until: state.breaker_until,
      reason: state.breaker_reason,
      opened: state.breaker_opened,
      failures: state.breaker_failures,
    },
    incidents: all.flatMap(({ resolvedAt, ...incident }) => (resolvedAt === null ? [incident] : [])),
    resolved: all.flatMap(({ resolvedAt, ...incident }) => (resolvedAt === null ? [] : [{ ...incident, resolvedAt }])),
    quoted: await quotedGroups(db, source),
    barred: await barredGroups(db, source),
    usedToday: rest.used_today,
    plannedTo: new Map(rest.planned.map(({ job, to }) => [job, to])),
    stoppedServices: rest.stopped,
  };
}

async function lockState(db: Connection, sourceId: string, now: Date): Promise<z.infer<typeof stateRow>> {
  for (;;) {
    const { rows } = await db.query({
      name: 'judge-state',
      text: `SELECT ${isPausedAt('source_state', '$2')} AS paused, held_until, breaker, breaker_until,
                    breaker_reason, breaker_opened, breaker_failures,
                    EXISTS (SELECT FROM source_credentials c WHERE c.source_id = $1 AND c.is_set) AS credentialed
             FROM source_state WHERE source_id = $1 FOR UPDATE OF source_state`,
      values: [sourceId, now],
    });
    if (rows.length > 0) return stateRow.parse(rows[0]);
    await db.query('INSERT INTO source_state (source_id) VALUES ($1) ON CONFLICT DO NOTHING', [sourceId]);
  }
}

async function readRest(db: Connection, sourceId: string, now: Date): Promise<z.infer<typeof factsRow>> {
  const { rows } = await db.query({
    name: 'judge-rest',
    text: `SELECT ${usedSince('$1', '$2')} AS used_today, v.finished_at AS recovered_at, v.job AS recovered_job,
                  coalesce((SELECT jsonb_agg(jsonb_build_object('job', job, 'to', extract(epoch FROM planned_to) * 1000))
                            FROM planner_state WHERE source_id = $1), '[]') AS planned,
                  coalesce((SELECT jsonb_agg(jsonb_build_object('id', service_id, 'since', extract(epoch FROM changed_at) * 1000))
                            FROM ${servicesAt('$2')}
                            WHERE NOT running AND service_id IN ('scheduler', 'scrapers', 'ingest')), '[]') AS stopped
           FROM (SELECT) one LEFT JOIN LATERAL (
             SELECT c.finished_at, (SELECT job FROM run WHERE id = c.canary_run_id) AS job FROM recovery c
             WHERE c.source_id = $1 AND c.status = 'verified' AND c.canary_run_id IS NOT NULL
             ORDER BY c.requested_at DESC LIMIT 1) v ON true`,
    values: [sourceId, now],
  });
  return factsRow.parse(rows[0]);
}

/**
 * Listings that the newest run of a job asked for, as far as its parts have succeeded: the others may be on their way. What
 * was tried again since is part of it.
 *
 * They are found once, and statements with them have no name, so that each is planned for the tables as they are: a plan
 * that was kept since there were few listings found them again for every price, and the time grew with their square.
 */
const asked = `WITH asked AS MATERIALIZED (
    SELECT j.job, s.listing_id FROM unnest($2::text[]) AS j (job)
    CROSS JOIN LATERAL (
      SELECT DISTINCT symbol FROM (
        SELECT id, trigger, due_at, max(due_at) FILTER (WHERE trigger <> 'retry') OVER () AS whole
        FROM (SELECT id, trigger, due_at FROM run WHERE source_id = $1 AND run.job = j.job AND trigger IN ${ownTriggers}
              ORDER BY due_at DESC LIMIT ${runsOfJob}) r
        WHERE EXISTS (SELECT FROM task s WHERE s.run_id = r.id AND s.status = 'succeeded')) n
      JOIN task t ON t.run_id = n.id AND t.status = 'succeeded'
      CROSS JOIN unnest(t.symbols) AS of_task (symbol)
      WHERE n.due_at >= coalesce(n.whole, '-infinity')) y
    JOIN symbol_alias s ON s.namespace = $1 AND s.symbol = y.symbol AND s.valid_to = 'infinity')`;
const listed = `FROM asked j
  JOIN listing l ON l.id = j.listing_id
  JOIN instrument i ON i.id = l.instrument_id`;

async function quotedGroups(db: Connection, source: JudgedSource): Promise<SourceFacts['quoted']> {
  const jobs = source.jobs.filter((job) => job.kind === 'quotes').map((job) => job.id);
  if (jobs.length === 0) return [];
  const { rows } = await db.query({
    text: `${asked} SELECT j.job, l.mic, l.zone, i.asset_class, q.as_of_basis AS basis, max(q.as_of) AS as_of,
                  max(q.confirmed_at) AS confirmed_at, max(coalesce(q.delay_seconds, 0)) AS delay_seconds, count(*)::int AS count
           ${listed} JOIN latest_quote q ON q.listing_id = l.id AND q.source = $1
           GROUP BY 1, 2, 3, 4, 5, date_trunc('minute', q.as_of)`,
    values: [source.id, jobs],
  });
  return rows.map((row) => {
    const { asset_class, as_of, confirmed_at, delay_seconds, ...group } = quotedRow.parse(row);
    return { ...group, assetClass: asset_class, asOf: as_of, confirmedAt: confirmed_at, delaySeconds: delay_seconds };
  });
}

async function barredGroups(db: Connection, source: JudgedSource): Promise<SourceFacts['barred']> {
  const jobs = source.jobs.filter((job) => job.dailyBars).map((job) => job.id);
  if (jobs.length === 0) return [];
  const { rows } = await db.query({
    text: `${asked} SELECT j.job, l.mic, l.zone, i.asset_class, b.date::text AS date, count(*)::int AS count
           ${listed} LEFT JOIN LATERAL (
             SELECT date FROM bar WHERE listing_id = l.id AND source = $1 AND interval = '1d' AND withdrawn_at IS NULL
             ORDER BY starts_at DESC LIMIT 1) b ON true
           GROUP BY 1, 2, 3, 4, 5`,
    values: [source.id, jobs],
  });
  return rows.map((row) => {
    const { asset_class, ...group } = barredRow.parse(row);
    return { ...group, assetClass: asset_class };
  });
}

function endedTask(row: unknown): EndedTask {
  const { run_id, finished_at, latency_ms, blob_key, detail, ...task } = taskRow.parse(row);
  return {
    ...task,
    detail: task.ok && detail.code !== 'some_rows_rejected' ? null : detail,
    runId: run_id,
    endedAt: finished_at,
    latencyMs: latency_ms,
    blobKey: blob_key,
  };
}

function incidentOf(row: unknown): OpenIncident & { readonly resolvedAt: number | null } {
  const { opened_at, last_seen_at, healed_jobs, resolved_at, ...incident } = incidentRow.parse(row);
  return {
    ...incident,
    openedAt: opened_at,
    lastSeenAt: last_seen_at,
    healedJobs: healed_jobs,
    resolvedAt: resolved_at,
  };
}
