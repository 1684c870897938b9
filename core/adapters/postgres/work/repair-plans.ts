import * as z from 'zod';
import { repairReasons } from '../../../contracts/words/repair-reasons.ts';
import { barIntervals } from '../../../market/bar.ts';
import { type RepairPlan, repairsPerTick, type WantedRepair } from '../../../planning/repairs.ts';
import type { RepairSource } from '../../../ports/plan-store.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { milliseconds, rowsOf } from '../database/rows.ts';
import { isPausedAt, runsAt } from '../database/switches.ts';
import { endRepairs } from '../prices/repair-wants.ts';
import { insertBackfill } from './backfill-store.ts';

const wantedRow = z.object({
  listingId: z.int(),
  sourceId: z.string(),
  interval: z.enum(barIntervals),
  why: z.enum(repairReasons),
  from: z.string(),
  to: z.string(),
  canonical: z.string().nullable(),
  symbol: z.string().nullable(),
  wantedAt: milliseconds,
});
const todayRow = z.object({ sourceId: z.string(), chunks: z.int() });

/** SQL: the backfill of a wish has ended: none of its chunks is open. */
const hasEnded =
  'w.run_id IS NOT NULL AND NOT EXISTS (SELECT FROM task t WHERE t.run_id = w.run_id AND t.finished_at IS NULL)';
/** SQL: it was for all days of the wish, which may have grown meanwhile. */
const wasForAll = `EXISTS (SELECT FROM backfill b WHERE b.run_id = w.run_id AND b.from_date <= w.from_date AND b.to_date >= w.to_date)`;

/** See `PlanStore.repairs`. */
export async function planRepairsIn(
  pool: Pool,
  now: Date,
  sources: readonly RepairSource[],
  decide: (wanted: readonly WantedRepair[], chunksToday: ReadonlyMap<string, number>) => RepairPlan,
): Promise<void> {
  await inTransaction(pool, async (db) => {
    await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('repairs', 0))`);
    await db.query(endRepairs(`WHERE ${hasEnded} AND ${wasForAll}`));
    await db.query(`UPDATE repair_wanted w SET run_id = NULL WHERE ${hasEnded}`);
    const wanted = await db.query(
      `SELECT w.listing_id AS "listingId", w.source AS "sourceId", w.interval, w.why, w.from_date::text AS "from",
              w.to_date::text AS "to", c.symbol AS canonical, o.symbol, w.wanted_at AS "wantedAt"
       FROM repair_wanted w JOIN unnest($2::text[], $3::bool[]) AS s (id, locked) ON s.id = w.source
       LEFT JOIN LATERAL (SELECT symbol FROM symbol_alias WHERE listing_id = w.listing_id AND namespace = 'canonical'
                          AND valid_to = 'infinity' ORDER BY symbol LIMIT 1) c ON true
       LEFT JOIN LATERAL (SELECT symbol FROM symbol_alias WHERE listing_id = w.listing_id AND namespace = w.source
                          AND valid_to = 'infinity' ORDER BY symbol LIMIT 1) o ON true
       WHERE w.run_id IS NULL AND w.not_before <= $1 AND ${runsAt('scheduler', '$1')}
         AND w.interval = ANY ($5::text[]) AND w.why = ANY ($6::text[])
         AND NOT EXISTS (SELECT FROM source_state p WHERE p.source_id = w.source AND ${isPausedAt('p', '$1')})
         AND (NOT s.locked OR EXISTS (SELECT FROM source_credentials k WHERE k.source_id = w.source AND k.is_set))
       ORDER BY w.not_before, w.listing_id LIMIT $4`,
      [
        now,
        texts(sources.map(({ id }) => id)),
        texts(sources.map(({ locked }) => String(locked))),
        repairsPerTick,
        texts(barIntervals),
        texts(repairReasons),
      ],
    );
    const found = rowsOf(wantedRow, wanted);
    if (found.length === 0) return;
    const today = await db.query(
      `SELECT source_id AS "sourceId", sum(chunks)::int AS chunks FROM backfill
       WHERE repair IS NOT NULL AND created_at >= date_trunc('day', $1::timestamptz, 'UTC') GROUP BY 1`,
      [now],
    );
    const { planned, impossible } = decide(
      found,
      new Map(rowsOf(todayRow, today).map(({ sourceId, chunks }) => [sourceId, chunks])),
    );
    for (const { wanted: of, ...backfill } of planned) {
      const { sourceId, interval, from, to, why } = of;
      await insertBackfill(db, { ...backfill, sourceId, interval, from, to, now, repair: why });
    }
    const keyed = (each: readonly WantedRepair[]) => [
      numbers(each.map((of) => of.listingId)),
      texts(each.map((of) => of.sourceId)),
      texts(each.map((of) => of.interval)),
      texts(each.map((of) => of.why)),
    ];
    const isOf = 'w.listing_id = t.l AND w.source = t.s AND w.interval = t.i AND w.why = t.y';
    if (planned.length > 0)
      await db.query(
        `UPDATE repair_wanted w SET run_id = t.run
         FROM unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::uuid[]) AS t (l, s, i, y, run) WHERE ${isOf}`,
        [...keyed(planned.map((each) => each.wanted)), texts(planned.map((each) => each.id))],
      );
    if (impossible.length > 0)
      await db.query(
        `DELETE FROM repair_wanted w USING unnest($1::int[], $2::text[], $3::text[], $4::text[]) AS t (l, s, i, y) WHERE ${isOf}`,
        keyed(impossible),
      );
  });
}
