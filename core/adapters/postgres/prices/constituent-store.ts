import * as z from 'zod';
import type { IndexSnapshot } from '../../../market/index-snapshot.ts';
import { dateInZone } from '../../../market/zoned-date.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { isFetchedLater } from './fetch-order.ts';

const countRow = z.object({ written: z.int(), revised: z.int() });

/**
 * Stores what indices are made of: one snapshot an index, source and day. Of several fetches on a day the latest counts: it
 * replaces members that it tells differently and drops those that it does not have; what it says alike is left as it is.
 * An earlier fetch than the one that is stored changes nothing. Gives how many members were new or replaced.
 */
export async function storeConstituents(
  db: Connection,
  sourceId: string,
  batchId: string,
  snapshots: readonly IndexSnapshot[],
): Promise<{ written: number; revised: number }> {
  const total = { written: 0, revised: 0 };
  for (const snapshot of snapshots) {
    const { written, revised } = await storeSnapshot(db, sourceId, batchId, snapshot);
    total.written += written;
    total.revised += revised;
  }
  return total;
}

async function storeSnapshot(
  db: Connection,
  sourceId: string,
  batchId: string,
  { index, fetchedAt, asOf = fetchedAt, members }: IndexSnapshot,
): Promise<{ written: number; revised: number }> {
  const key = [index.id, sourceId, dateInZone(Math.min(asOf, fetchedAt), index.zone)];
  const head = await db.query({
    name: 'store-constituent-snapshot',
    text: `INSERT INTO constituent_snapshot AS s (index_listing_id, source, date, fetched_at, confirmed_at, batch_id)
           VALUES ($1, $2, $3, to_timestamp($4 / 1000.0::float8), to_timestamp($4 / 1000.0::float8), $5)
           ON CONFLICT (index_listing_id, source, date) DO UPDATE SET confirmed_at = excluded.confirmed_at
           WHERE ${isFetchedLater('excluded.confirmed_at', 's.confirmed_at')}
           RETURNING 1`,
    values: [...key, fetchedAt, batchId],
  });
  // A later fetch of the day is there already.
  if (head.rows.length === 0) return { written: 0, revised: 0 };
  const ids = numbers(members.map((member) => member.listing.id));
  await db.query({
    name: 'drop-constituents',
    text: `DELETE FROM constituent
           WHERE index_listing_id = $1 AND source = $2 AND date = $3 AND listing_id <> ALL ($4::int[])`,
    values: [...key, ids],
  });
  const answer = await db.query({
    name: 'store-constituents',
    text: `
      WITH stored AS (
        INSERT INTO constituent AS s (index_listing_id, source, date, listing_id, rank, weight, price, previous_close,
                                      currency, fetched_at, ingested_at, batch_id)
        SELECT $1, $2, $3, t.*, to_timestamp($10 / 1000.0::float8), statement_timestamp(), $11
        FROM unnest($4::int[], $5::int[], $6::numeric[], $7::numeric[], $8::numeric[], $9::text[]) AS t
        ON CONFLICT (index_listing_id, source, date, listing_id) DO UPDATE SET
          rank = excluded.rank, weight = excluded.weight, price = excluded.price,
          previous_close = excluded.previous_close, currency = excluded.currency, fetched_at = excluded.fetched_at,
          ingested_at = excluded.ingested_at, batch_id = excluded.batch_id
        WHERE (s.rank, s.weight, s.price, s.previous_close, s.currency) IS DISTINCT FROM
          (excluded.rank, excluded.weight, excluded.price, excluded.previous_close, excluded.currency)
        RETURNING (xmax <> 0) AS revised
      )
      SELECT count(*)::int AS written, count(*) FILTER (WHERE revised)::int AS revised FROM stored`,
    values: [
      ...key,
      ids,
      numbers(members.map((member) => member.rank)),
      numbers(members.map((member) => member.weight)),
      numbers(members.map((member) => member.price)),
      numbers(members.map((member) => member.previousClose)),
      texts(members.map((member) => member.listing.currency)),
      fetchedAt,
      batchId,
    ],
  });
  return countRow.parse(answer.rows[0]);
}
