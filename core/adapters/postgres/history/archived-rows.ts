import * as z from 'zod';
import { type ArchivePlace, instantOf } from '../../../prices/history/archived-quote.ts';
import { decimalText } from '../database/rows.ts';
import { provenance, provenanceFields } from '../prices/provenance.ts';

/** The SQL of an instant in microseconds since the epoch. */
export const microsOf = (instant: string) => `(extract(epoch FROM ${instant}) * 1000000)::float8`;

const price = `q.price, q.previous_close AS "previousClose", q.bid, q.ask, q.volume, q.currency, q.minor_factor AS "minorFactor",
  q.session, q.delay_seconds AS "delaySeconds", q.as_of_basis AS "asOfBasis"`;

const stored = `listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor, session, delay_seconds,
  as_of_basis, fetched_at, ingested_at, settled_at, batch_id`;

/** Versions of quotes that match a condition on `p`, current and replaced ones: as `q`. */
export const versionsWhere = (condition: string, tail = '') => `(
  (SELECT ${stored}, confirmed_at, NULL::timestamptz AS known_to FROM quote p WHERE ${condition} ${tail})
  UNION ALL
  (SELECT ${stored}, NULL, known_to FROM quote_revision p WHERE ${condition} ${tail})) q`;

/** An `ArchivedQuote` of `q` and its batch `b`. */
export const archivedColumns = `q.listing_id AS "listingId", q.source, ${microsOf('q.as_of')} AS "asOf", ${price},
  ${microsOf('q.fetched_at')} AS "fetchedAt", ${microsOf('q.confirmed_at')} AS "confirmedAt",
  ${microsOf('q.ingested_at')} AS "ingestedAt", ${microsOf('q.known_to')} AS "knownTo",
  q.settled_at IS NOT NULL AS "wasProvisional",
  CASE WHEN isfinite(q.settled_at) THEN ${microsOf('q.settled_at')} END AS "settledAt", ${provenance}`;

/** The order of the archive. The bytes of a source's id, as JavaScript compares them. */
export const archiveOrder = `q.listing_id, q.source COLLATE "C", q.as_of, q.ingested_at`;

export const archivedRow = z.object({
  listingId: z.int(),
  source: z.string(),
  asOf: z.int(),
  price: decimalText,
  previousClose: decimalText.nullable(),
  bid: decimalText.nullable(),
  ask: decimalText.nullable(),
  volume: decimalText.nullable(),
  currency: z.string(),
  minorFactor: z.int(),
  session: z.string().nullable(),
  delaySeconds: z.int().nullable(),
  asOfBasis: z.string(),
  fetchedAt: z.int(),
  confirmedAt: z.int().nullable(),
  ingestedAt: z.int(),
  knownTo: z.int().nullable(),
  wasProvisional: z.boolean(),
  settledAt: z.int().nullable(),
  ...provenanceFields,
});

/** SQL: the month of $1, a date, as a condition on `p`. */
export const inMonth = `p.as_of >= $1::date::timestamptz AND p.as_of < ($1::date + interval '1 month')::timestamptz`;

/** A place as the values of four parameters. */
export function placeValues(place: ArchivePlace | null): unknown[] {
  return place === null ? [] : [place.listingId, place.source, instantOf(place.asOf), instantOf(place.ingestedAt)];
}

const hasFinding = (
  row: string,
) => `EXISTS (SELECT FROM finding f WHERE f.kind = 'quote' AND f.listing_id = ${row}.listing_id
  AND f.source = ${row}.source AND f.at = ${row}.as_of)`;

/** SQL: whether nothing needs a row of `quote` beside the archive. */
export const leaves = (row: string) => `NOT ${hasFinding(row)} AND NOT EXISTS (SELECT FROM latest_quote l
  WHERE l.listing_id = ${row}.listing_id AND l.source = ${row}.source AND l.as_of = ${row}.as_of)`;
/** The same of a row of `quote_revision`. */
export const leavesRevisions = (row: string) => `NOT ${hasFinding(row)}`;
