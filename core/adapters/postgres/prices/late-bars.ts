import type { StoredBarSeries } from '../../../prices/decision.ts';
import type { JudgedSeries } from '../../../prices/judged-series.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';

/**
 * Keeps what an answer said that comes late, of bars for which a later answer that says something else is stored already:
 * as a revision, as if it had come first. It was never served, so it was known for no time; it is there for when the later
 * bar turns out wrong. What the rules call wrong itself is left out.
 */
export async function keepLateBars(
  db: Connection,
  sourceId: string,
  batchId: string,
  series: readonly StoredBarSeries[],
  judged: readonly JudgedSeries[],
): Promise<void> {
  const wrong = new Set(
    judged.flatMap(({ listingId, interval, findings }) =>
      findings
        .filter(({ severity, subject }) => severity === 'wrong' && subject.kind === 'bar')
        .map(({ subject, row }) => `${listingId} ${interval} ${subject.at} ${row}`),
    ),
  );
  const late = series.flatMap((each) =>
    each.bars
      .filter(({ startsAt }) => each.overtaken?.bars.has(startsAt))
      .filter(({ interval, startsAt, close }) => !wrong.has(`${each.listing.id} ${interval} ${startsAt} ${close}`))
      .map((bar) => ({ bar, of: each })),
  );
  if (late.length === 0) return;
  await db.query({
    name: 'keep-late-bars',
    text: `
      INSERT INTO bar_revision (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor,
                                basis, basis_at, stale, fetched_at, ingested_at, batch_id, known_to)
      SELECT t.listing_id, $1, t.interval, to_timestamp(t.starts_at / 1000.0::float8), t.date, t.open, t.high, t.low, t.close, t.volume,
             t.currency, t.minor_factor, t.basis, to_timestamp(t.basis_at / 1000.0::float8), false,
             to_timestamp(t.fetched_at / 1000.0::float8), statement_timestamp(), $2::bigint, statement_timestamp()
      FROM unnest($3::int[], $4::text[], $5::float8[], $6::date[], $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[],
                  $11::numeric[], $12::text[], $13::int[], $14::text[], $15::float8[], $16::float8[])
        AS t (listing_id, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor, basis, basis_at, fetched_at)
      JOIN bar b ON b.listing_id = t.listing_id AND b.source = $1 AND b.interval = t.interval
        AND b.starts_at = to_timestamp(t.starts_at / 1000.0::float8) AND b.withdrawn_at IS NULL
        AND b.fetched_at > to_timestamp(t.fetched_at / 1000.0::float8)
        AND (b.open, b.high, b.low, b.close) IS DISTINCT FROM (t.open, t.high, t.low, t.close)`,
    values: [
      sourceId,
      batchId,
      numbers(late.map(({ of }) => of.listing.id)),
      texts(late.map(({ bar }) => bar.interval)),
      numbers(late.map(({ bar }) => bar.startsAt)),
      texts(late.map(({ bar }) => bar.date)),
      numbers(late.map(({ bar }) => bar.open)),
      numbers(late.map(({ bar }) => bar.high)),
      numbers(late.map(({ bar }) => bar.low)),
      numbers(late.map(({ bar }) => bar.close)),
      numbers(late.map(({ bar }) => bar.volume)),
      texts(late.map(({ bar }) => bar.currency)),
      numbers(late.map(({ bar }) => bar.minorFactor)),
      texts(late.map(({ of }) => of.basis)),
      numbers(late.map(({ of }) => of.basisAt)),
      numbers(late.map(({ of }) => of.fetchedAt)),
    ],
  });
}
