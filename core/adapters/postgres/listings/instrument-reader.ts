import type { Pool } from '../database/pool.ts';
import type { ListingRow } from '../prices/quote-reader.ts';

export interface FoundInstrument extends ListingRow {
  /** 0 the symbol itself, 1 a symbol that begins so, 2 a part of the symbol or the name. */
  readonly rank: number;
}

export type InstrumentReader = ReturnType<typeof instrumentReader>;

/** Looks instruments up by symbol or name. */
export function instrumentReader(pool: Pool) {
  return {
    /** A page of what matches, best first. An empty text matches all. Case does not matter. */
    async search(of: {
      text: string;
      date: string;
      assetClass: string | null;
      after: { rank: number; symbol: string } | null;
      limit: number;
    }): Promise<FoundInstrument[]> {
      const { rows } = await pool.query<FoundInstrument>({
        name: 'instrument-search',
        text: `SELECT * FROM (
                 SELECT l.id AS listing_id, a.symbol, i.name, i.asset_class, l.mic, l.currency AS listing_currency, l.zone,
                        CASE WHEN a.symbol = upper($1) THEN 0 WHEN starts_with(a.symbol, upper($1)) THEN 1 ELSE 2 END AS rank
                 FROM symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
                 WHERE a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date
                   AND ($3::text IS NULL OR i.asset_class = $3)
                   AND (strpos(a.symbol, upper($1)) > 0 OR strpos(upper(i.name), upper($1)) > 0)) found
               WHERE $4::int IS NULL OR (rank, symbol) > ($4, $5::text)
               ORDER BY rank, symbol LIMIT $6`,
        values: [of.text, of.date, of.assetClass, of.after?.rank ?? null, of.after?.symbol ?? '', of.limit],
      });
      return rows;
    },
  };
}
