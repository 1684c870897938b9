import * as z from 'zod';
import { asOfBases, sessions } from '../../../market/quote.ts';
import { confidences, consolidationRules } from '../../../prices/consolidate.ts';
import { isoInstant } from '../database/instant.ts';
import { decimalText, instant } from '../database/rows.ts';
import { listingsOn, namedListingFields } from '../listings/named-listing.ts';
import { provenanceFields } from './provenance.ts';

export const servedBy = `c.source AS chosen, c.rule, c.spread, c.confidence, c.complement`;
export const quoteColumns = `as_of, price, previous_close, change, change_fraction, bid, ask, volume, currency, minor_factor, session,
  delay_seconds, as_of_basis, fetched_at, ingested_at, batch_id, settled_at, source`;

/**
 * The facts of `q`. The fraction is stored with ten digits; zeros at its end say nothing, nor does a share of a price
 * below zero.
 */
export const priceColumns = `q.source, q.as_of AS "asOf", q.price, q.previous_close AS "previousClose", q.change,
  CASE WHEN q.previous_close > 0 THEN trim_scale(q.change_fraction) END AS "changeFraction", q.bid, q.ask, q.volume, q.currency, q.minor_factor AS "minorFactor",
  q.session, q.delay_seconds AS "delaySeconds", q.as_of_basis AS "asOfBasis", q.fetched_at AS "fetchedAt",
  q.ingested_at::text AS "ingestedAt"`;

/**
 * The same, where the price is the one that was decided: what it lacks is of `m`, the latest quote of its complement.
 */
export const servedColumns = priceColumns
  .replace('q.previous_close AS "previousClose"', 'coalesce(q.previous_close, m.previous_close) AS "previousClose"')
  .replace('q.change,', 'q.price - coalesce(q.previous_close, m.previous_close) AS change,')
  .replace(
    /CASE WHEN q.previous_close > 0 .*? END/,
    `CASE WHEN coalesce(q.previous_close, m.previous_close) > 0 THEN trim_scale(round(
       (q.price - coalesce(q.previous_close, m.previous_close)) / coalesce(q.previous_close, m.previous_close), 10)) END`,
  )
  .replace(
    'q.bid, q.ask',
    'CASE WHEN q.bid > 0 AND q.ask > 0 THEN q.bid ELSE coalesce(m.bid, q.bid) END AS bid, CASE WHEN q.bid > 0 AND q.ask > 0 THEN q.ask ELSE coalesce(m.ask, q.ask) END AS ask',
  );

/** The same of a row of the past, where the price is the one that an accepted finding proposes: see `repairsOf`. */
export const repairedColumns = `q.source, q.as_of AS "asOf", CASE WHEN r.id IS NULL THEN q.price ELSE r.price END AS price,
  CASE WHEN r.id IS NULL THEN q.previous_close ELSE r.previous_close END AS "previousClose",
  CASE WHEN r.id IS NULL THEN q.change ELSE r.price - r.previous_close END AS change,
  trim_scale(CASE WHEN r.id IS NOT NULL THEN round((r.price - r.previous_close) / nullif(r.previous_close, 0), 10)
                  WHEN q.previous_close > 0 THEN q.change_fraction END) AS "changeFraction",
  CASE WHEN r.id IS NULL THEN q.bid END AS bid, CASE WHEN r.id IS NULL THEN q.ask END AS ask,
  q.volume, q.currency, q.minor_factor AS "minorFactor", q.session, q.delay_seconds AS "delaySeconds", q.as_of_basis AS "asOfBasis",
  q.fetched_at AS "fetchedAt", q.ingested_at::text AS "ingestedAt", r.id AS "repairedBy"`;

/** SQL: the latest quote that completes `q`, of the source that an expression names. */
export const completedBy = (source: string) =>
  `LEFT JOIN latest_quote m ON m.listing_id = q.listing_id AND m.source = ${source}`;

/** What the symbols of $1 mean on the date $2. */
export const namedListings = (date: string, listings = listingsOn, aliases = 'symbol_alias a') =>
  `${aliases} JOIN ${listings(date)} l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id`;
export const currentAlias = `a.namespace = 'canonical' AND a.valid_from <= $2::date AND a.valid_to > $2::date`;

export const servedByFields = {
  chosen: z.string().nullable(),
  rule: z.enum(consolidationRules).nullable().catch(null),
  spread: decimalText.nullable(),
  confidence: z.enum(confidences).nullable().catch(null),
  complement: z.string().nullable(),
};

export const microseconds = z.string().transform(isoInstant);

/** What only latest rows have, with what `sources`, an array, or all say of names; rows of the past have `ofThePast`. */
export const ofTheLatest = (sources: string | null) => `q.confirmed_at AS "confirmedAt", q.provisional,
  EXISTS (SELECT FROM finding f WHERE f.listing_id = q.listing_id AND f.rule = 'names' AND f.status = 'open'
          ${sources === null ? '' : `AND f.source = ANY (${sources})`}) AS "nameDoubted"`;
export const ofThePast = `NULL::timestamptz AS "confirmedAt", NULL::boolean AS provisional, NULL::boolean AS "nameDoubted"`;
/** The same of rows as they were known at an instant: nothing had agreed with some by then. */
export const asKnown = (at: string) =>
  ofThePast.replace('NULL::boolean AS provisional', `coalesce(q.settled_at > ${at}, false) AS provisional`);

export const quoteFields = {
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
  ...provenanceFields,
  confirmedAt: instant.nullable(),
  provisional: z.boolean().nullable(),
  nameDoubted: z.boolean().nullable(),
};

export const listedQuoteRow = z.object({ ...quoteFields, listingId: z.int() });
export const namedListingRow = z.object(namedListingFields);
