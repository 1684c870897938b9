import * as z from 'zod';
import { passingReasons } from '../../../contracts/words/run-reasons.ts';
import { chunkAttempts } from '../../../planning/retries.ts';
import { type BatchHeader, DatabaseReplacedError } from '../../../ports/ingest-store.ts';
import type { Decision } from '../../../prices/decision.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { noteSeenText, publishSeen } from '../work/watch-list.ts';
import { holdBack } from './hold-back.ts';
import { epochOf } from './standing.ts';

const openedRow = z.object({ id: z.string(), epoch: z.string(), backfill: z.boolean(), urgent: z.boolean() });

/** A batch that is open. */
export interface OpenBatch {
  readonly id: string;
  /** Its task is a part of a backfill. */
  readonly backfill: boolean;
  /** Its task tries whether its source works again, or no success of the source has counted yet. */
  readonly urgent: boolean;
}

/**
 * Opens the batch of a blob. `null` when the blob was read before, whichever version of the parser did it; for a replay,
 * when that replay has read it. Of two that ask at the same time, the second waits for the first's transaction: if that
 * is rolled back, the second opens it. The index `batch_first_reading` sees to that even where they are two versions, as
 * during a deployment. Batches of releases before that index are looked for.
 *
 * Readings for replays take turns by the blob: one replay's are one, and of two replays the second closes what the first
 * has put in quarantine.
 *
 * Throws `DatabaseReplacedError` where the ids of the header's listings are of another database.
 *
 * `turn` is the same for batches on the same rows, such as one task's of two ticks: they take turns here, at one lock.
 * Row by row, Postgres would look each one up again after the wait, at twice the cost of the whole batch.
 */
export async function openBatch(db: Connection, header: BatchHeader, turn: number): Promise<OpenBatch | null> {
  // No index sees to one reading by each replay. In a statement of its own, so that the next one sees what the wait was for.
  if (header.replay !== undefined)
    await db.query("SELECT pg_advisory_xact_lock(hashtextextended('replay ' || $1, 0))", [header.blobKey]);
  const { rows } = await db.query({
    name: 'open-batch',
    text: `
      WITH turn AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtext($6), $8::int))
      INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, replay, first_reading)
      SELECT $1, $2, $3, $4, $5, $6, $7, $9::uuid, CASE WHEN $9::uuid IS NULL THEN true END FROM turn
      WHERE NOT EXISTS (SELECT FROM batch WHERE blob_key = $1 AND replay IS NOT DISTINCT FROM $9::uuid)
      ON CONFLICT DO NOTHING
      RETURNING id, ${epochOf} AS epoch,
                EXISTS (SELECT FROM task WHERE task.run_id = $3 AND task.part = $4 AND task.backfill) AS backfill,
                EXISTS (SELECT FROM task WHERE task.run_id = $3 AND task.part = $4 AND task.trial)
                  OR NOT EXISTS (SELECT FROM source_health h WHERE h.source_id = $6 AND h.last_success_at IS NOT NULL) AS urgent`,
    values: [
      header.blobKey,
      header.parserVersion,
      header.runId,
      header.part,
      header.attempt,
      header.sourceId,
      header.kind,
      turn,
      header.replay,
    ],
  });
  if (rows.length === 0) return null;
  const { id, epoch, backfill, urgent } = openedRow.parse(rows[0]);
  if (header.epoch !== undefined && header.epoch !== epoch) throw new DatabaseReplacedError();
  return { id, backfill, urgent };
}

const closedRow = z.object({
  id: z.string(),
  accepted: z.int(),
  rejected: z.int(),
});

/** The batch that a blob was read into before: the first, where a former release has read it by several versions. */
export async function findBatch(
  db: Connection,
  header: BatchHeader,
): Promise<{ id: string; accepted: number; rejected: number }> {
  const { rows } = await db.query(
    `SELECT id, accepted, rejected FROM batch
     WHERE blob_key = $1 AND replay IS NOT DISTINCT FROM $2::uuid ORDER BY id LIMIT 1`,
    [header.blobKey, header.replay],
  );
  return closedRow.parse(rows[0]);
}

export interface Counts {
  readonly accepted: number;
  /** Held back, or stored and not served. */
  readonly rejected: number;
  readonly written: number;
  readonly revised: number;
}

/** The newest market time of a batch's accepted rows, and the fetch of what has none. */
function newestAsOf({ quotes, bars, constituents = [] }: Decision): Date | null {
  let newest = Number.NEGATIVE_INFINITY;
  for (const { quote } of quotes) newest = Math.max(newest, quote.asOf);
  for (const series of bars) for (const bar of series.bars) newest = Math.max(newest, bar.startsAt);
  for (const { fetchedAt } of constituents) newest = Math.max(newest, fetchedAt);
  return Number.isFinite(newest) ? new Date(newest) : null;
}

/**
 * Closes a batch: its counts, statistics and quarantined rows, which watched symbols the source has, and the end of
 * its task unless it has one. All but the quarantine in one statement: a statement costs more than most of what is in it.
 */
export async function closeBatch(
  db: Connection,
  header: BatchHeader,
  batchId: string,
  decision: Decision,
  counts: Counts,
): Promise<void> {
  const { verdict, statistics, rejected, seen } = decision;
  const closed = await db.query({
    name: 'close-batch',
    text: `
      WITH closed AS (
        UPDATE batch SET accepted = $2, rejected = $3, written = $4, reason = $5, message = $6, detail = $25, newest_as_of = $23 WHERE id = $1
      ), summed AS (
        INSERT INTO batch_statistics (batch_id, currency, count, rejected, mean, median, min, max, up, down, unchanged, volume)
        SELECT $1, * FROM unnest($7::text[], $8::int[], $9::int[], $10::numeric[], $11::numeric[], $12::numeric[],
                                 $13::numeric[], $14::int[], $15::int[], $16::int[], $17::numeric[])
      ), seen AS (
        ${noteSeenText('$26', '$27', '$28')}
      ), ended AS (
      UPDATE task SET status = $18, reason = $5, message = $6, detail = $25, accepted = $2, rejected = $3, batch_id = $1,
                      finished_at = clock_timestamp(), lease_until = NULL
      WHERE run_id = $19 AND part = $20
        -- A success takes over from the monitor, which ended the task because nothing had come of it.
        AND (finished_at IS NULL OR ($18 = 'succeeded' AND status = 'failed' AND batch_id IS NULL AND detail->>'code' = 'no_outcome'))
        -- The answer of a worker that lost its lease is as good as any; its failure is not the task's any more.
        AND ($18 = 'succeeded' OR attempt = $24)
        -- A chunk of a backfill that failed in passing is tried again: the monitor sends it back to the planner.
        AND NOT (backfill AND $18 = 'failed' AND $5 = ANY ($21::text[]) AND attempt < $22)
      )
      SELECT * FROM seen`,
    values: [
      batchId,
      counts.accepted,
      counts.rejected,
      counts.written,
      verdict.reason,
      verdict.message,
      texts(statistics.map((each) => each.currency)),
      numbers(statistics.map((each) => each.count)),
      numbers(statistics.map((each) => each.rejected)),
      numbers(statistics.map((each) => each.mean)),
      numbers(statistics.map((each) => each.median)),
      numbers(statistics.map((each) => each.min)),
      numbers(statistics.map((each) => each.max)),
      numbers(statistics.map((each) => each.up)),
      numbers(statistics.map((each) => each.down)),
      numbers(statistics.map((each) => each.unchanged)),
      numbers(statistics.map((each) => each.volume)),
      verdict.status,
      header.runId,
      header.part,
      texts(passingReasons),
      chunkAttempts,
      newestAsOf(decision),
      header.attempt,
      verdict.detail,
      header.sourceId,
      texts(seen?.found ?? []),
      texts(seen?.missing ?? []),
    ],
  });
  publishSeen(db, header.sourceId, closed);
  await holdBack(db, header, batchId, rejected);
}
