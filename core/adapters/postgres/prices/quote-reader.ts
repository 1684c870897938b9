import * as z from 'zod';
import { asOfBases, sessions } from '../../../market/quote.ts';
import type { QuoteReader } from '../../../ports/quote-reader.ts';
import { confidences, consolidationRules } from '../../../prices/consolidate.ts';
import { isoInstant } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, instant, rowsOf } from '../database/rows.ts';
import { namedListingColumns, namedListingFields } from '../listings/named-listing.ts';

const servedBy = `c.source AS chosen, c.rule, c.spread, c.confidence`;
const provenance = `b.run_id AS "runId", b.part, b.attempt, b.blob_key AS "blobKey", b.parser_version AS "parserVersion"`;
const facts = `as_of, price, previous_close, change, change_fraction, bid, ask, volume, currency, minor_factor, session,
  delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, source`;

/** The facts of `q`. The fraction is stored with ten digits; zeros at its end say nothing. */
const price = `q.source, q.as_of AS "asOf", q.price, q.previous_close AS "previousClose", q.change,
  trim_scale(q.change_fraction) AS "changeFraction", q.bid, q.ask, q.volume, q.currency, q.minor_factor AS "minorFactor",
  q.session, q.delay_seconds AS "delaySeconds", q.as_of_basis AS "asOfBasis", q.fetched_at AS "fetchedAt",
  q.ingested_at::text AS "ingestedAt", q.batch_id AS "batchId"`;

/** What the symbols of $1 mean on the date $2. */
const named = `symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id`;
const current = `a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date`;

const servedByFields = {
  chosen: z.string().nullable(),
  rule: z.enum(consolidationRules).nullable().catch(null),
  spread: decimalText.nullable(),
  confidence: z.enum(confidences).nullable().catch(null),
};

const microseconds = z.string().transform(isoInstant);

const quoteFields = {
  source: z.string(),
  asOf: instant,
  price: decimalText,
  previousClose: decimalText.nullable(),
  change: decimalText.nullable(),
  changeFraction: decimalText.nullable(),
  bid: decimalText.nullable(),
  ask: decimalText.nullable(),
  volume: decimalText.nullable(),
  currency: z.string(),
  minorFactor: z.int(),
  session: z.enum(sessions).nullable().catch(null),
  delaySeconds: z.int().nullable(),
  asOfBasis: z.enum(asOfBases).catch('fetched'),
  fetchedAt: instant,
  ingestedAt: microseconds,
  batchId: z.string(),
  runId: z.string().nullable(),
  part: z.int().nullable(),
  attempt: z.int().nullable(),
  blobKey: z.string().nullable(),
  parserVersion: z.string().nullable(),
  confirmedAt: instant.nullable(),
};

const quoteRow = z.object(quoteFields);
const listingRow = z.object({ ...namedListingFields, ...servedByFields });
const pricedRow = z.object({ ...namedListingFields, ...servedByFields, ...quoteFields });
const unpricedRow = z.object({ ...namedListingFields, ...servedByFields, source: z.null() });
const latestRow = z.union([pricedRow, unpricedRow]);
const listedQuoteRow = z.object({ ...quoteFields, listingId: z.int() });
const knownQuoteRow = z.object({ ...quoteFields, knownTo: microseconds.nullable() });
const symbolRow = z.object({ symbol: z.string() });

/** Reads of quotes from Postgres. */
export function quoteReader(pool: Pool): QuoteReader {
  return {
    async latest(symbols, date, source) {
      const result = await pool.query({
        name: 'quote-latest',
        text: `SELECT ${namedListingColumns}, ${servedBy}, ${price}, q.confirmed_at AS "confirmedAt", ${provenance}
               FROM ${named}
               LEFT JOIN consolidated_quote c ON c.listing_id = l.id
               LEFT JOIN latest_quote q ON q.listing_id = l.id AND q.source = coalesce($3::text, c.source)
               LEFT JOIN batch b ON b.id = q.batch_id
               WHERE a.symbol = ANY ($1::text[]) AND ${current}`,
        values: [symbols, date, source],
      });
      return rowsOf(latestRow, result);
    },

    /** Reads only `latest_quote` and `consolidated_quote`. */
    async page(of) {
      // Two statements: with one for both, the planner misjudges the join and sorts everything for each page.
      const result = await pool.query({
        name: of.source === null ? 'quote-page' : 'quote-page-of-source',
        text: `SELECT ${namedListingColumns}, ${servedBy}, ${price}, q.confirmed_at AS "confirmedAt", ${provenance}
               FROM ${named}
               JOIN consolidated_quote c ON c.listing_id = l.id
               JOIN latest_quote q ON q.listing_id = l.id AND q.source = ${of.source === null ? 'c.source' : '$3'}
               LEFT JOIN batch b ON b.id = q.batch_id
               WHERE a.symbol > $1 AND ${current} AND ($4::text IS NULL OR i.asset_class = $4)
                 ${of.source === null ? 'AND $3::text IS NULL' : ''}
               ORDER BY a.symbol LIMIT $5`,
        values: [of.after, of.date, of.source, of.assetClass, of.limit],
      });
      return rowsOf(pricedRow, result);
    },

    async candidates(listingId) {
      const result = await pool.query({
        name: 'quote-candidates',
        text: `SELECT ${price}, q.confirmed_at AS "confirmedAt", ${provenance}
               FROM latest_quote q LEFT JOIN batch b ON b.id = q.batch_id WHERE q.listing_id = $1 ORDER BY q.source`,
        values: [listingId],
      });
      return rowsOf(quoteRow, result);
    },

    async listings(symbols, date) {
      const result = await pool.query({
        name: 'quote-listings',
        text: `SELECT ${namedListingColumns}, ${servedBy} FROM ${named} LEFT JOIN consolidated_quote c ON c.listing_id = l.id
               WHERE a.symbol = ANY ($1::text[]) AND ${current}`,
        values: [symbols, date],
      });
      return rowsOf(listingRow, result);
    },

    /** No price is of later than it was known, but for clocks that differ: so much the day's grace is for. */
    async knownAt(listingIds, knownAt) {
      const result = await pool.query({
        name: 'quote-known-at',
        text: `SELECT DISTINCT ON (s.listing_id, s.source) s.listing_id AS "listingId", ${price}, NULL::timestamptz AS "confirmedAt", ${provenance}
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
      return rowsOf(listedQuoteRow, result);
    },

    async history(of) {
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
      const result = await pool.query({
        name: `quote-history-${of.order}${withPast ? '-past' : ''}`,
        text: `SELECT ${price}, ${provenance}, q.known_to::text AS "knownTo", NULL::timestamptz AS "confirmedAt"
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
      return rowsOf(knownQuoteRow, result).map((row) => ({ ...row, knownFrom: row.ingestedAt }));
    },

    async symbolsLike(symbol, date) {
      const result = await pool.query(
        `SELECT a.symbol FROM symbol_alias a WHERE starts_with(a.symbol, $1) AND ${current} ORDER BY a.symbol LIMIT 300`,
        [symbol.slice(0, 1), date],
      );
      return rowsOf(symbolRow, result).map((row) => row.symbol);
    },
  };
}
