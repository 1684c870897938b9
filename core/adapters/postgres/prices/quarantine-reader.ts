import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { quarantineReasons } from '../../../contracts/words/quarantine-reasons.ts';
import { keptFindingSchema } from '../../../contracts/words/row-findings.ts';
import type { QuarantineReader } from '../../../ports/quarantine-reader.ts';
import type { Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';

const columns = `id, at, source_id AS "sourceId", reason, symbol, finding, detail, path, row, run_id AS "runId",
  blob_key AS "blobKey", batch_id AS "batchId"`;

const quarantinedRow = z.object({
  id: z.string(),
  at: instant,
  sourceId: z.string(),
  reason: z.enum(quarantineReasons).catch('schema'),
  symbol: z.string().nullable(),
  finding: keptFindingSchema,
  detail: z.string(),
  path: z.string(),
  row: z.record(z.string(), z.unknown()).nullable().catch(null),
  runId: z.string(),
  blobKey: z.string(),
  batchId: z.string(),
});

/** Reads of the quarantine from Postgres. */
export function quarantineReader(pool: Pool): VisibleTo<QuarantineReader> {
  return (visible) => ({
    async one(id) {
      const row = firstRow(quarantinedRow, await pool.query(`SELECT ${columns} FROM quarantine WHERE id = $1`, [id]));
      if (row) visible.require(row.sourceId);
      return row;
    },

    async list(of) {
      const result = await pool.query({
        name: 'quarantine-list',
        text: `SELECT ${columns} FROM quarantine
               WHERE resolved_at IS NULL AND ($1::text IS NULL OR source_id = $1) AND ($2::text IS NULL OR reason = $2)
                 AND ($3::bigint IS NULL OR id < $3) AND ($5::text[] IS NULL OR source_id = ANY ($5))
               ORDER BY id DESC LIMIT $4`,
        values: [of.sourceId, of.reason, of.before, of.limit, visible.ids],
      });
      return rowsOf(quarantinedRow, result);
    },
  });
}
