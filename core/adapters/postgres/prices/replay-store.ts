import * as z from 'zod';
import { jobKinds } from '../../../contracts/words/job-kinds.ts';
import type { Pool } from '../database/pool.ts';

/** A raw blob to read anew, and the rows of it that were chosen in the quarantine. */
const blobRow = z.object({
  blobKey: z.string(),
  runId: z.uuid(),
  part: z.int(),
  attempt: z.int(),
  sourceId: z.string(),
  job: z.string(),
  kind: z.enum(jobKinds),
  paths: z.array(z.string()),
});
export type ReplayBlob = z.infer<typeof blobRow>;

export interface ReplayRow {
  readonly id: string;
  readonly requested_at: Date;
  readonly blobs: number;
  readonly read: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly written: number;
}

export type ReplayStore = ReturnType<typeof replayStore>;

/** Which raw blobs are to be read anew, and how far that is. */
export function replayStore(pool: Pool) {
  return {
    /** Blobs of open rows of the quarantine that fit all that is not `null`, the oldest row first. */
    async ofQuarantine(of: {
      ids: readonly string[] | null;
      sourceId: string | null;
      reason: string | null;
      limit: number;
    }): Promise<ReplayBlob[]> {
      const { rows } = await pool.query({
        text: `SELECT q.blob_key AS "blobKey", b.run_id AS "runId", b.part, b.attempt, b.source_id AS "sourceId", r.job, b.kind,
                      array_agg(q.path ORDER BY q.id) AS paths
               FROM quarantine q JOIN batch b ON b.id = q.batch_id JOIN run r ON r.id = b.run_id
               WHERE q.resolved_at IS NULL AND ($1::bigint[] IS NULL OR q.id = ANY ($1))
                 AND ($2::text IS NULL OR q.source_id = $2) AND ($3::text IS NULL OR q.reason = $3)
               GROUP BY q.blob_key, b.run_id, b.part, b.attempt, b.source_id, r.job, b.kind
               ORDER BY min(q.id) LIMIT $4`,
        values: [of.ids, of.sourceId, of.reason, of.limit],
      });
      return rows.map((row) => blobRow.parse(row));
    },

    /** Every blob of a run; `null` when there is no such run. */
    async ofRun(runId: string, limit: number): Promise<ReplayBlob[] | null> {
      const { rows } = await pool.query({
        text: `SELECT a.blob_key AS "blobKey", r.id AS "runId", a.part, a.attempt, r.source_id AS "sourceId", r.job, r.kind,
                      '{}'::text[] AS paths
               FROM run r LEFT JOIN task_attempt a ON a.run_id = r.id AND a.blob_key IS NOT NULL
               WHERE r.id = $1 ORDER BY a.part, a.attempt LIMIT $2`,
        values: [runId, limit],
      });
      return rows.length === 0 ? null : rows.filter((row) => row.blobKey !== null).map((row) => blobRow.parse(row));
    },

    /** Keeps that a replay was asked for. The same id again changes nothing. */
    async create(of: { id: string; at: Date; keyId: string | null; blobs: number }): Promise<void> {
      await pool.query(
        'INSERT INTO replay (id, requested_at, requested_by, blobs) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING',
        [of.id, of.at, of.keyId, of.blobs],
      );
    },

    /** How far a replay is; `null` when there is none of that id. */
    async find(id: string): Promise<ReplayRow | null> {
      const { rows } = await pool.query<ReplayRow>(
        `SELECT r.id, r.requested_at, r.blobs, count(b.id)::int AS read, coalesce(sum(b.accepted), 0)::int AS accepted,
                coalesce(sum(b.rejected), 0)::int AS rejected, coalesce(sum(b.written), 0)::int AS written
         FROM replay r LEFT JOIN batch b ON b.replay = r.id WHERE r.id = $1 GROUP BY r.id`,
        [id],
      );
      return rows[0] ?? null;
    },
  };
}
