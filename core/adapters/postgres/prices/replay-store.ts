import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { jobKinds } from '../../../contracts/words/job-kinds.ts';
import type { ReplayStore } from '../../../ports/replay-store.ts';
import type { Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';

export const replayBlobRow = z.object({
  blobKey: z.string(),
  runId: z.uuid(),
  part: z.int(),
  attempt: z.int(),
  sourceId: z.string(),
  job: z.string(),
  kind: z.enum(jobKinds),
  paths: z.array(z.string()),
});

const runRow = z.object({ sourceId: z.string() });
const askedRow = z.object({ narrower: z.boolean() });

const progressRow = z.object({
  id: z.string(),
  requestedAt: instant,
  blobs: z.int(),
  read: z.int(),
  failed: z.int(),
  accepted: z.int(),
  rejected: z.int(),
  released: z.int(),
  written: z.int(),
});

/** Replays in Postgres. */
export function replayStore(pool: Pool): VisibleTo<ReplayStore> {
  return (visible) => ({
    async ofQuarantine(of) {
      const result = await pool.query({
        text: `SELECT q.blob_key AS "blobKey", b.run_id AS "runId", b.part, b.attempt, b.source_id AS "sourceId", r.job, b.kind,
                      array_agg(q.path ORDER BY q.id) AS paths
               FROM quarantine q JOIN batch b ON b.id = q.batch_id JOIN run r ON r.id = b.run_id
               WHERE q.resolved_at IS NULL AND ($1::bigint[] IS NULL OR q.id = ANY ($1))
                 AND ($2::text IS NULL OR q.source_id = $2) AND ($3::text IS NULL OR q.reason = $3)
                 AND b.kind = ANY ($5::text[]) AND ($6::text[] IS NULL OR q.source_id = ANY ($6))
               GROUP BY q.blob_key, b.run_id, b.part, b.attempt, b.source_id, r.job, b.kind
               ORDER BY min(q.id) LIMIT $4`,
        // What a later release collected is not this one's to read.
        values: [of.ids, of.sourceId, of.reason, of.limit, jobKinds, visible.ids],
      });
      return rowsOf(replayBlobRow, result);
    },

    async ofRun(runId, limit) {
      const run = firstRow(runRow, await pool.query('SELECT source_id AS "sourceId" FROM run WHERE id = $1', [runId]));
      if (!run) return null;
      visible.require(run.sourceId);
      const result = await pool.query({
        text: `SELECT a.blob_key AS "blobKey", r.id AS "runId", a.part, a.attempt, r.source_id AS "sourceId", r.job, r.kind,
                      '{}'::text[] AS paths
               FROM run r JOIN task_attempt a ON a.run_id = r.id
               WHERE r.id = $1 AND a.blob_key IS NOT NULL AND r.kind = ANY ($3::text[])
               ORDER BY a.part, a.attempt LIMIT $2`,
        values: [runId, limit, jobKinds],
      });
      return rowsOf(replayBlobRow, result);
    },

    async create(of) {
      await pool.query(
        'INSERT INTO replay (id, requested_at, requested_by, blobs) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING',
        [of.id, of.at, of.keyId, of.blobs],
      );
    },

    async find(id) {
      // Its counts are of all its blobs. Which sources these are is known by who asked for it: keys see what theirs are.
      const asked = firstRow(
        askedRow,
        await pool.query(
          `SELECT $3 OR coalesce(k.use = ANY ($2::text[]), false) AS narrower
           FROM replay r LEFT JOIN api_key k ON k.id = r.requested_by WHERE r.id = $1`,
          [id, visible.narrowerUses, visible.all],
        ),
      );
      if (asked?.narrower === false) throw visible.refusal();
      const result = await pool.query(
        `SELECT r.id, r.requested_at AS "requestedAt", r.blobs, count(b.id)::int AS read,
                count(b.id) FILTER (WHERE b.detail->>'code' IN ('blob_missing', 'blob_damaged', 'too_large'))::int AS failed,
                coalesce(sum(b.accepted), 0)::int AS accepted,
                coalesce(sum(b.rejected), 0)::int AS rejected,
                coalesce(sum(coalesce(b.released, b.accepted)), 0)::int AS released, coalesce(sum(b.written), 0)::int AS written
         FROM replay r LEFT JOIN batch b ON b.replay = r.id WHERE r.id = $1 GROUP BY r.id`,
        [id],
      );
      return firstRow(progressRow, result);
    },
  });
}
