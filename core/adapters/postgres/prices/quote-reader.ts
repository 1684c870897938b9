import type { DecimalText } from '../../../market/decimal.ts';
import { isoInstant } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';

/** A listing and what its canonical symbol means at a date. */
export interface ListingRow {
  readonly listing_id: number;
  readonly symbol: string;
  readonly name: string | null;
  readonly asset_class: string;
  readonly mic: string;
  readonly listing_currency: string;
  readonly zone: string;
}

/** One source's price with its provenance. Decimals and ingest times are text, so that no digit is lost. */
export interface QuoteRow {
  readonly source: string;
  readonly as_of: Date;
  readonly price: DecimalText;
  readonly previous_close: DecimalText | null;
  readonly change: DecimalText | null;
  readonly change_fraction: DecimalText | null;
  readonly bid: DecimalText | null;
  readonly ask: DecimalText | null;
  readonly volume: DecimalText | null;
  readonly currency: string;
  readonly minor_factor: number;
  readonly session: string | null;
  readonly delay_seconds: number | null;
  readonly as_of_basis: string;
  readonly fetched_at: Date;
  /** As `timestamptz::text`; `isoInstant` reads it. */
  readonly ingested_at: string;
  readonly batch_id: string;
  readonly run_id: string | null;
  readonly part: number | null;
  readonly attempt: number | null;
  readonly blob_key: string | null;
  readonly parser_version: string | null;
  /** The last fetch that said the same. `null` for prices of the past. */
  readonly confirmed_at: Date | null;
}

/** Why a source is the one that is served. */
interface Decision {
  readonly chosen: string | null;
  readonly rule: string | null;
  readonly spread: DecimalText | null;
  readonly confidence: string | null;
}

/** A listing with its price, or with `source: null` when it has none (from the source asked for). */
export type QuotedListing = ListingRow & Decision & (QuoteRow | { readonly source: null });

export interface HistoryRow extends QuoteRow {
  readonly known_from: string;
  readonly known_to: string | null;
}

const listing = `l.id AS listing_id, a.symbol, i.name, i.asset_class, l.mic, l.currency AS listing_currency, l.zone`;
const decision = `c.source AS chosen, c.rule, c.spread, c.confidence`;
const provenance = `b.run_id, b.part, b.attempt, b.blob_key, b.parser_version`;
const facts = `as_of, price, previous_close, change, change_fraction, bid, ask, volume, currency, minor_factor, session,
  delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, source`;

/** The facts of `q` as a row is given. The fraction is stored with ten digits; zeros at its end say nothing. */
const price = `q.source, q.as_of, q.price, q.previous_close, q.change, trim_scale(q.change_fraction) AS change_fraction, q.bid, q.ask,
  q.volume, q.currency, q.minor_factor, q.session, q.delay_seconds, q.as_of_basis, q.fetched_at, q.ingested_at::text, q.batch_id`;

/** What the symbols of $1 mean on the date $2. */
const named = `symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id`;
const current = `a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date`;

export type QuoteReader = ReturnType<typeof quoteReader>;

/** Reads of quotes. Dates are `yyyy-mm-dd`, instants ISO 8601 text. */
export function quoteReader(pool: Pool) {
  return {
    /** The latest price of each symbol that exists on `date`: the consolidated one, or that of `source`. */
    async latest(symbols: readonly string[], date: string, source: string | null): Promise<QuotedListing[]> {
      const { rows } = await pool.query<QuotedListing>({
        name: 'quote-latest',
        text: `SELECT ${listing}, ${decision}, ${price}, q.confirmed_at, ${provenance}
               FROM ${named}
               LEFT JOIN consolidated_quote c ON c.listing_id = l.id
               LEFT JOIN latest_quote q ON q.listing_id = l.id AND q.source = coalesce($3::text, c.source)
               LEFT JOIN batch b ON b.id = q.batch_id
               WHERE a.symbol = ANY ($1::text[]) AND ${current}`,
        values: [symbols, date, source],
      });
      return rows;
    },

    /** A page of all that have a price, by symbol. Reads only `latest_quote` and `consolidated_quote`. */
    async page(of: {
      after: string;
      date: string;
      source: string | null;
      assetClass: string | null;
      limit: number;
    }): Promise<QuotedListing[]> {
      // Two statements: with one for both, the planner misjudges the join and sorts everything for each page.
      const { rows } = await pool.query<QuotedListing>({
        name: of.source === null ? 'quote-page' : 'quote-page-of-source',
        text: `SELECT ${listing}, ${decision}, ${price}, q.confirmed_at, ${provenance}
               FROM ${named}
               JOIN consolidated_quote c ON c.listing_id = l.id
               JOIN latest_quote q ON q.listing_id = l.id AND q.source = ${of.source === null ? 'c.source' : '$3'}
               LEFT JOIN batch b ON b.id = q.batch_id
               WHERE a.symbol > $1 AND ${current} AND ($4::text IS NULL OR i.asset_class = $4)
                 ${of.source === null ? 'AND $3::text IS NULL' : ''}
               ORDER BY a.symbol LIMIT $5`,
        values: [of.after, of.date, of.source, of.assetClass, of.limit],
      });
      return rows;
    },

    /** What every source says now of one listing. */
    async candidates(listingId: number): Promise<QuoteRow[]> {
      const { rows } = await pool.query<QuoteRow>({
        name: 'quote-candidates',
        text: `SELECT ${price}, q.confirmed_at, ${provenance}
               FROM latest_quote q LEFT JOIN batch b ON b.id = q.batch_id WHERE q.listing_id = $1 ORDER BY q.source`,
        values: [listingId],
      });
      return rows;
    },

    /** What the symbols mean on a date, and which source is served for each. */
    async listings(symbols: readonly string[], date: string): Promise<(ListingRow & Decision)[]> {
      const { rows } = await pool.query<ListingRow & Decision>({
        name: 'quote-listings',
        text: `SELECT ${listing}, ${decision} FROM ${named} LEFT JOIN consolidated_quote c ON c.listing_id = l.id
               WHERE a.symbol = ANY ($1::text[]) AND ${current}`,
        values: [symbols, date],
      });
      return rows;
    },

    /**
     * What every source's newest price was, as known at an instant: of each listing and source the latest `as_of`
     * among the rows that were current then. A price cannot be of later than it was known, but for clocks that differ.
     */
    async knownAt(listingIds: readonly number[], knownAt: string): Promise<(QuoteRow & { listing_id: number })[]> {
      const { rows } = await pool.query<QuoteRow & { listing_id: number }>({
        name: 'quote-known-at',
        text: `SELECT DISTINCT ON (s.listing_id, s.source) s.listing_id, ${price}, NULL::timestamptz AS confirmed_at, ${provenance}
               FROM (SELECT listing_id, source FROM latest_quote WHERE listing_id = ANY ($1::int[])) s
               CROSS JOIN LATERAL (
                 (SELECT ${facts} FROM quote
                  WHERE listing_id = s.listing_id AND source = s.source AND ingested_at <= $2
                    AND as_of < $2::timestamptz + interval '1 day'
                  ORDER BY as_of DESC LIMIT 1)
                 UNION ALL
                 (SELECT ${facts} FROM quote_revision
                  WHERE listing_id = s.listing_id AND source = s.source AND ingested_at <= $2 AND known_to > $2
                  ORDER BY as_of DESC LIMIT 1)) q
               LEFT JOIN batch b ON b.id = q.batch_id
               ORDER BY s.listing_id, s.source, q.as_of DESC`,
        values: [listingIds, knownAt],
      });
      return rows;
    },

    /**
     * Prices of one source in [from, to), one page from `after` on. With `revisions`, what was corrected is among them;
     * with `knownAt`, each is as it was known then.
     */
    async history(of: {
      listingId: number;
      source: string;
      from: string;
      to: string;
      knownAt: string | null;
      revisions: boolean;
      order: 'asc' | 'desc';
      after: { asOf: string; knownFrom: string } | null;
      limit: number;
    }): Promise<HistoryRow[]> {
      const down = of.order === 'desc';
      const order = down ? 'as_of DESC, ingested_at DESC' : 'as_of, ingested_at';
      const range = `listing_id = $1 AND source = $2 AND as_of >= $3 AND as_of < $4
        AND ($5::timestamptz IS NULL OR ingested_at <= $5)
        AND ($6::timestamptz IS NULL OR (as_of, ingested_at) ${down ? '<' : '>'} ($6, $7::timestamptz))`;
      // The cursor narrows the range too, so that the index finds the page without walking over the pages before it.
      const from = of.after && !down ? of.after.asOf : of.from;
      const to = of.after && down ? new Date(Date.parse(of.after.asOf) + 1).toISOString() : of.to;
      const withPast = of.revisions || of.knownAt !== null;
      const past = `UNION ALL (SELECT ${facts}, known_to FROM quote_revision
                    WHERE ${range} AND ($5::timestamptz IS NULL OR known_to > $5) ORDER BY ${order} LIMIT $8)`;
      const { rows } = await pool.query<HistoryRow>({
        name: `quote-history-${of.order}${withPast ? '-past' : ''}`,
        text: `SELECT ${price}, ${provenance}, q.ingested_at::text AS known_from, q.known_to::text, NULL::timestamptz AS confirmed_at
               FROM ((SELECT ${facts}, NULL::timestamptz AS known_to FROM quote WHERE ${range} ORDER BY ${order} LIMIT $8)
                     ${withPast ? past : ''}) q
               LEFT JOIN batch b ON b.id = q.batch_id
               ORDER BY q.as_of ${down ? 'DESC' : ''}, q.ingested_at ${down ? 'DESC' : ''} LIMIT $8`,
        values: [
          of.listingId,
          of.source,
          from,
          to,
          of.knownAt,
          of.after?.asOf ?? null,
          of.after?.knownFrom ?? null,
          of.limit,
        ],
      });
      return rows.map((row) => ({
        ...row,
        known_from: isoInstant(row.known_from),
        known_to: row.known_to === null ? null : isoInstant(row.known_to),
      }));
    },

    /** Symbols that begin alike, to guess what a mistyped one meant. */
    async symbolsLike(symbol: string, date: string): Promise<string[]> {
      const { rows } = await pool.query<{ symbol: string }>(
        `SELECT a.symbol FROM symbol_alias a WHERE starts_with(a.symbol, $1) AND ${current} ORDER BY a.symbol LIMIT 300`,
        [symbol.slice(0, 1), date],
      );
      return rows.map((row) => row.symbol);
    },
  };
}
