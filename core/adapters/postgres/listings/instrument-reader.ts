import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import type { InstrumentReader } from '../../../ports/instrument-reader.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { whileUnchanged } from './list-changes.ts';
import { hasVisible, listingsOn, namedListingColumns, namedListingFields } from './named-listing.ts';

const countRow = z.object({ count: z.int() });
const foundRow = z.object({ ...namedListingFields, rank: z.int() });

/** Looks instruments up in Postgres. */
export function instrumentReader(pool: Pool): VisibleTo<InstrumentReader> {
  /** Of the text $1, the date $2, the class $3 and the sources that a placeholder names. */
  const matching = (
    sources: string,
  ) => `symbol_alias a JOIN ${listingsOn('$2')} l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
                 WHERE a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date
                   AND ($3::text IS NULL OR i.asset_class = $3) AND ${hasVisible('l.id', sources)}
                   AND (strpos(a.symbol, upper($1)) > 0 OR strpos(upper(i.name), upper($1)) > 0)`;
  const counted = whileUnchanged<number>(pool);
  return (visible) => ({
    count: ({ text, date, assetClass }) =>
      counted(JSON.stringify([text, date, assetClass, visible.ids]), async () => {
        const result = await pool.query({
          name: 'instrument-count',
          text: `SELECT count(*)::int AS count FROM ${matching('$4')}`,
          values: [text, date, assetClass, visible.ids],
        });
        return rowsOf(countRow, result)[0]?.count ?? 0;
      }),

    async search(of) {
      const result = await pool.query({
        name: 'instrument-search',
        text: `SELECT * FROM (
                 SELECT ${namedListingColumns},
                        CASE WHEN a.symbol = upper($1) THEN 0 WHEN starts_with(a.symbol, upper($1)) THEN 1 ELSE 2 END AS rank
                 FROM ${matching('$7')}) found
               WHERE $4::int IS NULL OR (rank, symbol) > ($4, $5::text)
               ORDER BY rank, symbol LIMIT $6`,
        values: [
          of.text,
          of.date,
          of.assetClass,
          of.after?.rank ?? null,
          of.after?.symbol ?? '',
          of.limit,
          visible.ids,
        ],
      });
      return rowsOf(foundRow, result);
    },
  });
}
