import * as z from 'zod';
import type { ModelStore } from '../../../ports/model-store.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { decimalText, firstRow, instant, onlyRow, rowsOf } from '../database/rows.ts';

const holding = z.object({ symbol: z.string(), weight: z.string(), sector: z.string().nullable() });
const modelRow = z.object({
  id: z.string(),
  name: z.string().nullable(),
  holdings: z.array(holding),
  revision: z.int(),
  createdAt: instant,
  updatedAt: instant,
});
const itemRow = modelRow.extend({ holdings: z.int(), weightSum: decimalText });
const countRow = z.object({ count: z.int() });

const columns = 'id, name, holdings, revision, created_at AS "createdAt", updated_at AS "updatedAt"';

/** Model portfolios in Postgres. */
export function modelStore(pool: Pool): ModelStore {
  return {
    async page({ after, limit }) {
      const result = await pool.query({
        name: 'models-page',
        text: `SELECT m.id, m.name, m.revision, m.created_at AS "createdAt", m.updated_at AS "updatedAt",
                      h.holdings, h."weightSum"
               FROM model m CROSS JOIN LATERAL (
                 SELECT count(*)::int AS holdings, coalesce(sum((each->>'weight')::numeric), 0)::text AS "weightSum"
                 FROM jsonb_array_elements(m.holdings) each) h
               WHERE m.id > $1 ORDER BY m.id LIMIT $2`,
        values: [after, limit],
      });
      return rowsOf(itemRow, result);
    },

    async one(id) {
      return firstRow(
        modelRow,
        await pool.query({ name: 'model', text: `SELECT ${columns} FROM model WHERE id = $1`, values: [id] }),
      );
    },

    put: ({ id, name, holdings }, now, most) =>
      inTransaction(pool, async (db) => {
        await db.query("SELECT pg_advisory_xact_lock(hashtextextended('models', 0))");
        const former = firstRow(modelRow, await db.query(`SELECT ${columns} FROM model WHERE id = $1`, [id]));
        if (!former) {
          const { count } = onlyRow(countRow, await db.query('SELECT count(*)::int AS count FROM model'));
          if (count >= most) return 'full';
        }
        // As the database compares JSON: the order of holdings counts, that of their fields does not.
        const stored = await db.query(
          `INSERT INTO model (id, name, holdings, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
           ON CONFLICT (id) DO UPDATE SET name = excluded.name, holdings = excluded.holdings,
             revision = model.revision + 1, updated_at = excluded.updated_at
           WHERE (model.name, model.holdings) IS DISTINCT FROM (excluded.name, excluded.holdings)
           RETURNING ${columns}`,
          [id, name, JSON.stringify(holdings.map(({ symbol, weight, sector }) => ({ symbol, weight, sector }))), now],
        );
        const changed = firstRow(modelRow, stored);
        if (changed) return { model: changed, change: former ? 'replaced' : 'created' };
        if (former) return { model: former, change: 'none' };
        throw new Error('A model that was not there was not stored.');
      }),

    async remove(id) {
      const result = await pool.query('DELETE FROM model WHERE id = $1', [id]);
      return result.rowCount === 1;
    },
  };
}
