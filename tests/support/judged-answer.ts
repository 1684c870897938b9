import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { BatchHeader, IngestStore } from '../../core/ports/ingest-store.ts';
import type { Decision } from '../../core/prices/decision.ts';
import { judgeBars } from '../../core/prices/judge-bars.ts';
import { column, header } from './quote-store-rows.ts';

/** Stores an answer of bars as ingest does: judged by what is stored, with the range that it speaks for. */
export async function storeAnswer(
  store: IngestStore,
  source: string,
  series: BarSeries,
  batch: BatchHeader = header(source, { kind: 'bars' }),
): Promise<void> {
  await store.store(batch, [series.listing.id], async ({ storedSeries }): Promise<Decision> => {
    const { listing, fetchedAt, bars } = series;
    const interval = bars[0]?.interval ?? '1d';
    const times = bars.map((bar) => bar.startsAt);
    const span = { listingId: listing.id, interval, from: Math.min(...times), to: Math.max(...times), fetchedAt };
    const stored = await storedSeries?.([span]);
    const { accepted, judged, answered, rejected } = judgeBars(
      series,
      undefined,
      stored?.get(`${listing.id} ${interval}`),
    );
    return {
      quotes: [],
      bars: [accepted],
      judged: judged ? [judged] : [],
      answered: answered ? [answered] : [],
      rejected,
      statistics: [],
      verdict: { status: 'succeeded', reason: null, detail: null, message: null },
    };
  });
}

/** What a listing has of a source that counts: `date close` of bars, and `type ex-date value` of actions. */
export async function whatCounts(pool: Pool, listingId: number): Promise<(string | null)[]> {
  return column(
    pool,
    `SELECT line FROM (
       SELECT 1 AS place, interval || ' ' || starts_at::date || ' ' || close AS line FROM bar
       WHERE listing_id = $1 AND withdrawn_at IS NULL
       UNION ALL
       SELECT 2, type || ' ' || ex_date || ' ' || coalesce(ratio, amount) FROM corporate_action
       WHERE listing_id = $1 AND withdrawn_at IS NULL) rows ORDER BY place, line`,
    [listingId],
  );
}
