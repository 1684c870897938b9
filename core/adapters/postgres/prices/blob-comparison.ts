import * as z from 'zod';
import type { ComparisonStore } from '../../../ports/blob-comparison.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { servicesAt } from '../database/switches.ts';

const comparedRow = z.object({
  sourceId: z.string().nullable(),
  afterDays: z.int().nullable(),
  day: z.string().nullable(),
  lastKey: z.string().nullable(),
  waits: z.boolean(),
});
const unreadRow = z.object({
  blobKey: z.string(),
  sourceId: z.string().nullable(),
  job: z.string().nullable(),
  kind: z.string().nullable(),
});

/** What Postgres says on raw blobs. */
export function postgresComparisonStore(pool: Pool): ComparisonStore {
  return {
    async comparedTo(since) {
      const found = await pool.query(
        `SELECT c.source_id AS "sourceId", c.after_days AS "afterDays", c.day::text AS day, c.last_key AS "lastKey",
                EXISTS (SELECT FROM ${servicesAt('clock_timestamp()')}
                        WHERE service_id = 'ingest' AND (NOT running OR changed_at > $1)) AS waits
         FROM (SELECT) one LEFT JOIN blob_comparison c ON true`,
        [since],
      );
      const rows = rowsOf(comparedRow, found);
      if (rows.some(({ waits }) => waits)) return null;
      return rows.flatMap(({ sourceId, afterDays, day, lastKey }) =>
        sourceId !== null && afterDays !== null && day !== null ? [{ sourceId, afterDays, day, lastKey }] : [],
      );
    },

    async unread(blobs) {
      const found = await pool.query(
        `SELECT k.blob_key AS "blobKey", r.source_id AS "sourceId", r.job, r.kind
         FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS k (blob_key, run_id, place)
         LEFT JOIN run r ON r.id = k.run_id
         WHERE NOT EXISTS (SELECT FROM batch b WHERE b.blob_key = k.blob_key) ORDER BY k.place`,
        [blobs.map(({ blobKey }) => blobKey), blobs.map(({ runId }) => runId)],
      );
      return rowsOf(unreadRow, found).map(({ blobKey, sourceId, job, kind }) => ({
        blobKey,
        run: sourceId !== null && job !== null && kind !== null ? { sourceId, job, kind } : null,
      }));
    },

    async keep({ sourceId, afterDays, day, lastKey }) {
      await pool.query(
        `INSERT INTO blob_comparison (source_id, after_days, day, last_key) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source_id, after_days) DO UPDATE SET day = $3, last_key = $4`,
        [sourceId, afterDays, day, lastKey],
      );
    },
  };
}
