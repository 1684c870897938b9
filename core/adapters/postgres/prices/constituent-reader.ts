import type { DecimalText } from '../../../market/decimal.ts';
import type { Pool } from '../database/pool.ts';
import type { ListingRow } from './quote-reader.ts';

/** What is known of an index's members, without them. */
export interface SnapshotRow {
  readonly index_listing_id: number;
  readonly source: string;
  /** `yyyy-mm-dd`, in the index's zone. */
  readonly date: string;
  readonly fetched_at: Date;
  readonly confirmed_at: Date;
  readonly members: number;
  /** A fraction; about 1. */
  readonly weight: DecimalText;
}

export interface MemberRow extends ListingRow {
  readonly rank: number;
  readonly weight: DecimalText;
  readonly price: DecimalText | null;
  readonly previous_close: DecimalText | null;
  readonly change: DecimalText | null;
  readonly change_fraction: DecimalText | null;
  readonly currency: string;
}

const facts = `index_listing_id, source, date, listing_id, rank, weight, price, previous_close, change, change_fraction,
  currency, ingested_at`;

/** Members as they are, or with $knownAt as they were known then. */
const membersKnown = (key: string, knownAt: string) => `
  (SELECT ${facts} FROM constituent WHERE ${key} AND (${knownAt}::timestamptz IS NULL OR ingested_at <= ${knownAt})
   UNION ALL
   SELECT ${facts} FROM constituent_revision WHERE ${key} AND ingested_at <= ${knownAt} AND known_to > ${knownAt})`;

export type ConstituentReader = ReturnType<typeof constituentReader>;

/** Reads of what indices are made of. */
export function constituentReader(pool: Pool) {
  return {
    /** The newest snapshot of each index that is not later than `date`, of any source or of one. */
    async snapshots(
      listingIds: readonly number[],
      of: { date: string | null; source: string | null; knownAt: string | null },
    ): Promise<SnapshotRow[]> {
      const { rows } = await pool.query<SnapshotRow>({
        name: 'constituent-snapshots',
        text: `SELECT s.index_listing_id, s.source, s.date::text, s.fetched_at, s.confirmed_at, c.members, c.weight
               FROM (SELECT DISTINCT ON (index_listing_id) * FROM constituent_snapshot
                     WHERE index_listing_id = ANY ($1::int[]) AND ($2::date IS NULL OR date <= $2)
                       AND ($3::text IS NULL OR source = $3) AND ($4::timestamptz IS NULL OR fetched_at <= $4)
                     ORDER BY index_listing_id, date DESC, confirmed_at DESC) s
               CROSS JOIN LATERAL (
                 SELECT count(*)::int AS members, coalesce(sum(m.weight), 0) AS weight
                 FROM ${membersKnown('index_listing_id = s.index_listing_id AND source = s.source AND date = s.date', '$4')} m) c`,
        values: [listingIds, of.date, of.source, of.knownAt],
      });
      return rows;
    },

    /** A page of a snapshot's members, heaviest first. */
    async members(of: {
      snapshot: Pick<SnapshotRow, 'index_listing_id' | 'source' | 'date'>;
      knownAt: string | null;
      after: { rank: number; symbol: string } | null;
      limit: number;
    }): Promise<MemberRow[]> {
      const { rows } = await pool.query<MemberRow>({
        name: 'constituents',
        text: `SELECT m.listing_id, a.symbol, i.name, i.asset_class, l.mic, l.currency AS listing_currency, l.zone,
                      m.rank, m.weight, m.price, m.previous_close, m.change, trim_scale(m.change_fraction) AS change_fraction, m.currency
               FROM ${membersKnown('index_listing_id = $1 AND source = $2 AND date = $3', '$4')} m
               JOIN listing l ON l.id = m.listing_id JOIN instrument i ON i.id = l.instrument_id
               JOIN symbol_alias a ON a.listing_id = l.id AND a.namespace = 'canonical' AND a.valid_from <= $3 AND a.valid_to > $3
               WHERE $5::int IS NULL OR (m.rank, a.symbol) > ($5, $6::text)
               ORDER BY m.rank, a.symbol LIMIT $7`,
        values: [
          of.snapshot.index_listing_id,
          of.snapshot.source,
          of.snapshot.date,
          of.knownAt,
          of.after?.rank ?? null,
          of.after?.symbol ?? '',
          of.limit,
        ],
      });
      return rows;
    },
  };
}
