import type { BarRange } from '../../../contracts/messages.ts';
import type { FailureDetail } from '../../../contracts/words/failure-details.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { insertRun } from './runs.ts';

const cancelled: FailureDetail = { code: 'backfill_cancelled' };

export interface NewBackfill {
  /** Of the run, too. */
  readonly id: string;
  readonly sourceId: string;
  readonly job: string;
  /** The request's id: the same one again is the same backfill. */
  readonly slot: string;
  readonly interval: BarRange['interval'];
  /** Canonical. */
  readonly symbols: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly now: Date;
  /** In the source's namespace. */
  readonly chunks: readonly { readonly symbol: string; readonly range: BarRange }[];
}

export interface BackfillRow {
  readonly id: string;
  readonly source_id: string;
  readonly interval: string;
  readonly symbols: readonly string[];
  readonly from_date: string;
  readonly to_date: string;
  readonly chunks: number;
  readonly created_at: Date;
  readonly cancelled_at: Date | null;
  readonly done: number;
  readonly failed: number;
  readonly running: number;
  readonly waiting: number;
  readonly rows: number;
  readonly last_finished_at: Date | null;
  /** Before this, none of those that wait will go on. */
  readonly waits_until: Date | null;
}

export type BackfillStore = ReturnType<typeof backfillStore>;

const summed = `SELECT b.run_id AS id, b.source_id, b.interval, b.symbols, b.from_date::text, b.to_date::text, b.chunks,
    b.created_at, b.cancelled_at, s.*
  FROM backfill b CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE status = 'succeeded')::int AS done,
           count(*) FILTER (WHERE status = 'failed')::int AS failed,
           count(*) FILTER (WHERE status IN ('queued', 'running', 'fetched'))::int AS running,
           count(*) FILTER (WHERE status = 'planned')::int AS waiting,
           coalesce(sum(accepted), 0)::int AS rows,
           max(finished_at) AS last_finished_at,
           min(waits_until) FILTER (WHERE status = 'planned') AS waits_until
    FROM task t WHERE t.run_id = b.run_id) s`;

/** Backfills: runs whose tasks are ranges of the past. */
export function backfillStore(pool: Pool) {
  return {
    /** Makes a backfill with all its chunks, or leaves the one of this id as it is. */
    create: (backfill: NewBackfill): Promise<void> =>
      inTransaction(pool, async (db) => {
        const { id, sourceId, job, slot, interval, symbols, from, to, now, chunks } = backfill;
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
          `INSERT INTO backfill (run_id, source_id, interval, symbols, from_date, to_date, chunks, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
          [id, sourceId, interval, symbols, from, to, chunks.length, now],
        );
      }),

    async one(id: string): Promise<BackfillRow | null> {
      const { rows } = await pool.query<BackfillRow>(`${summed} WHERE b.run_id = $1`, [id]);
      return rows[0] ?? null;
    },

    /** A page, the newest first. */
    async list(of: { after: { createdAt: Date; id: string } | null; limit: number }): Promise<BackfillRow[]> {
      const { rows } = await pool.query<BackfillRow>(
        `${summed} WHERE $1::timestamptz IS NULL OR b.created_at < $1 OR (b.created_at = $1 AND b.run_id > $2::uuid)
         ORDER BY b.created_at DESC, b.run_id LIMIT $3`,
        [of.after?.createdAt ?? null, of.after?.id ?? null, of.limit],
      );
      return rows;
    },

    /**
     * Ends a backfill: chunks that were never asked for are gone, those that wait for another try have failed. What is
     * with a worker ends as it would. Gives whether there is such a backfill.
     */
    cancel: (id: string, now: Date): Promise<boolean> =>
      inTransaction(pool, async (db) => {
        const { rowCount } = await db.query(
          'UPDATE backfill SET cancelled_at = coalesce(cancelled_at, $2) WHERE run_id = $1',
          [id, now],
        );
        if (!rowCount) return false;
        await db.query(`DELETE FROM task WHERE run_id = $1 AND status = 'planned' AND attempt = 0`, [id]);
        await db.query(
          `UPDATE task t SET status = 'failed', finished_at = $2, detail = $3, message = 'The backfill was cancelled before another try.',
                  reason = coalesce((SELECT a.reason FROM task_attempt a WHERE a.run_id = t.run_id AND a.part = t.part
                                     ORDER BY a.attempt DESC LIMIT 1), 'unexplained')
           WHERE t.run_id = $1 AND t.status = 'planned' AND t.finished_at IS NULL`,
          [id, now, cancelled],
        );
        return true;
      }),
  };
}
