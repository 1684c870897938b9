import * as z from 'zod';
import type { MovedVenue } from '../../../ports/ingest-store.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { publish } from '../database/outbox.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { lockRegister } from './listing-store.ts';

const movedRow = z.object({
  listingId: z.int(),
  symbol: z.string(),
  currency: z.string(),
  from: z.string(),
});

/**
 * Moves listings to the exchange that a source names by now. Not by an answer that is older than what is stored of the
 * source, and not where the instrument has a listing there already: that one is not this.
 */
export async function moveVenues(pool: Pool, sourceId: string, moved: readonly MovedVenue[]): Promise<void> {
  await inTransaction(pool, async (db) => {
    await lockRegister(db);
    const found = await db.query({
      name: 'move-venues',
      text: `
        UPDATE listing l SET mic = m.mic, zone = m.zone
        FROM unnest($2::int[], $3::text[], $4::text[], $5::float8[]) AS m (listing_id, mic, zone, fetched_at)
        JOIN symbol_alias a ON a.listing_id = m.listing_id AND a.namespace = 'canonical' AND a.valid_to = 'infinity'
        WHERE l.id = m.listing_id AND l.mic <> m.mic
          AND NOT EXISTS (SELECT FROM latest_quote q WHERE q.listing_id = l.id AND q.source = $1
                          AND coalesce(q.confirmed_at, q.fetched_at) > to_timestamp(m.fetched_at / 1000.0::float8))
          AND NOT EXISTS (SELECT FROM bar_series s WHERE s.listing_id = l.id AND s.source = $1
                          AND s.newest_at > to_timestamp(m.fetched_at / 1000.0::float8))
          AND NOT EXISTS (SELECT FROM listing o WHERE o.instrument_id = l.instrument_id AND o.mic = m.mic AND o.currency = l.currency)
        RETURNING l.id AS "listingId", a.symbol, l.currency,
                  to_char(to_timestamp(m.fetched_at / 1000.0::float8) AT TIME ZONE m.zone, 'YYYY-MM-DD') AS "from"`,
      values: [
        sourceId,
        numbers(moved.map((each) => each.listingId)),
        texts(moved.map((each) => each.mic)),
        texts(moved.map((each) => each.zone)),
        numbers(moved.map((each) => each.fetchedAt)),
      ],
    });
    await publish(
      db,
      rowsOf(movedRow, found).map(({ listingId, symbol, currency, from }) => ({
        type: 'listing.changed' as const,
        data: {
          ...{ sourceId, change: 'venue' as const, automatic: true, symbol, formerSymbol: symbol },
          ...{ listingId, formerListingId: listingId, currency, from },
        },
      })),
    );
  });
}
