import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import type { InstrumentReader } from '../../../ports/instrument-reader.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { whileUnchanged } from './list-changes.ts';
import { allListingsOn, hasVisible, listingsOn, namedListingColumns, namedListingFields } from './named-listing.ts';
import { containsText, listingsContaining } from './text-search.ts';

const countRow = z.object({ count: z.int() });
const foundRow = z.object({ ...namedListingFields, rank: z.int() });

/** SQL: a symbol as it is compared and ordered: by its bytes, as `symbol_alias_letters` has it. */
const letters = 'a.symbol COLLATE "C"';
/** SQL: that it begins with the text $1. Nothing that a symbol may have comes after the last character. */
const begins = `${letters} >= upper($1) AND ${letters} < upper($1) || U&'\\FFFF'`;
const contains = containsText('$1');

/**
 * So many of the next symbols are looked at for a page, and then so many, as most pages are full by then. Where the first ones
 * have nothing of a text, few contain it: then the page is read of all of those.
 */
const walks = [30, 300];

/** SQL: instruments that match, of the text $1, the date $2, the class $3 and the sources $4. */
const matching = (condition: string, aliases = 'symbol_alias', listings = listingsOn) =>
  `${aliases} a JOIN ${listings('$2')} l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
   WHERE a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date
     AND ${ofTheClass} AND ${hasVisible('l.id', '$4')} AND ${condition}`;

const ofTheClass = '($3::text IS NULL OR a.asset_class = $3)';
const after = `($5::text IS NULL OR ${letters} > $5)`;
/** The symbol itself, then those that begin with the text: along their index. */
const first = `SELECT ${namedListingColumns}, CASE WHEN a.symbol = upper($1) THEN 0 ELSE 1 END AS rank
  FROM ${matching(`${begins} AND ${after}`)} ORDER BY ${letters} LIMIT $6`;
/** The others: among the next symbols, or among some listings. */
const othersOf = (among: string, aliases?: string) => `SELECT ${namedListingColumns}, 2 AS rank
  FROM ${matching(`${contains} AND NOT (${begins}) AND ${after} AND ${among}`, aliases)} ORDER BY ${letters} LIMIT $6`;
const nextOf = (walked: number) =>
  othersOf(
    'true',
    `(SELECT * FROM symbol_alias a WHERE namespace = 'canonical' AND ${ofTheClass} AND ${after} ORDER BY ${letters} LIMIT ${walked})`,
  );
const amongThese = othersOf('a.listing_id = ANY ($7::int[])');

/** Looks instruments up in Postgres. */
export function instrumentReader(pool: Pool): VisibleTo<InstrumentReader> {
  const counted = whileUnchanged<number>(pool);
  return (visible) => ({
    count: ({ text, date, assetClass }) =>
      counted(JSON.stringify([text, date, assetClass, visible.ids]), async () => {
        const all = text === '';
        const among = all ? 'true' : 'a.listing_id = ANY ($5::int[])';
        // Without a name, so that it is planned for how many there are.
        const result = await pool.query(
          `SELECT count(*)::int AS count FROM ${matching(`${contains} AND ${among}`, undefined, all ? allListingsOn : listingsOn)}`,
          [text, date, assetClass, visible.ids, ...(all ? [] : [await listingsContaining(pool, text)])],
        );
        return rowsOf(countRow, result)[0]?.count ?? 0;
      }),

    /** The symbol itself is the first of those that begin so. Others are sought only where these leave room. */
    async search(of) {
      // Without names, so that each is planned for its values.
      const read = async (text: string, from: string | null, limit: number, ...more: readonly string[]) =>
        rowsOf(foundRow, await pool.query(text, [of.text, of.date, of.assetClass, visible.ids, from, limit, ...more]));
      const isPast = of.after?.rank === 2;
      const from = of.after?.symbol ?? null;
      const found = isPast ? [] : await read(first, from, of.limit);
      const room = of.limit - found.length;
      // Every symbol begins with a text that has no letters.
      if (room === 0 || of.text === '') return found;
      const place = isPast ? from : null;
      for (const walked of walks) {
        const near = await read(nextOf(walked), place, room);
        if (near.length === room) return [...found, ...near];
        if (near.length === 0) break;
      }
      return [...found, ...(await read(amongThese, place, room, await listingsContaining(pool, of.text)))];
    },
  });
}
