import * as z from 'zod';
import type { RepairReason } from '../../../contracts/words/repair-reasons.ts';
import type { BarInterval } from '../../../market/bar.ts';
import { repairPauseDays, repairTries, repairTriesOfSeries, repairWaitDays } from '../../../planning/repairs.ts';
import type { AnsweredRange } from '../../../prices/answered-range.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

/** Days of a series, both included, that are to be read again. */
export interface RepairWish {
  readonly listingId: number;
  readonly interval: BarInterval;
  readonly why: RepairReason;
  readonly from: string;
  readonly to: string;
}

/**
 * Notes what is to be read again, one row of a series and reason. What was read for that reason already is asked for again
 * after a pause that grows, and not for ever. Bars that are stale are wrong by a multiple and wait for nothing.
 */
export async function wantRepairs(db: Connection, sourceId: string, wishes: readonly RepairWish[]): Promise<void> {
  if (wishes.length === 0) return;
  await db.query({
    name: 'want-repairs',
    text: `
      INSERT INTO repair_wanted AS w (listing_id, source, interval, why, from_date, to_date, wanted_at, not_before)
      SELECT t.listing_id, $1, t.interval, t.why, min(t.from_date), max(t.to_date), statement_timestamp(),
             statement_timestamp() + CASE t.why WHEN 'stale' THEN interval '0' ELSE interval '${repairWaitDays} days' END
      FROM unnest($2::int[], $3::text[], $4::text[], $5::date[], $6::date[]) AS t (listing_id, interval, why, from_date, to_date)
      WHERE NOT EXISTS (
        SELECT FROM repair_read r
        WHERE r.listing_id = t.listing_id AND r.source = $1 AND r.interval = t.interval AND r.why = t.why
          AND (r.tries >= ${repairTriesOfSeries}
               OR (r.from_date <= t.from_date AND r.to_date >= t.to_date
                   AND (r.tries >= ${repairTries}
                        OR r.read_at > statement_timestamp() - r.tries * r.tries * interval '${repairPauseDays} days'))))
      GROUP BY t.listing_id, t.interval, t.why
      ON CONFLICT (listing_id, source, interval, why) DO UPDATE SET
        from_date = least(w.from_date, excluded.from_date), to_date = greatest(w.to_date, excluded.to_date)
      WHERE w.from_date > excluded.from_date OR w.to_date < excluded.to_date`,
    values: [
      sourceId,
      numbers(wishes.map((wish) => wish.listingId)),
      texts(wishes.map((wish) => wish.interval)),
      texts(wishes.map((wish) => wish.why)),
      texts(wishes.map((wish) => wish.from)),
      texts(wishes.map((wish) => wish.to)),
    ],
  });
}

/** Notes that holes of stored series are to be read again, source by source. */
export async function wantHoleRepairs(
  pool: Pool,
  holes: readonly (Omit<RepairWish, 'why'> & { readonly sourceId: string })[],
): Promise<void> {
  for (const [sourceId, of] of Map.groupBy(holes, (hole) => hole.sourceId))
    await inTransaction(pool, (db) =>
      wantRepairs(
        db,
        sourceId,
        of.map((hole) => ({ ...hole, why: 'hole' })),
      ),
    );
}

/** SQL: removes wishes that were read, and remembers that they were. `which` picks rows of `repair_wanted w`. */
export const endRepairs = (which: string): string => `
  WITH ended AS (DELETE FROM repair_wanted w ${which} RETURNING w.listing_id, w.source, w.interval, w.why, w.from_date, w.to_date)
  INSERT INTO repair_read AS r (listing_id, source, interval, why, from_date, to_date, tries, read_at)
  SELECT DISTINCT ON (listing_id, source, interval, why) listing_id, source, interval, why, from_date, to_date, 1, statement_timestamp()
  FROM ended
  ON CONFLICT (listing_id, source, interval, why) DO UPDATE SET
    from_date = least(r.from_date, excluded.from_date), to_date = greatest(r.to_date, excluded.to_date),
    tries = r.tries + 1, read_at = excluded.read_at`;

/** Ends the wishes that an answer fulfils: it speaks for all of their days, and was fetched since. */
export async function endReadRepairs(
  db: Connection,
  sourceId: string,
  ranges: readonly AnsweredRange[],
): Promise<void> {
  if (ranges.length === 0) return;
  await db.query({
    name: 'end-read-repairs',
    text: endRepairs(`
      USING unnest($2::int[], $3::text[], $4::date[], $5::date[], $6::float8[]) AS t (listing_id, interval, first_day, last_day, fetched_at)
      WHERE w.listing_id = t.listing_id AND w.source = $1 AND w.interval = t.interval
        AND w.from_date >= t.first_day AND w.to_date <= t.last_day AND to_timestamp(t.fetched_at / 1000.0::float8) >= w.wanted_at`),
    values: [
      sourceId,
      numbers(ranges.map((range) => range.listingId)),
      texts(ranges.map((range) => range.interval)),
      texts(ranges.map((range) => range.firstDay)),
      texts(ranges.map((range) => range.lastDay)),
      numbers(ranges.map((range) => range.fetchedAt)),
    ],
  });
}

const daysRow = z.object({ from: z.string(), to: z.string() });

/** The days of a series that are being read again. */
export async function repairDays(
  db: Pick<Connection, 'query'>,
  listingId: number,
  source: string,
  interval: string,
): Promise<{ readonly from: string; readonly to: string }[]> {
  const result = await db.query({
    name: 'repair-days',
    text: `SELECT from_date::text AS "from", to_date::text AS "to" FROM repair_wanted
           WHERE listing_id = $1 AND source = $2 AND interval = $3`,
    values: [listingId, source, interval],
  });
  return rowsOf(daysRow, result);
}
