import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import type { FailureDetail } from '../../../contracts/words/failure-details.ts';
import type { RepairReason } from '../../../contracts/words/repair-reasons.ts';
import { barIntervals } from '../../../market/bar.ts';
import type { BackfillStore, NewBackfill } from '../../../ports/backfill-store.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';
import { insertRun } from './runs.ts';

const byCancelling: FailureDetail = { code: 'backfill_cancelled' };

const summed = `SELECT b.run_id AS id, b.source_id AS "sourceId", b.interval, b.symbols, b.from_date::text AS "from",
    b.to_date::text AS "to", b.chunks, b.created_at AS "createdAt", b.cancelled_at AS "cancelledAt", s.*
  FROM backfill b CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE status = 'succeeded')::int AS done,
           count(*) FILTER (WHERE status = 'failed')::int AS failed,
           count(*) FILTER (WHERE status IN ('queued', 'running', 'fetched'))::int AS running,
           count(*) FILTER (WHERE status = 'planned')::int AS waiting,
           coalesce(sum(accepted), 0)::int AS rows,
           max(finished_at) AS "lastFinishedAt",
           min(waits_until) FILTER (WHERE status = 'planned') AS "waitsUntil"
    FROM task t WHERE t.run_id = b.run_id) s`;

const ownerRow = z.object({ sourceId: z.string() });

const backfillRow = z.object({
  id: z.string(),
  sourceId: z.string(),
  interval: z.enum(barIntervals).catch('1d'),
  symbols: z.array(z.string()),
  from: z.string(),
  to: z.string(),
  chunks: z.int(),
  createdAt: instant,
  cancelledAt: instant.nullable(),
  done: z.int(),
  failed: z.int(),
  running: z.int(),
  waiting: z.int(),
  rows: z.int(),
  lastFinishedAt: instant.nullable(),
  waitsUntil: instant.nullable(),
});

/** Stores a backfill with all its chunks; `repair` says why the planner made it. One of the same id stays as it is. */
export async function insertBackfill(db: Connection, backfill: NewBackfill & { repair?: RepairReason }): Promise<void> {
  const { id, sourceId, job, slot, interval, symbols, from, to, now, chunks, repair } = backfill;
  const created = await insertRun(db, {
    id,
    sourceId,
    job,
    kind: 'bars',
    trigger: 'backfill',
    slot,
    dueAt: now,
    plannedAt: now,
    tasks: chunks.map(({ symbol, range }) => ({ symbols: [symbol], range })),
  });
  if (!created) return;
  await db.query(
    `INSERT INTO backfill (run_id, source_id, interval, symbols, from_date, to_date, chunks, created_at, repair)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [id, sourceId, interval, symbols, from, to, chunks.length, now, repair ?? null],
  );
}

/** Backfills in Postgres. */
export function backfillStore(pool: Pool): VisibleTo<BackfillStore> {
  return (visible) => ({
    create: (backfill) =>
      inTransaction(pool, async (db) => {
        visible.require(backfill.sourceId);
        await insertBackfill(db, backfill);
      }),

    async one(id) {
      const row = firstRow(backfillRow, await pool.query(`${summed} WHERE b.run_id = $1`, [id]));
      if (row) visible.require(row.sourceId);
      return row;
    },

    async list(of) {
      const result = await pool.query(
        `${summed} WHERE ($1::timestamptz IS NULL OR b.created_at < $1 OR (b.created_at = $1 AND b.run_id > $2::uuid))
           AND ($4::text[] IS NULL OR b.source_id = ANY ($4))
         ORDER BY b.created_at DESC, b.run_id LIMIT $3`,
        [of.after?.createdAt ?? null, of.after?.id ?? null, of.limit, visible.ids],
      );
      return rowsOf(backfillRow, result);
    },

    cancel: (id, now) =>
      inTransaction(pool, async (db) => {
        const found = await db.query(
          `UPDATE backfill SET cancelled_at = coalesce(cancelled_at, $2) WHERE run_id = $1 RETURNING source_id AS "sourceId"`,
          [id, now],
        );
        const cancelled = firstRow(ownerRow, found);
        if (!cancelled) return false;
        visible.require(cancelled.sourceId);
        await db.query(`DELETE FROM task WHERE run_id = $1 AND status = 'planned' AND attempt = 0`, [id]);
        await db.query(
          `UPDATE task t SET status = 'failed', finished_at = $2, detail = $3, message = 'The backfill was cancelled before another try.',
                  reason = coalesce((SELECT a.reason FROM task_attempt a WHERE a.run_id = t.run_id AND a.part = t.part
                                     ORDER BY a.attempt DESC LIMIT 1), 'unexplained')
           WHERE t.run_id = $1 AND t.status = 'planned' AND t.finished_at IS NULL`,
          [id, now, byCancelling],
        );
        return true;
      }),
  });
}
