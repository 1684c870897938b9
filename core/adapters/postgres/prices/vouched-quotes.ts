import * as z from 'zod';
import { numbers } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { decideOn } from './consolidation-store.ts';
import type { RankOf } from './decide.ts';
import { isWrong } from './wrong-quotes.ts';

const listingRow = z.object({ listingId: z.int() });

const columns = `listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session,
  delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id`;

/**
 * Serves the quotes whose findings were dismissed: a person vouches for them. What is newer than the latest right row
 * takes its place, settled, so that the next ones go on from it.
 */
export async function serveVouched(db: Connection, findingIds: readonly string[], rankOf: RankOf): Promise<void> {
  const moved = await db.query({
    name: 'serve-vouched',
    text: `
      INSERT INTO latest_quote AS l (${columns}, confirmed_at, provisional)
      SELECT ${columns}, coalesce(confirmed_at, fetched_at), false
      FROM (SELECT DISTINCT ON (q.listing_id, q.source) q.* FROM finding f
            JOIN quote q ON q.listing_id = f.listing_id AND q.source = f.source AND q.as_of = f.at AND q.price = f.said
            WHERE f.id = ANY ($1::bigint[]) AND f.kind = 'quote' AND f.severity = 'wrong' AND NOT ${isWrong('q')}
            ORDER BY q.listing_id, q.source, q.as_of_basis = 'exchange' DESC, q.as_of DESC) vouched
      ON CONFLICT (listing_id, source) DO UPDATE SET (${columns}, confirmed_at, provisional) = ROW (${columns
        .split(',')
        .map((column) => `excluded.${column.trim()}`)
        .join(', ')}, excluded.confirmed_at, false)
      WHERE CASE WHEN excluded.as_of_basis = l.as_of_basis THEN excluded.as_of > l.as_of
                 ELSE excluded.as_of_basis = 'exchange' END
      RETURNING listing_id AS "listingId"`,
    values: [numbers(findingIds)],
  });
  await decideOn(
    db,
    rowsOf(listingRow, moved).map((row) => row.listingId),
    rankOf,
  );
}
