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
/** What a page of what matches is read by: along its symbols, all of them or the `next` ones, or all of it in one pass. */
function pageOf(rank: string, condition: string, nextOnes: string, inAll = condition) {
  const columns = `SELECT ${namedListingColumns}, ${rank} AS rank`;
  const next = `(SELECT * FROM symbol_alias a WHERE namespace = 'canonical' AND ${nextOnes} ORDER BY ${letters} LIMIT ${walked})`;
  const along = (aliases = 'symbol_alias') =>
    `${columns} FROM ${matching(condition, aliases, listingsOn)} ORDER BY ${letters} LIMIT $6`;
  const inOnePass = (listings: typeof listingsOn) =>
    `WITH found AS MATERIALIZED (${columns} FROM ${matching(inAll, 'symbol_alias', listings)})
     SELECT * FROM found ORDER BY symbol COLLATE "C" LIMIT $6`;
  return { along, next, inOnePass };
}

/** The symbol itself, then those that begin with the text. */
const first = pageOf(
  'CASE WHEN a.symbol = upper($1) THEN 0 ELSE 1 END',
  `${begins} AND ${after}`,
  `${begins} AND ${after}`,
  // Not as a range of the index, which Postgres takes for few rows however many there are.
  `strpos(a.symbol, upper($1)) = 1 AND ${after}`,
);
const others = pageOf('2', `${contains} AND NOT (${begins}) AND ${after}`, after);

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
      /** Few may be found among the next symbols: then all that match are read once, by their class where it is given. */
      const sought = async ({ along, next, inOnePass }: typeof others, from: string | null, limit: number) => {
        const near = await read(along(next), from, limit);
        if (near.length === limit) return near;
        return await read(inOnePass(of.assetClass === null ? allListingsOn : listingsOn), from, limit);
      };
      const isPast = of.after?.rank === 2;
      const from = of.after?.symbol ?? null;
      const firstOnes = async () =>
        of.assetClass === null ? await read(first.along(), from, of.limit) : await sought(first, from, of.limit);
      const found = isPast ? [] : await firstOnes();
      const room = of.limit - found.length;
      // Every symbol begins with a text that has no letters.
      if (room === 0 || of.text === '') return found;
      return [...found, ...(await sought(others, isPast ? from : null, room))];
    },
  });
}
