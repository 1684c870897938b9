import * as z from 'zod';
import type { WithdrawnRow } from '../../../events/of-batch.ts';
import { barIntervals } from '../../../market/bar.ts';
import type { AnsweredRange } from '../../../prices/answered-range.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { isFetchedLater } from './fetch-order.ts';

const at = (column: string) => `to_timestamp(${column} / 1000.0::float8)`;

const barRow = z.object({ listingId: z.int(), interval: z.enum(barIntervals), day: z.string() });
const actionRow = z.object({ listingId: z.int(), day: z.string() });

/**
 * Withdraws what answers have left out of their ranges, and notes the ranges. A range that lies within a later answer's is
 * not noted, and replaces those within it of earlier answers. Provenance (`batch_id`) stays that of the row. Gives what it
 * has withdrawn.
 */
export async function withdraw(
  db: Connection,
  sourceId: string,
  ranges: readonly AnsweredRange[],
): Promise<WithdrawnRow[]> {
  if (ranges.length === 0) return [];
  const withdrawn: WithdrawnRow[] = [];
  const bars = ranges.flatMap((range) => range.bars.map((startsAt) => ({ ...range, startsAt })));
  if (bars.length > 0) {
    const gone = await db.query({
      name: 'withdraw-bars',
      text: `
        UPDATE bar b SET withdrawn_at = ${at('t.fetched_at')}, stale = false,
          ingested_at = greatest(statement_timestamp(), b.ingested_at) + interval '1 microsecond'
        FROM unnest($2::int[], $3::text[], $4::float8[], $5::float8[]) AS t (listing_id, interval, starts_at, fetched_at)
        WHERE b.listing_id = t.listing_id AND b.source = $1 AND b.interval = t.interval AND b.starts_at = ${at('t.starts_at')}
          AND b.withdrawn_at IS NULL AND ${isFetchedLater(at('t.fetched_at'), 'b.fetched_at')}
        RETURNING b.listing_id AS "listingId", b.interval, coalesce(b.date, b.starts_at::date)::text AS day`,
      values: [
        sourceId,
        numbers(bars.map((bar) => bar.listingId)),
        texts(bars.map((bar) => bar.interval)),
        numbers(bars.map((bar) => bar.startsAt)),
        numbers(bars.map((bar) => bar.fetchedAt)),
      ],
    });
    withdrawn.push(...rowsOf(barRow, gone).map((bar) => ({ ...bar, isAction: false })));
  }
  const actions = ranges.flatMap((range) => range.actions.map((action) => ({ ...range, ...action })));
  if (actions.length > 0) {
    const gone = await db.query({
      name: 'withdraw-actions',
      text: `
        UPDATE corporate_action a SET withdrawn_at = ${at('t.fetched_at')}
        FROM unnest($2::int[], $3::text[], $4::date[], $5::float8[]) AS t (listing_id, type, ex_date, fetched_at)
        WHERE a.listing_id = t.listing_id AND a.source = $1 AND a.type = t.type AND a.ex_date = t.ex_date
          AND a.withdrawn_at IS NULL
          -- What only other intervals told gives way to days, whichever came first.
          AND (a.by_days IS FALSE OR ${isFetchedLater(at('t.fetched_at'), 'greatest(a.known_at, a.told_at)')})
        RETURNING a.listing_id AS "listingId", a.ex_date::text AS day`,
      values: [
        sourceId,
        numbers(actions.map((action) => action.listingId)),
        texts(actions.map((action) => action.type)),
        texts(actions.map((action) => action.exDate)),
        numbers(actions.map((action) => action.fetchedAt)),
      ],
    });
    withdrawn.push(
      ...rowsOf(actionRow, gone).map((action) => ({ ...action, interval: '1d' as const, isAction: true })),
    );
  }
  const values = [
    sourceId,
    numbers(ranges.map((range) => range.listingId)),
    texts(ranges.map((range) => range.interval)),
    numbers(ranges.map((range) => range.from)),
    numbers(ranges.map((range) => range.to)),
    numbers(ranges.map((range) => range.fetchedAt)),
  ];
  const given = `unnest($2::int[], $3::text[], $4::float8[], $5::float8[], $6::float8[]) AS t (listing_id, interval, f, t, at)`;
  const ofSeries = 'r.listing_id = t.listing_id AND r.source = $1 AND r.interval = t.interval';
  await db.query({
    name: 'note-answered-ranges',
    text: `
      WITH within AS (
        DELETE FROM answered_range r USING ${given}
        WHERE ${ofSeries} AND r.from_at >= ${at('t.f')} AND r.to_at <= ${at('t.t')} AND r.fetched_at < ${at('t.at')}
      )
      INSERT INTO answered_range (listing_id, source, interval, from_at, to_at, fetched_at)
      SELECT t.listing_id, $1, t.interval, ${at('t.f')}, ${at('t.t')}, ${at('t.at')} FROM ${given}
      WHERE NOT EXISTS (SELECT FROM answered_range r WHERE ${ofSeries} AND r.from_at <= ${at('t.f')}
                        AND r.to_at >= ${at('t.t')} AND r.fetched_at >= ${at('t.at')})
      ON CONFLICT (listing_id, source, interval, from_at, fetched_at)
        DO UPDATE SET to_at = greatest(answered_range.to_at, excluded.to_at)`,
    values,
  });
  return withdrawn;
}
