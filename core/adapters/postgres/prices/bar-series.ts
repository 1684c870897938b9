import type { BarSeries } from '../../../market/bar-series.ts';
import type { BatchHeader } from '../../../ports/ingest-store.ts';
import type { UnknownSymbol } from '../../../prices/decision.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';

/*
 * The range is that of the task, which a chunk of a backfill has, else the job's. A source whose range cannot be chosen
 * answers from its first bar on. Days count as answered that had settled everywhere when the answer came; the newest answer
 * says its time, so that readers know of those in between.
 */
const answeredText = `
  INSERT INTO bar_series AS s (listing_id, source, interval, answered, untraded, newest_from, newest_at)
  SELECT r.listing_id, $1, f.interval, coalesce(datemultirange(a.days), '{}'), coalesce(u.days, '{}'),
         CASE WHEN f.to_day IS NULL THEN f.from_day END, CASE WHEN f.to_day IS NULL THEN f.fetched_at END
  FROM unnest($4::int[], $5::text[], $6::date[], $7::float8[], $8::text[])
    AS r (listing_id, interval, first_day, fetched_at, untraded)
  LEFT JOIN task t ON t.run_id = $2 AND t.part = $3
  CROSS JOIN LATERAL (
    SELECT coalesce(t.range->>'interval', r.interval, $9) AS interval, to_timestamp(r.fetched_at / 1000) AS fetched_at,
           (to_timestamp(r.fetched_at / 1000) AT TIME ZONE 'UTC')::date AS fetch_day) g
  CROSS JOIN LATERAL (
    SELECT g.interval, g.fetched_at, g.fetch_day - 2 AS settled_day,
           coalesce((t.range->>'from')::date, g.fetch_day - $10::int, r.first_day) AS from_day,
           CASE WHEN (t.range->>'to')::date < g.fetch_day THEN (t.range->>'to')::date END AS to_day) f
  CROSS JOIN LATERAL (
    SELECT CASE WHEN least(f.to_day, f.settled_day) >= f.from_day
                THEN daterange(f.from_day, least(f.to_day, f.settled_day), '[]') END AS days) a
  CROSS JOIN LATERAL (
    SELECT range_agg(daterange(day::date, day::date, '[]')) FILTER (WHERE day::date <= f.settled_day) AS days
    FROM unnest(string_to_array(r.untraded, ',')) AS day) u
  WHERE f.interval IS NOT NULL AND f.from_day IS NOT NULL
  ON CONFLICT (listing_id, source, interval) DO UPDATE SET
    answered = s.answered + excluded.answered, untraded = s.untraded + excluded.untraded, unknown_since = NULL,
    newest_from = CASE WHEN excluded.newest_at > coalesce(s.newest_at, '-infinity') THEN excluded.newest_from ELSE s.newest_from END,
    newest_at = greatest(s.newest_at, excluded.newest_at)`;

/** Notes what a source has answered for of the bars of some listings, those too of which the answer has none. */
export async function storeAnswered(
  db: Connection,
  { sourceId, runId, part, window }: BatchHeader,
  series: readonly BarSeries[],
): Promise<void> {
  if (series.length === 0) return;
  // One a listing, those with bars first; by listing, as all rows are locked.
  const withBars = series.toSorted((a, b) => Math.sign(a.bars.length) - Math.sign(b.bars.length));
  const rows = [...new Map(withBars.map((each) => [each.listing.id, each])).values()].sort(
    (a, b) => a.listing.id - b.listing.id,
  );
  await db.query({
    name: 'store-answered',
    text: answeredText,
    values: [
      sourceId,
      runId,
      part,
      numbers(rows.map((each) => each.listing.id)),
      texts(rows.map((each) => each.bars[0]?.interval ?? null)),
      texts(rows.map((each) => each.bars[0]?.date ?? null)),
      numbers(rows.map((each) => each.fetchedAt)),
      texts(rows.map((each) => each.untraded?.join(',') ?? null)),
      window?.interval ?? null,
      window?.days ?? null,
    ],
  });
}

/** Notes since when a source says of symbols that it does not know them. */
export async function storeUnknown(db: Connection, sourceId: string, symbols: readonly UnknownSymbol[]): Promise<void> {
  if (symbols.length === 0) return;
  await db.query(
    `UPDATE bar_series s SET unknown_since = to_timestamp(u.at / 1000)
     FROM unnest($2::text[], $3::float8[]) AS u (symbol, at)
     JOIN symbol_alias a ON a.namespace = $1 AND a.symbol = u.symbol AND a.valid_to = 'infinity'
     WHERE s.listing_id = a.listing_id AND s.source = $1 AND s.unknown_since IS NULL
       AND to_timestamp(u.at / 1000) > coalesce(s.newest_at, '-infinity')`,
    [sourceId, texts(symbols.map(({ symbol }) => symbol)), numbers(symbols.map(({ at }) => at))],
  );
}
