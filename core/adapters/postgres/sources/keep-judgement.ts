import * as z from 'zod';
import { healthStatuses } from '../../../contracts/words/health-status.ts';
import type { IncidentChange } from '../../../health/incident.ts';
import type { Health, Judgement } from '../../../health/judgement.ts';
import type { EndedTask, SourceFacts } from '../../../health/source-facts.ts';
import { publish } from '../database/outbox.ts';
import type { Connection } from '../database/pool.ts';

/**
 * Keeps a judgement in the transaction that read its facts: health, the hour's sample, the breaker, incidents, and events
 * of what changed.
 */
export async function keepJudgement(
  db: Connection,
  sourceId: string,
  facts: SourceFacts,
  judgement: Judgement,
  now: Date,
): Promise<void> {
  const { health, breaker, incidents } = judgement;
  await keepHealth(db, sourceId, health, facts, now);
  await keepSample(db, sourceId, health, facts.unjudged, now);
  if (breaker !== facts.breaker) {
    await db.query(
      `UPDATE source_state SET breaker = $2, breaker_until = $3, breaker_reason = $4, breaker_opened = $5,
                               breaker_failures = $6, breaker_run = NULL
       WHERE source_id = $1`,
      [
        sourceId,
        breaker.state,
        breaker.until === null ? null : new Date(breaker.until),
        breaker.reason,
        breaker.opened,
        breaker.failures,
      ],
    );
  }
  for (const change of incidents) await keepIncident(db, sourceId, change);
}

async function keepHealth(
  db: Connection,
  sourceId: string,
  health: Health,
  { unjudged: ended, quoted }: SourceFacts,
  now: Date,
): Promise<void> {
  const { status, reason, detail, message, score, parts } = health;
  const success = ended.findLast((task) => task.ok);
  const failure = ended.findLast((task) => !task.ok && !task.backfill);
  const { rows } = await db.query({
    name: 'keep-health',
    text: `WITH former AS (SELECT status FROM source_health WHERE source_id = $1)
           INSERT INTO source_health AS kept
             (source_id, status, reason, message, score, success, freshness, accepted, latency, quota, updated_at, since,
              last_success_at, failed_at, failure_reason, failure_message, failure_run_id, detail, failure_detail, quoted_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15, $16, $17, $18, $19)
           ON CONFLICT (source_id) DO UPDATE
             SET status = excluded.status, reason = excluded.reason, message = excluded.message, detail = excluded.detail, score = excluded.score,
                 success = excluded.success, freshness = excluded.freshness, accepted = excluded.accepted,
                 latency = excluded.latency, quota = excluded.quota, updated_at = excluded.updated_at,
                 since = CASE WHEN kept.status = excluded.status THEN coalesce(kept.since, excluded.since) ELSE excluded.since END,
                 last_success_at = greatest(kept.last_success_at, excluded.last_success_at),
                 quoted_at = greatest(kept.quoted_at, excluded.quoted_at),
                 failed_at = CASE WHEN excluded.failed_at IS NULL THEN kept.failed_at ELSE excluded.failed_at END,
                 failure_reason = CASE WHEN excluded.failed_at IS NULL THEN kept.failure_reason ELSE excluded.failure_reason END,
                 failure_message = CASE WHEN excluded.failed_at IS NULL THEN kept.failure_message ELSE excluded.failure_message END,
                 failure_detail = CASE WHEN excluded.failed_at IS NULL THEN kept.failure_detail ELSE excluded.failure_detail END,
                 failure_run_id = CASE WHEN excluded.failed_at IS NULL THEN kept.failure_run_id ELSE excluded.failure_run_id END
           RETURNING (SELECT status FROM former) AS before`,
    values: [
      sourceId,
      status,
      reason,
      message,
      score,
      parts.success,
      parts.freshness,
      parts.accepted,
      parts.latency,
      parts.quota,
      now,
      success ? new Date(success.endedAt) : null,
      failure ? new Date(failure.endedAt) : null,
      failure ? (failure.reason ?? 'unexplained') : null,
      failure?.message ?? null,
      failure?.runId ?? null,
      detail,
      failure?.detail ?? null,
      quoted.length === 0 ? null : new Date(Math.max(...quoted.map(({ confirmedAt }) => confirmedAt))),
    ],
  });
  const before = formerRow.parse(rows[0]).before;
  if (before !== status)
    publish(db, [
      {
        type: 'source.health-changed',
        data: { sourceId, from: before, to: status, reason, score, at: now.toISOString() },
      },
    ]);
}

async function keepSample(
  db: Connection,
  sourceId: string,
  { status, score, parts }: Health,
  ended: readonly EndedTask[],
  now: Date,
): Promise<void> {
  const own = ended.filter((task) => !task.backfill && task.trigger !== 'canary' && task.trigger !== 'fallback');
  const succeeded = own.filter((task) => task.ok).length;
  await db.query({
    name: 'keep-sample',
    text: `INSERT INTO health_sample AS kept
             (source_id, hour, status, score, samples, score_sum, score_least, worst, succeeded, failed,
              success, freshness, accepted, latency, quota)
           VALUES ($1, date_trunc('hour', $2::timestamptz, 'UTC'), $3, $4, CASE WHEN $4::int IS NULL THEN 0 ELSE 1 END,
                   coalesce($4, 0), $4, $3, $5, $6, $8, $9, $10, $11, $12)
           ON CONFLICT (source_id, hour) DO UPDATE
             SET status = excluded.status, score = excluded.score, samples = kept.samples + excluded.samples,
                 score_sum = kept.score_sum + excluded.score_sum,
                 score_least = least(kept.score_least, excluded.score_least),
                 worst = CASE WHEN array_position($7::text[], excluded.status) <
                                   coalesce(array_position($7::text[], coalesce(kept.worst, kept.status)), 99)
                              THEN excluded.status ELSE coalesce(kept.worst, kept.status) END,
                 succeeded = kept.succeeded + excluded.succeeded, failed = kept.failed + excluded.failed,
                 success = excluded.success, freshness = excluded.freshness, accepted = excluded.accepted,
                 latency = excluded.latency, quota = excluded.quota`,
    values: [
      sourceId,
      now,
      status,
      score,
      succeeded,
      own.length - succeeded,
      [...healthStatuses],
      parts.success,
      parts.freshness,
      parts.accepted,
      parts.latency,
      parts.quota,
    ],
  });
}

async function keepIncident(db: Connection, sourceId: string, change: IncidentChange): Promise<void> {
  const { incident } = change;
  const resolvedAt = change.change === 'resolved' ? change.at : change.change === 'opened' ? change.resolvedAt : null;
  const values = [
    sourceId,
    incident.reason,
    new Date(incident.openedAt),
    new Date(incident.lastSeenAt),
    resolvedAt === null ? null : new Date(resolvedAt),
    incident.count,
    JSON.stringify(incident.evidence),
    [...incident.jobs],
    [...incident.healedJobs],
    incident.successes,
    incident.bouts,
  ];
  const { rows } =
    change.change === 'opened'
      ? await db.query(
          `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, resolved_at, count, evidence, jobs, healed_jobs, successes,
                                 bouts)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id`,
          values,
        )
      : await db.query(
          `UPDATE incident SET opened_at = $3, last_seen_at = $4, resolved_at = $5, count = $6, evidence = $7, jobs = $8,
                               healed_jobs = $9, successes = $10, bouts = $11
           WHERE source_id = $1 AND reason = $2 AND id = $12 RETURNING id`,
          [...values, change.incident.id],
        );
  const [kept] = rows;
  // Deleted meanwhile: there is nothing left to report.
  if (kept === undefined) return;
  const { id: incidentId } = idRow.parse(kept);
  const { reason, count } = incident;
  const at = (ms: number) => ({ incidentId, sourceId, reason, count, at: new Date(ms).toISOString() });
  await publish(db, [
    ...(change.change === 'opened' ? [{ type: 'incident.opened' as const, data: at(incident.openedAt) }] : []),
    ...(change.change === 'reopened' ? [{ type: 'incident.opened' as const, data: at(incident.lastSeenAt) }] : []),
    ...(resolvedAt === null ? [] : [{ type: 'incident.resolved' as const, data: at(resolvedAt) }]),
  ]);
}

const idRow = z.object({ id: z.string() });
const formerRow = z.object({ before: z.enum(healthStatuses).nullable().catch(null) });
