import * as z from 'zod';
import type { UnfinishedImports } from '../../../ports/unfinished-imports.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

const unfinishedRow = z.object({
  id: z.string(),
  sourceId: z.string(),
  createdAt: instant,
  parts: z.array(z.int()),
});

/** Imports in Postgres that nobody finished. None can be finished any more once it has expired. */
export function unfinishedImports(pool: Pool): UnfinishedImports {
  return {
    async expired(before, limit) {
      const result = await pool.query(
        `SELECT i.id, i.source_id AS "sourceId", i.created_at AS "createdAt", p.parts
         FROM import i
         CROSS JOIN LATERAL (SELECT array_agg(part ORDER BY part) AS parts FROM import_part WHERE import_id = i.id) p
         WHERE i.finished_at IS NULL AND i.expires_at < $1 AND p.parts IS NOT NULL
         ORDER BY i.expires_at LIMIT $2`,
        [before, limit],
      );
      return rowsOf(unfinishedRow, result);
    },
    async forget(ids) {
      await pool.query(
        `DELETE FROM import_part p USING import i
         WHERE p.import_id = i.id AND i.id = ANY ($1::uuid[]) AND i.finished_at IS NULL`,
        [ids],
      );
    },
  };
}
