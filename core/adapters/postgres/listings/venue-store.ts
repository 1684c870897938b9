import * as z from 'zod';
import { blockOf } from '../../../events/block.ts';
import type { MovedVenue } from '../../../ports/ingest-store.ts';
import type { ListedFinding } from '../../../prices/decision.ts';
import { venueFinding } from '../../../prices/rules/venues.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { publish } from '../database/outbox.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed } from '../prices/finding-events.ts';
import { lockRegister } from './listing-store.ts';

const movedRow = z.object({
  listingId: z.int(),
  symbol: z.string(),
  currency: z.string(),
  from: z.string(),
});
const heldRow = z.object({ listingId: z.int(), known: z.string(), said: z.string(), from: z.string() });

/** The words of a source that no later answer of it has overtaken. */
const heard = `
  SELECT m.*, to_char(to_timestamp(m.fetched_at / 1000.0::float8) AT TIME ZONE m.zone, 'YYYY-MM-DD') AS "from"
  FROM unnest($2::int[], $3::text[], $4::text[], $5::float8[]) AS m (listing_id, mic, zone, fetched_at)
  WHERE NOT EXISTS (SELECT FROM latest_quote q WHERE q.listing_id = m.listing_id AND q.source = $1
                    AND coalesce(q.confirmed_at, q.fetched_at) > to_timestamp(m.fetched_at / 1000.0::float8))
    AND NOT EXISTS (SELECT FROM bar_series s WHERE s.listing_id = m.listing_id AND s.source = $1
                    AND s.newest_at > to_timestamp(m.fetched_at / 1000.0::float8))`;

/** Whether another source has named the exchange that the listing has. */
const isNamed = `EXISTS (SELECT FROM symbol_alias v WHERE v.listing_id = l.id AND v.namespace NOT IN ('canonical', $1)
                         AND v.valid_to = 'infinity' AND v.mic = l.mic)`;

/**
 * Moves listings to the exchange that a source names by now. Not by an answer that is older than what is stored of the
 * source, not where the instrument has a listing there already, which is not this one, and not where another source has
 * named the exchange that it has: two sources that differ would move it to and fro. Gives findings on those.
 *
 * The listing and its prices stay one; what it was before is kept with the day until which it was so, so that an answer as
 * of a day names the exchange of that day.
 */
export async function moveVenues(
  pool: Pool,
  sourceId: string,
  moved: readonly MovedVenue[],
): Promise<readonly ListedFinding[]> {
  const values = [
    sourceId,
    numbers(moved.map((each) => each.listingId)),
    texts(moved.map((each) => each.mic)),
    texts(moved.map((each) => each.zone)),
    numbers(moved.map((each) => each.fetchedAt)),
  ];
  return inTransaction(pool, async (db) => {
    await lockRegister(db);
    await db.query({
      name: 'note-venues',
      text: `UPDATE symbol_alias a SET mic = h.mic FROM (${heard}) h
             WHERE a.namespace = $1 AND a.listing_id = h.listing_id AND a.valid_to = 'infinity' AND a.mic IS DISTINCT FROM h.mic`,
      values,
    });
    const held = await db.query({
      name: 'held-venues',
      text: `SELECT l.id AS "listingId", l.mic AS known, h.mic AS said, h."from"
             FROM (${heard}) h JOIN listing l ON l.id = h.listing_id WHERE l.mic <> h.mic AND ${isNamed} ORDER BY l.id`,
      values,
    });
    const found = await db.query({
      name: 'move-venues',
      text: `
        WITH moved AS (
          SELECT l.id, l.mic, l.zone, a.symbol, h.mic AS new_mic, h.zone AS new_zone, h."from"
          FROM (${heard}) h JOIN listing l ON l.id = h.listing_id
          JOIN symbol_alias a ON a.listing_id = h.listing_id AND a.namespace = 'canonical' AND a.valid_to = 'infinity'
          WHERE l.mic <> h.mic AND NOT ${isNamed}
            AND NOT EXISTS (SELECT FROM listing o WHERE o.instrument_id = l.instrument_id AND o.mic = h.mic AND o.currency = l.currency)
        ), kept AS (
          -- Of two moves on a day, the exchange of the day before counts for the days before it.
          INSERT INTO former_venue (listing_id, mic, zone, valid_to) SELECT id, mic, zone, "from"::date FROM moved
          ON CONFLICT (listing_id, valid_to) DO NOTHING
        )
        UPDATE listing l SET mic = m.new_mic, zone = m.new_zone FROM moved m WHERE l.id = m.id
        RETURNING l.id AS "listingId", m.symbol, l.currency, m."from"`,
      values,
    });
    const changed = rowsOf(movedRow, found);
    if (changed.length > 0)
      publishClosed(
        db,
        await db.query({
          name: 'end-venue-findings',
          text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
               WHERE listing_id = ANY ($1::int[]) AND rule = 'venues' AND status = 'open'
               RETURNING ${ofFinding}`,
          values: [numbers(changed.map((each) => each.listingId))],
        }),
      );
    publish(
      db,
      changed.map(({ listingId, symbol, currency, from }) => ({
        type: 'listing.changed' as const,
        data: {
          ...{ sourceId, change: 'venue' as const, automatic: true, symbol, formerSymbol: symbol },
          ...{ listingId, formerListingId: listingId, block: blockOf(listingId), currency, from },
        },
      })),
    );
    return rowsOf(heldRow, held).map(({ listingId, ...said }) => ({
      listingId,
      finding: { ...venueFinding(said), row: null },
    }));
  });
}
