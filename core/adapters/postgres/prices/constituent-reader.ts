import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import type { ConstituentReader } from '../../../ports/constituent-reader.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, instant, rowsOf } from '../database/rows.ts';
import { namedListingColumns, namedListingFields } from '../listings/named-listing.ts';

const facts = `index_listing_id, source, date, listing_id, rank, weight, price, previous_close, change, change_fraction,
  currency, ingested_at`;

/** Members as they are, or with $knownAt as they were known then. */
const membersKnown = (key: string, knownAt: string) => `
  (SELECT ${facts} FROM constituent WHERE ${key} AND (${knownAt}::timestamptz IS NULL OR ingested_at <= ${knownAt})
   UNION ALL
   SELECT ${facts} FROM constituent_revision WHERE ${key} AND ingested_at <= ${knownAt} AND known_to > ${knownAt})`;

const snapshotRow = z.object({
  indexListingId: z.int(),
  source: z.string(),
  date: z.string(),
  fetchedAt: instant,
  confirmedAt: instant,
  members: z.int(),
  weight: decimalText,
});

const hiddenRow = z.object({ indexListingId: z.int() });

const memberRow = z.object({
  ...namedListingFields,
  rank: z.int(),
  weight: decimalText,
  price: decimalText.nullable(),
  previousClose: decimalText.nullable(),
  change: decimalText.nullable(),
  changeFraction: decimalText.nullable(),
  currency: z.string(),
});

/** Reads of index constituents from Postgres. */
export function constituentReader(pool: Pool): VisibleTo<ConstituentReader> {
  return (visible) => ({
    async snapshots(listingIds, of) {
      const result = await pool.query({
        name: 'constituent-snapshots',
        text: `SELECT s.index_listing_id AS "indexListingId", s.source, s.date::text, s.fetched_at AS "fetchedAt",
                      s.confirmed_at AS "confirmedAt", c.members, c.weight
               FROM (SELECT DISTINCT ON (index_listing_id) * FROM constituent_snapshot
                     WHERE index_listing_id = ANY ($1::int[]) AND ($2::date IS NULL OR date <= $2)
                       AND ($3::text IS NULL OR source = $3) AND ($4::timestamptz IS NULL OR fetched_at <= $4)
                       AND ($5::text[] IS NULL OR source = ANY ($5))
                     ORDER BY index_listing_id, date DESC, confirmed_at DESC) s
               CROSS JOIN LATERAL (
                 SELECT count(*)::int AS members, coalesce(sum(m.weight), 0) AS weight
                 FROM ${membersKnown('index_listing_id = s.index_listing_id AND source = s.source AND date = s.date', '$4')} m) c`,
        values: [listingIds, of.date, of.source, of.knownAt, visible.ids],
      });
      return rowsOf(snapshotRow, result);
    },

    async hidden(listingIds, source) {
      if (visible.ids === null || (source !== null && visible.has(source))) return new Set();
      const result = await pool.query({
        name: 'constituents-hidden',
        text: `SELECT index_listing_id AS "indexListingId" FROM constituent_snapshot WHERE index_listing_id = ANY ($1::int[])
               GROUP BY index_listing_id HAVING $3::text IS NOT NULL OR NOT bool_or(source = ANY ($2::text[]))`,
        values: [listingIds, visible.ids, source],
      });
      return new Set(rowsOf(hiddenRow, result).map((row) => row.indexListingId));
    },

    async members(of) {
      visible.require(of.snapshot.source);
      const result = await pool.query({
        name: 'constituents',
        // The page first, by ranks and symbols; names and exchanges are read for its members only. `OFFSET 0` has them
        // looked up: an index has hundreds of members, and all that there are may be more by far.
        text: `WITH page AS MATERIALIZED (
                 SELECT m.*, a.symbol
                 FROM ${membersKnown('index_listing_id = $1 AND source = $2 AND date = $3', '$4')} m
                 CROSS JOIN LATERAL (SELECT symbol FROM symbol_alias WHERE listing_id = m.listing_id AND namespace = 'canonical'
                                       AND valid_from <= $3 AND valid_to > $3 OFFSET 0) a
                 WHERE $5::int IS NULL OR (m.rank, a.symbol) > ($5, $6::text)
                 ORDER BY m.rank, a.symbol LIMIT $7)
               SELECT ${namedListingColumns}, a.rank, a.weight, a.price, a.previous_close AS "previousClose", a.change,
                      trim_scale(a.change_fraction) AS "changeFraction", a.currency
               FROM page a CROSS JOIN LATERAL (SELECT * FROM listing WHERE id = a.listing_id OFFSET 0) l
               CROSS JOIN LATERAL (SELECT * FROM instrument WHERE id = l.instrument_id OFFSET 0) i
               ORDER BY a.rank, a.symbol`,
        values: [
          of.snapshot.indexListingId,
          of.snapshot.source,
          of.snapshot.date,
          of.knownAt,
          of.after?.rank ?? null,
          of.after?.symbol ?? '',
          of.limit,
        ],
      });
      return rowsOf(memberRow, result);
    },
  });
}
