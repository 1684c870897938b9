import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { quarantineReasons } from '../../../contracts/words/quarantine-reasons.ts';
import { keptFindingSchema } from '../../../contracts/words/row-findings.ts';
import type { QuarantineStore } from '../../../ports/quarantine-store.ts';
import type { Pool } from '../database/pool.ts';
import { firstRow, instant, rowsOf } from '../database/rows.ts';

const columns = `id, at, coalesce(first_seen_at, at) AS "firstSeenAt", source_id AS "sourceId", reason, symbol, finding, detail, path, row, run_id AS "runId",
  blob_key AS "blobKey", batch_id AS "batchId",
  resolved_at AS "resolvedAt", discarded_at AS "discardedAt", discarded_by AS "discardedBy", discarded_because AS "discardedBecause"`;

const quarantinedRow = z.object({
  id: z.string(),
  at: instant,
  firstSeenAt: instant,
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
  resolvedAt: instant.nullable(),
  discardedAt: instant.nullable(),
  discardedBy: z.string().nullable(),
  discardedBecause: z.string().nullable(),
});

/** The quarantine in Postgres. */
export function quarantineStore(pool: Pool): VisibleTo<QuarantineStore> {
  return (visible) => ({
    async one(id) {
      const row = firstRow(quarantinedRow, await pool.query(`SELECT ${columns} FROM quarantine WHERE id = $1`, [id]));
      if (row) visible.require(row.sourceId);
      return row;
    },

    async list(of) {
      const result = await pool.query({
        // A form for what is asked, so that each begins at an index of its own.
        name: `quarantine-${of.state}${of.sourceId === null ? '' : '-of-source'}${of.reason === null ? '' : '-of-reason'}`,
        text: `SELECT ${columns} FROM quarantine
               WHERE ${of.state === 'open' ? 'resolved_at IS NULL' : 'discarded_at IS NOT NULL'} AND ${of.sourceId === null ? '$1::text IS NULL' : 'source_id = $1'}
                 AND ${of.reason === null ? '$2::text IS NULL' : 'reason = $2'}
                 AND ($3::bigint IS NULL OR id < $3) AND ($5::text[] IS NULL OR source_id = ANY ($5))
               ORDER BY id DESC LIMIT $4`,
        values: [of.sourceId, of.reason, of.before, of.limit, visible.ids],
      });
      return rowsOf(quarantinedRow, result);
    },

    async discard({ ids, sourceId, reason }, { because, by, at, limit }) {
      const { rowCount } = await pool.query(
        `UPDATE quarantine SET resolved_at = $4, discarded_at = $4, discarded_by = $5, discarded_because = $6
         WHERE resolved_at IS NULL AND id IN (
           SELECT id FROM quarantine
           WHERE resolved_at IS NULL AND ($1::bigint[] IS NULL OR id = ANY ($1))
             AND ($2::text IS NULL OR source_id = $2) AND ($3::text IS NULL OR reason = $3)
             AND ($8::text[] IS NULL OR source_id = ANY ($8))
           ORDER BY id LIMIT $7)`,
        [ids, sourceId, reason, at, by, because, limit, visible.ids],
      );
      return rowCount ?? 0;
    },
  });
}
