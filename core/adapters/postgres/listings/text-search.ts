import * as z from 'zod';
import { numbers } from '../database/array-literal.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { allListingsOn, listingsOn } from './named-listing.ts';

const idRow = z.object({ id: z.int() });

/** SQL: that a text, as its index has the parts of it, may contain the parts of $1. */
const mayContain = (text: string) =>
  `(text_parts(${text}) COLLATE "C" @> sought_parts(upper($1)) OR text_parts(${text}) COLLATE "C" @> '{""}')`;

/** SQL: whether the symbol of `symbol_alias` a or the name of `instrument` i contains a text, whatever its case. */
export const containsText = (text: string) =>
  `(strpos(a.symbol, upper(${text})) > 0 OR strpos(upper(i.name), upper(${text})) > 0)`;

/**
 * The listings that have had a symbol with a text in it, or have it in their name, as an array literal of their ids. They are
 * found by the parts of the text, so that what is nowhere costs no look at each listing; then a statement on them is planned for
 * how many they are. Every listing contains the empty text: that is not to be sought.
 */
export async function listingsContaining(pool: Pool, text: string): Promise<string> {
  const result = await pool.query({
    name: 'listings-containing',
    text: `SELECT a.listing_id AS id FROM symbol_alias a
           WHERE a.namespace = 'canonical' AND ${mayContain('a.symbol')} AND strpos(a.symbol, upper($1)) > 0
           UNION
           SELECT l.id FROM instrument i
           CROSS JOIN LATERAL (SELECT id FROM listing WHERE instrument_id = i.id OFFSET 0) l
           WHERE ${mayContain('upper(i.name)')} AND strpos(upper(i.name), upper($1)) > 0`,
    values: [text],
  });
  return numbers(rowsOf(idRow, result).map(({ id }) => id));
}

/** The listings that contain the text of a list, where it has one, as an array literal. */
export async function namedIn(pool: Pool, { text }: { readonly text: string | null }): Promise<string | null> {
  return text === null ? null : listingsContaining(pool, text);
}

/** How listings are read for a list: those that contain its text one by one, or all as a whole. */
export const listingsFor = ({ text }: { readonly text: string | null }) => (text === null ? allListingsOn : listingsOn);
