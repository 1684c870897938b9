import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import { barBases, corporateActionTypes } from '../../../market/bar.ts';
import type { BarReader } from '../../../ports/bar-reader.ts';
import { msOf } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';
import { decimalText, firstRow, instant, rowsOf } from '../database/rows.ts';
import { barPriceFields } from './bar-fields.ts';
import { barsAsColumns, barsOfColumns } from './bar-page.ts';
import { paymentsOf } from './payments.ts';
import { repairDays } from './repair-wants.ts';
import { historyOf, historyRow } from './series-history.ts';

const columns = `starts_at, date, open, high, low, close, volume, currency, basis, basis_at, stale, fetched_at`;
const asRead = `q.starts_at AS "startsAt", q.date::text AS date,
  coalesce(q.date, (q.starts_at AT TIME ZONE $ZONE)::date)::text AS day, q.open, q.high, q.low, q.close, q.volume, q.currency,
  q.basis, floor(${msOf('q.basis_at')}) AS "basisAt", (q.basis_at AT TIME ZONE $ZONE)::date::text AS "basisDay", q.stale,
  q.fetched_at AS "fetchedAt"`;

/**
 * The columns as of an instant, which is the parameter `known`: a split that was told after it makes no bar stale then.
 * Listing and source are $1 and $2.
 */
const columnsKnown = (known: string) => {
  const split = `SELECT ex_date, known_at, coalesce(ingested_at, known_at) AS told FROM`;
  const of = `WHERE listing_id = $1 AND source = $2 AND type = 'split'`;
  return columns.replace(
    'stale',
    `stale AND EXISTS (
       SELECT FROM (${split} corporate_action ${of} UNION ALL ${split} corporate_action_revision ${of}) s
       WHERE s.told <= ${known}::timestamptz AND s.ex_date > starts_at AND s.known_at > basis_at) AS stale`,
  );
};

/** What a source does not tell any more is kept and not used. */
const counts = 'withdrawn_at IS NULL';

const actionColumns = 'type, ex_date, source, ratio, paid AS amount, paid_in AS currency, known_at';

const basis = z.enum(barBases).catch('raw');
const sourceRow = z.object({ source: z.string(), basis, basisAt: z.int(), history: historyRow });
const barFields = {
  startsAt: instant,
  day: z.string(),
  ...barPriceFields,
  basis,
  basisAt: z.int(),
  basisDay: z.string(),
  stale: z.boolean(),
  fetchedAt: instant,
};
const barRow = z.object(barFields);
const closeRow = z.object({ ...barFields, before: z.string() });
const actionRow = z.object({
  type: z.enum(corporateActionTypes),
  exDate: z.string(),
  source: z.string(),
  ratio: decimalText.nullable(),
  amount: decimalText.nullable(),
  currency: z.string().nullable(),
  knownAt: z.int(),
  knownDay: z.string(),
});
const lastRow = z.object({ day: z.string() });
const gapRow = z.object({ days: z.int(), from: z.string(), to: z.string() });

/** Reads of bars and corporate actions from Postgres. */
export function barReader(pool: Pool): VisibleTo<BarReader> {
  return (visible) => ({
    async sourceOf(listingId, interval, inOrder) {
      const result = await pool.query({
        name: 'bar-source',
        text: `SELECT s.source, b.basis, floor(${msOf('b.basis_at')}) AS "basisAt", ${historyOf('$4')} AS history
               FROM unnest($3::text[]) WITH ORDINALITY s (source, place)
               CROSS JOIN LATERAL (SELECT basis, basis_at FROM bar WHERE listing_id = $1 AND source = s.source AND interval = $2 AND ${counts}
                                   ORDER BY starts_at DESC LIMIT 1) b
               LEFT JOIN bar_series k ON k.listing_id = $1 AND k.source = s.source AND k.interval = $2
               ORDER BY s.place LIMIT 1`,
        values: [listingId, interval, inOrder.filter((source) => visible.has(source)), visible.ids],
      });
      return firstRow(sourceRow, result);
    },

    async hidden(listingId, interval) {
      if (visible.ids === null) return false;
      const { rowCount } = await pool.query({
        name: 'bar-hidden',
        text: 'SELECT FROM bar WHERE listing_id = $1 AND interval = $2 AND source <> ALL ($3::text[]) LIMIT 1',
        values: [listingId, interval, visible.ids],
      });
      return rowCount === 1;
    },

    async bars(of) {
      visible.require(of.source);
      const down = of.order === 'desc';
      const range = `listing_id = $1 AND source = $2 AND interval = $3 AND starts_at >= $4 AND starts_at < $5 AND ${counts}
        AND ($6::timestamptz IS NULL OR ingested_at <= $6) AND ($7::timestamptz IS NULL OR starts_at ${down ? '<' : '>'} $7)`;
      const order = `ORDER BY starts_at ${down ? 'DESC' : ''} LIMIT $8`;
      const read = of.knownAt === null ? columns : columnsKnown('$6');
      const past = `UNION ALL (SELECT ${read} FROM bar_revision WHERE ${range} AND known_to > $6 ${order})`;
      const result = await pool.query({
        name: `bars-${of.order}${of.knownAt === null ? '' : '-past'}`,
        text: `SELECT ${barsAsColumns('$9')}
               FROM (SELECT * FROM ((SELECT ${read} FROM bar WHERE ${range} ${order}) ${of.knownAt === null ? '' : past}) b ${order}) q`,
        values: [
          of.listingId,
          of.source,
          of.interval,
          of.after && !down ? of.after : of.from,
          of.after && down ? of.after : of.to,
          of.knownAt,
          of.after,
          of.limit,
          of.zone,
        ],
      });
      return barsOfColumns(result);
    },

    async actions(listingId, zone, knownAt) {
      const known = `listing_id = $1 AND ${counts} AND type = ANY ($4::text[]) AND ($5::text[] IS NULL OR source = ANY ($5))
        AND ($3::timestamptz IS NULL OR coalesce(ingested_at, known_at) <= $3)`;
      const result = await pool.query({
        name: 'corporate-actions',
        text: `SELECT type, ex_date::text AS "exDate", source, ratio, amount, currency, floor(${msOf('known_at')}) AS "knownAt",
                      (known_at AT TIME ZONE $2)::date::text AS "knownDay"
               FROM (SELECT ${actionColumns} FROM ${paymentsOf('corporate_action')} WHERE ${known}
                     UNION ALL
                     SELECT ${actionColumns} FROM ${paymentsOf('corporate_action_revision')} WHERE ${known} AND known_to > $3) a
               ORDER BY ex_date, type, source, amount`,
        // A type that this release does not know is left to the release that does.
        values: [listingId, zone, knownAt, corporateActionTypes, visible.ids],
      });
      return rowsOf(actionRow, result);
    },

    async closesBefore(listingId, source, zone, days, since, knownAt) {
      visible.require(source);
      const before = `listing_id = $1 AND source = $2 AND interval = '1d' AND ${counts} AND date < d.day AND date >= least(d.day - 12, $6::date)
        AND starts_at < d.day + interval '1 day' AND starts_at > least(d.day - 12, $6::date) - interval '2 days'
        AND ($5::timestamptz IS NULL OR ingested_at <= $5)`;
      const read = knownAt === null ? columns : columnsKnown('$5');
      const past = `UNION ALL SELECT ${read} FROM bar_revision WHERE ${before} AND known_to > $5`;
      const result = await pool.query({
        name: `bar-closes-before${knownAt === null ? '' : '-past'}`,
        text: `SELECT d.day::text AS before, ${asRead.replaceAll('$ZONE', '$4')}
               FROM unnest($3::date[]) d (day)
               CROSS JOIN LATERAL (
                 SELECT * FROM (SELECT ${read} FROM bar WHERE ${before} ${knownAt === null ? '' : past}) b
                 ORDER BY starts_at DESC LIMIT 1) q`,
        values: [listingId, source, days, zone, knownAt, since],
      });
      return rowsOf(closeRow, result);
    },

    async lastDay(listingId, source) {
      visible.require(source);
      const result = await pool.query({
        name: 'bar-last-day',
        text: `SELECT date::text AS day FROM bar
               WHERE listing_id = $1 AND source = $2 AND interval = '1d' AND date IS NOT NULL AND ${counts}
               ORDER BY starts_at DESC LIMIT 1`,
        values: [listingId, source],
      });
      return firstRow(lastRow, result)?.day ?? null;
    },

    async widestGap(listingId, source, from, to) {
      visible.require(source);
      const result = await pool.query({
        name: 'bar-widest-gap',
        // Bars on both sides that one answer brought say as much of the days between as what is noted of answers.
        text: `SELECT upper(silent) - lower(silent) + 1 AS days, (lower(silent) - 1)::text AS from, upper(silent)::text AS to
               FROM (SELECT day, lead(day) OVER days AS next, batch_id IS NOT DISTINCT FROM lead(batch_id) OVER days AS one_answer
                     FROM (SELECT day, max(batch_id) AS batch_id
                           FROM (SELECT $3::date AS day, NULL::bigint AS batch_id UNION ALL SELECT $4::date, NULL UNION ALL
                                 SELECT date, batch_id FROM bar WHERE listing_id = $1 AND source = $2 AND interval = '1d'
                                   AND date BETWEEN $3::date AND $4::date AND ${counts}
                                   AND starts_at BETWEEN $3::date - interval '2 days' AND $4::date + interval '2 days') bars
                           GROUP BY day) known
                     WINDOW days AS (ORDER BY day)) gaps
               CROSS JOIN LATERAL unnest(
                 datemultirange(daterange(day + 1, next)) - coalesce(
                   (SELECT answered + CASE WHEN newest_at::date > newest_from
                                           THEN datemultirange(daterange(newest_from, newest_at::date)) ELSE '{}' END
                    FROM bar_series WHERE listing_id = $1 AND source = $2 AND interval = '1d'), '{}')) silent
               WHERE next > day + 1 AND NOT one_answer ORDER BY 1 DESC LIMIT 1`,
        values: [listingId, source, from, to],
      });
      return firstRow(gapRow, result);
    },

    async saidBefore(of) {
      visible.require(of.source);
      const result = await pool.query({
        name: 'bars-said-before',
        text: `SELECT ${asRead.replaceAll('$ZONE', '$6')} FROM (
                 SELECT DISTINCT ON (starts_at) ${columns} FROM bar_revision r
                 WHERE listing_id = $1 AND source = $2 AND interval = $3 AND starts_at = ANY ($4::timestamptz[]) AND ${counts}
                   AND ($5::timestamptz IS NULL OR ingested_at <= $5) AND NOT stale
                   AND NOT EXISTS (SELECT FROM finding f WHERE f.listing_id = r.listing_id AND f.source = r.source AND f.kind = 'bar'
                                   AND f.interval = r.interval AND f.at = r.starts_at AND f.severity = 'wrong' AND f.said = r.close)
                   AND NOT EXISTS (SELECT FROM corporate_action a WHERE a.listing_id = r.listing_id AND a.source = r.source
                                   AND a.type = 'split' AND a.withdrawn_at IS NULL AND a.ex_date > r.starts_at
                                   AND a.ex_date + interval '2 days' > r.basis_at)
                 ORDER BY starts_at, fetched_at DESC, ingested_at DESC) q`,
        values: [of.listingId, of.source, of.interval, of.starts, of.knownAt, of.zone],
      });
      return rowsOf(barRow, result);
    },

    async repairs(listingId, source, interval) {
      visible.require(source);
      return repairDays(pool, listingId, source, interval);
    },
  });
}
