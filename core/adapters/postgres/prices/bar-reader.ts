import type { DecimalText } from '../../../market/decimal.ts';
import type { Pool } from '../database/pool.ts';

/** A bar as stored. Dates are in the venue's zone. */
export interface BarRow {
  readonly starts_at: Date;
  /** The trading day; of an intraday bar, the day it began on. */
  readonly day: string;
  readonly date: string | null;
  readonly open: DecimalText | null;
  readonly high: DecimalText | null;
  readonly low: DecimalText | null;
  readonly close: DecimalText;
  readonly volume: DecimalText | null;
  readonly currency: string;
  readonly basis: string;
  readonly basis_at: Date;
  readonly basis_day: string;
  readonly stale: boolean;
}

export interface ActionRow {
  readonly type: string;
  readonly ex_date: string;
  readonly source: string;
  readonly ratio: DecimalText | null;
  readonly amount: DecimalText | null;
  readonly currency: string | null;
  readonly known_at: Date;
  readonly known_day: string;
}

const columns = `starts_at, date, open, high, low, close, volume, currency, basis, basis_at, stale`;
const asRead = `q.starts_at, q.date::text AS date, coalesce(q.date, (q.starts_at AT TIME ZONE $ZONE)::date)::text AS day,
  q.open, q.high, q.low, q.close, q.volume, q.currency, q.basis, q.basis_at, (q.basis_at AT TIME ZONE $ZONE)::date::text AS basis_day, q.stale`;

export type BarReader = ReturnType<typeof barReader>;

/** Reads of bars and corporate actions. Instants are ISO 8601 text, dates `yyyy-mm-dd`. */
export function barReader(pool: Pool) {
  return {
    /** The first of these sources that has bars of the interval, and their basis. */
    async sourceOf(listingId: number, interval: string, inOrder: readonly string[]) {
      const { rows } = await pool.query<{ source: string; basis: string; basis_at: Date }>({
        name: 'bar-source',
        text: `SELECT s.source, b.basis, b.basis_at
               FROM unnest($3::text[]) WITH ORDINALITY s (source, place)
               CROSS JOIN LATERAL (SELECT basis, basis_at FROM bar WHERE listing_id = $1 AND source = s.source AND interval = $2
                                   ORDER BY starts_at DESC LIMIT 1) b
               ORDER BY s.place LIMIT 1`,
        values: [listingId, interval, inOrder],
      });
      return rows[0] ?? null;
    },

    /** Bars of one source that begin in [from, to), one page from `after` on; with `knownAt`, as they were known then. */
    async bars(of: {
      listingId: number;
      source: string;
      interval: string;
      zone: string;
      from: string;
      to: string;
      knownAt: string | null;
      order: 'asc' | 'desc';
      after: string | null;
      limit: number;
    }): Promise<BarRow[]> {
      const down = of.order === 'desc';
      const range = `listing_id = $1 AND source = $2 AND interval = $3 AND starts_at >= $4 AND starts_at < $5
        AND ($6::timestamptz IS NULL OR ingested_at <= $6) AND ($7::timestamptz IS NULL OR starts_at ${down ? '<' : '>'} $7)`;
      const order = `ORDER BY starts_at ${down ? 'DESC' : ''} LIMIT $8`;
      const past = `UNION ALL (SELECT ${columns} FROM bar_revision WHERE ${range} AND known_to > $6 ${order})`;
      const { rows } = await pool.query<BarRow>({
        name: `bars-${of.order}${of.knownAt === null ? '' : '-past'}`,
        text: `SELECT ${asRead.replaceAll('$ZONE', '$9')}
               FROM ((SELECT ${columns} FROM bar WHERE ${range} ${order}) ${of.knownAt === null ? '' : past}) q ${order}`,
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
      return rows;
    },

    /** Every split and dividend of a listing, by day; with `knownAt`, those known then. */
    async actions(listingId: number, zone: string, knownAt: string | null): Promise<ActionRow[]> {
      const { rows } = await pool.query<ActionRow>({
        name: 'corporate-actions',
        text: `SELECT type, ex_date::text, source, ratio, amount, currency, known_at, (known_at AT TIME ZONE $2)::date::text AS known_day
               FROM corporate_action WHERE listing_id = $1 AND ($3::timestamptz IS NULL OR known_at <= $3)
               ORDER BY ex_date, type, source`,
        values: [listingId, zone, knownAt],
      });
      return rows;
    },

    /** Of each day, the last daily bar before it. Days without one within twelve days before are left out. */
    async closesBefore(listingId: number, source: string, zone: string, days: readonly string[]) {
      const { rows } = await pool.query<BarRow & { before: string }>({
        name: 'bar-closes-before',
        text: `SELECT d.day::text AS before, ${asRead.replaceAll('$ZONE', '$4')}
               FROM unnest($3::date[]) d (day)
               CROSS JOIN LATERAL (
                 SELECT ${columns} FROM bar
                 WHERE listing_id = $1 AND source = $2 AND interval = '1d' AND date < d.day AND date >= d.day - 12
                   AND starts_at < d.day + interval '1 day' AND starts_at > d.day - interval '14 days'
                 ORDER BY starts_at DESC LIMIT 1) q`,
        values: [listingId, source, days, zone],
      });
      return rows;
    },

    /** The longest stretch of days in [from, to] without a daily bar of the source: where a split could hide. */
    async widestGap(listingId: number, source: string, from: string, to: string) {
      const { rows } = await pool.query<{ days: number; from: string; to: string }>({
        name: 'bar-widest-gap',
        text: `SELECT next - day AS days, day::text AS from, next::text AS to
               FROM (SELECT day, lead(day) OVER (ORDER BY day) AS next
                     FROM (SELECT $3::date AS day UNION SELECT $4::date UNION
                           SELECT date FROM bar WHERE listing_id = $1 AND source = $2 AND interval = '1d'
                             AND date BETWEEN $3::date AND $4::date
                             AND starts_at BETWEEN $3::date - interval '2 days' AND $4::date + interval '2 days') days) gaps
               WHERE next IS NOT NULL ORDER BY 1 DESC LIMIT 1`,
        values: [listingId, source, from, to],
      });
      return rows[0] ?? null;
    },
  };
}
