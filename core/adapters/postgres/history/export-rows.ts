import * as z from 'zod';
import type { VisibleSources } from '../../../auth/visible-sources.ts';
import type { ExportedListing, ExportRows } from '../../../ports/export-rows.ts';
import { instantOf } from '../../../prices/history/archived-quote.ts';
import { numbers } from '../database/array-literal.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { barPriceFields } from '../prices/bar-fields.ts';
import { paymentsOf } from '../prices/payments.ts';
import { provenance, provenanceFields } from '../prices/provenance.ts';
import { microsOf } from './archived-rows.ts';
import { namesOf } from './listing-names.ts';

const listingRow = z.object({ id: z.int(), exchange: z.string(), zone: z.string() });
const monthRow = z.object({ month: z.string() });
const spanRow = z.object({ exchange: z.string(), interval: z.string(), first: z.string(), last: z.string() });
const sourceRow = z.object({ source: z.string() });

const barRow = z.object({
  listingId: z.int(),
  source: z.string(),
  startsAt: z.int(),
  ...barPriceFields,
  minorFactor: z.int(),
  basis: z.string(),
  basisAt: z.int(),
  stale: z.boolean(),
  fetchedAt: z.int(),
  ingestedAt: z.int(),
  knownTo: z.int().nullable(),
  withdrawnAt: z.int().nullable(),
  ...provenanceFields,
});

const actionRow = z.object({
  listingId: z.int(),
  source: z.string(),
  type: z.string(),
  exDate: z.string(),
  ratio: decimalText.nullable(),
  amount: decimalText.nullable(),
  currency: z.string().nullable(),
  fetchedAt: z.int(),
  ingestedAt: z.int(),
  knownTo: z.int().nullable(),
  withdrawnAt: z.int().nullable(),
  batchId: z.string(),
});

const storedBar = `listing_id, source, starts_at, date, open, high, low, close, volume, currency, minor_factor, basis, basis_at, stale,
  fetched_at, ingested_at, withdrawn_at, batch_id`;
const storedAction = `listing_id, source, type, ex_date, ratio, paid AS amount, paid_in AS currency, known_at,
  coalesce(ingested_at, known_at) AS ingested_at, withdrawn_at, batch_id`;

/** What Postgres has of an export, of the sources whose rows may be in it. */
export function exportedRows(
  pool: Pool,
  visible: VisibleSources,
): Omit<ExportRows, 'quotes' | 'sourcesOf' | 'factors'> & {
  dailySources(listing: ExportedListing): Promise<readonly string[]>;
} {
  const isVisible = (source: string, parameter: string) =>
    `(${parameter}::text[] IS NULL OR ${source} = ANY (${parameter}))`;
  return {
    async listings(ids) {
      const result = await pool.query(
        `SELECT id, mic AS exchange, zone FROM listing WHERE id = ANY ($1::int[]) ORDER BY mic, id`,
        [numbers(ids)],
      );
      return rowsOf(listingRow, result);
    },

    namesOf: (rows) => namesOf(pool, rows),

    async quoteMonths(from, to) {
      const result = await pool.query(
        `SELECT to_char(m, 'YYYY-MM') AS month
         FROM generate_series(
           greatest(date_trunc('month', $1::date), date_trunc('month', least(
             (SELECT min(month) FROM quote_archive WHERE manifest IS NOT NULL),
             (SELECT min(to_date(right(c.relname, 7), 'YYYY_MM')) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'quote'::regclass AND c.relname ~ '^quote_[0-9]{4}_[0-9]{2}$')))),
           $2::date, interval '1 month') m
         WHERE EXISTS (SELECT FROM quote_archive a WHERE a.manifest IS NOT NULL AND a.month = m)
            OR EXISTS (SELECT FROM quote q WHERE q.as_of >= m AND q.as_of < m + interval '1 month')
         ORDER BY 1`,
        [from, to],
      );
      return rowsOf(monthRow, result).map(({ month }) => month);
    },

    async barMonths(ids) {
      const result = await pool.query(
        `SELECT l.mic AS exchange, s.interval, to_char(min(b.first), 'YYYY-MM') AS first, to_char(max(b.last), 'YYYY-MM') AS last
         FROM bar_series s JOIN listing l ON l.id = s.listing_id
         CROSS JOIN LATERAL (SELECT min(starts_at) AS first, max(starts_at) AS last FROM bar b
                             WHERE b.listing_id = s.listing_id AND b.source = s.source AND b.interval = s.interval) b
         WHERE s.listing_id = ANY ($1::int[]) AND ${isVisible('s.source', '$2')} AND b.first IS NOT NULL
         GROUP BY 1, 2 ORDER BY 1, 2`,
        [numbers(ids), visible.ids],
      );
      return rowsOf(spanRow, result);
    },

    async bars(ids, interval, from, to) {
      const ofSeries = (table: string, columns: string) => `SELECT ${columns} FROM bar_series s CROSS JOIN LATERAL (
          SELECT * FROM ${table} b WHERE b.listing_id = s.listing_id AND b.source = s.source AND b.interval = s.interval
            AND b.starts_at >= $3::timestamptz AND b.starts_at < $4::timestamptz) b
        WHERE s.listing_id = ANY ($1::int[]) AND s.interval = $2 AND ${isVisible('s.source', '$5')}`;
      const named = storedBar.replace(/\b([a-z_]+)\b/g, 'b.$1');
      const result = await pool.query(
        `SELECT q.listing_id AS "listingId", q.source, ${microsOf('q.starts_at')} AS "startsAt", q.date::text AS date, q.open, q.high,
           q.low, q.close, q.volume, q.currency, q.minor_factor AS "minorFactor", q.basis, ${microsOf('q.basis_at')} AS "basisAt",
           q.stale, ${microsOf('q.fetched_at')} AS "fetchedAt", ${microsOf('q.ingested_at')} AS "ingestedAt",
           ${microsOf('q.known_to')} AS "knownTo", ${microsOf('q.withdrawn_at')} AS "withdrawnAt", ${provenance}
         FROM (${ofSeries('bar', `${named}, NULL::timestamptz AS known_to`)}
               UNION ALL ${ofSeries('bar_revision', `${named}, b.known_to`)}) q
         LEFT JOIN batch b ON b.id = q.batch_id
         ORDER BY q.listing_id, q.source COLLATE "C", q.starts_at, q.ingested_at, q.known_to`,
        [numbers(ids), interval, instantOf(from), instantOf(to), visible.ids],
      );
      return rowsOf(barRow, result);
    },

    async actions(ids) {
      const result = await pool.query(
        `SELECT q.listing_id AS "listingId", q.source, q.type, q.ex_date::text AS "exDate", q.ratio, q.amount, q.currency,
           ${microsOf('q.known_at')} AS "fetchedAt", ${microsOf('q.ingested_at')} AS "ingestedAt",
           ${microsOf('q.known_to')} AS "knownTo", ${microsOf('q.withdrawn_at')} AS "withdrawnAt", q.batch_id::text AS "batchId"
         FROM (SELECT ${storedAction}, NULL::timestamptz AS known_to FROM ${paymentsOf('corporate_action')}
               UNION ALL SELECT ${storedAction}, known_to FROM ${paymentsOf('corporate_action_revision')}) q
         WHERE q.listing_id = ANY ($1::int[]) AND ${isVisible('q.source', '$2')}
         ORDER BY q.listing_id, q.source COLLATE "C", q.ex_date, q.type, q.ingested_at, q.known_to`,
        [numbers(ids), visible.ids],
      );
      return rowsOf(actionRow, result);
    },

    async dailySources({ id }) {
      const result = await pool.query(
        `SELECT source FROM bar_series
         WHERE listing_id = $1 AND interval = '1d' AND ${isVisible('source', '$2')} ORDER BY source COLLATE "C"`,
        [id, visible.ids],
      );
      return rowsOf(sourceRow, result).map(({ source }) => source);
    },
  };
}
