import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import type { InstrumentReader } from '../../../ports/instrument-reader.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { whileUnchanged } from './list-changes.ts';
import { allListingsOn, hasVisible, listingsOn, namedListingColumns, namedListingFields } from './named-listing.ts';

const countRow = z.object({ count: z.int() });
const foundRow = z.object({ ...namedListingFields, rank: z.int() });

/** SQL: a symbol as it is compared and ordered: by its bytes, as `symbol_alias_letters` has it. */
const letters = 'a.symbol COLLATE "C"';
/** SQL: that it begins with the text $1. Nothing that a symbol may have comes after the last character. */
const begins = `${letters} >= upper($1) AND ${letters} < upper($1) || U&'\\FFFF'`;
const contains = '(strpos(a.symbol, upper($1)) > 0 OR strpos(upper(i.name), upper($1)) > 0)';

/** So many symbols are walked over for a page. Where these do not fill it, few match, and all are read once instead. */
const walked = 300;

/** SQL: instruments that match, of the text $1, the date $2, the class $3 and the sources $4. */
const matching = (condition: string, aliases = 'symbol_alias', listings = allListingsOn) =>
  `${aliases} a JOIN ${listings('$2')} l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
   WHERE a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date
     AND ($3::text IS NULL OR i.asset_class = $3) AND ${hasVisible('l.id', '$4')} AND ${condition}`;

const after = `($5::text IS NULL OR ${letters} > $5)`;
/** SQL: the symbol itself, then those that begin with the text. */
const firstText = `
  SELECT ${namedListingColumns}, CASE WHEN a.symbol = upper($1) THEN 0 ELSE 1 END AS rank
  FROM ${matching(`${begins} AND ${after}`, 'symbol_alias', listingsOn)} ORDER BY ${letters} LIMIT $6`;

const otherColumns = `SELECT ${namedListingColumns}, 2 AS rank`;
const isOther = `${contains} AND NOT (${begins}) AND ${after}`;
const nextSymbols = `(SELECT * FROM symbol_alias a WHERE namespace = 'canonical' AND ${after} ORDER BY ${letters} LIMIT ${walked})`;
const walkedText = `${otherColumns} FROM ${matching(isOther, nextSymbols, listingsOn)} ORDER BY ${letters} LIMIT $6`;
const soughtText = `
  WITH found AS MATERIALIZED (${otherColumns} FROM ${matching(isOther)})
  SELECT * FROM found ORDER BY symbol COLLATE "C" LIMIT $6`;

/** Looks instruments up in Postgres. */
export function instrumentReader(pool: Pool): VisibleTo<InstrumentReader> {
  const counted = whileUnchanged<number>(pool);
  return (visible) => ({
    count: ({ text, date, assetClass }) =>
      counted(JSON.stringify([text, date, assetClass, visible.ids]), async () => {
        const result = await pool.query({
          name: 'instrument-count',
          text: `SELECT count(*)::int AS count FROM ${matching(contains)}`,
          values: [text, date, assetClass, visible.ids],
        });
        return rowsOf(countRow, result)[0]?.count ?? 0;
      }),

    /** The symbol itself is the first of those that begin so. Others are sought only where these leave room. */
    async search(of) {
      // Without names, so that each is planned for its values.
      const read = async (text: string, from: string | null, limit: number) =>
        rowsOf(foundRow, await pool.query(text, [of.text, of.date, of.assetClass, visible.ids, from, limit]));
      const isPast = of.after?.rank === 2;
      const from = of.after?.symbol ?? null;
      const first = isPast ? [] : await read(firstText, from, of.limit);
      const room = of.limit - first.length;
      if (room === 0) return first;
      const near = await read(walkedText, isPast ? from : null, room);
      const others = near.length === room ? near : await read(soughtText, isPast ? from : null, room);
      return [...first, ...others];
    },
  });
}
