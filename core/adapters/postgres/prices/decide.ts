import * as z from 'zod';
import { isImport } from '../../../contracts/words/imports.ts';
import { type AssetClass, assetClasses } from '../../../market/instrument.ts';
import { asOfBases } from '../../../market/quote.ts';
import {
  type Candidate,
  type Consolidated,
  complementOf,
  confirmedOf,
  consolidate,
  needsUsualMove,
  withoutYielding,
} from '../../../prices/consolidate.ts';
import { sourceOf } from '../../../sources/catalogue.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { usualMoves } from './usual-moves.ts';

/** How much a source is worth for an asset class. Higher wins. */
export type RankOf = (sourceId: string, assetClass: AssetClass) => number;

/** As the catalogue ranks them. */
export const catalogueRank: RankOf = (sourceId, assetClass) => sourceOf(sourceId)?.rank[assetClass] ?? 0;

const candidateRow = z.object({
  listing_id: z.int(),
  source: z.string(),
  price: z.string(),
  as_of: z.date(),
  as_of_basis: z.enum(asOfBases).catch('fetched'),
  asset_class: z.enum(assetClasses).catch('other'),
  bid: z.string().nullable(),
  ask: z.string().nullable(),
  last_close: z.string().nullable(),
  last_at: z.date().nullable(),
  fetched_at: z.date(),
  provisional: z.boolean(),
  has_previous: z.boolean(),
});

/** A decision on the price of a listing. */
export type ListingDecision = Consolidated & {
  readonly listingId: number;
  /** The sources whose provisional price something agrees with by now. */
  readonly confirmed: readonly string[];
  /** The source whose change, bid and ask stand beside a price that lacks them. */
  readonly complement: string | null;
  /** What was decided on. */
  readonly inputs: readonly Candidate[];
  /** What the listing usually moves in a day, by its own bars; `null` where they do not say or need not. */
  readonly usualMove: number | null;
};

/**
 * Decides which source is the price of some listings, among all sources or, for a caller that may not see all, among
 * `sources`. `ids` is an array, or an array literal of Postgres. A listing without a price gets no decision.
 */
export async function decide(
  db: Connection | Pool,
  ids: readonly number[] | string,
  sources: readonly string[] | null,
  rankOf: RankOf,
): Promise<ListingDecision[]> {
  const found = await db.query(
    `SELECT q.listing_id, q.source, q.price, q.as_of, q.as_of_basis, i.asset_class, q.bid, q.ask, q.fetched_at, q.provisional,
            q.previous_close IS NOT NULL AS has_previous,
            b.close AS last_close, b.starts_at AS last_at
     FROM latest_quote q JOIN listing l ON l.id = q.listing_id JOIN instrument i ON i.id = l.instrument_id
     LEFT JOIN LATERAL (SELECT close, starts_at FROM bar
                        WHERE listing_id = q.listing_id AND source = q.source AND interval = '1d' AND NOT stale AND withdrawn_at IS NULL
                          AND starts_at > q.as_of - interval '14 days'
                          AND NOT EXISTS (SELECT FROM finding f WHERE f.listing_id = q.listing_id AND f.source = q.source
                                          AND f.kind = 'bar' AND f.interval = '1d' AND f.at = starts_at
                                          AND f.severity = 'wrong' AND f.status IN ('open', 'accepted'))
                        ORDER BY starts_at DESC LIMIT 1) b ON true
     WHERE q.listing_id = ANY ($1::int[]) AND ($2::text[] IS NULL OR q.source = ANY ($2)) ORDER BY q.listing_id`,
    [ids, sources],
  );
  const byListing = new Map<number, { assetClass: AssetClass; candidates: Candidate[] }>();
  for (const row of rowsOf(candidateRow, found)) {
    const known = byListing.get(row.listing_id) ?? { assetClass: row.asset_class, candidates: [] };
    known.candidates.push(candidateOf(row, rankOf));
    byListing.set(row.listing_id, known);
  }
  const open = [...byListing].filter(([, { assetClass, candidates }]) => needsUsualMove(candidates, { assetClass }));
  const moves = await usualMoves(
    db,
    open.map(([listingId]) => listingId),
    sources,
  );
  return [...byListing].flatMap(([listingId, { assetClass, candidates: all }]) => {
    const candidates = withoutYielding(all);
    const usualMove = moves.get(listingId) ?? null;
    const listing = { assetClass, usualMove };
    const decision = consolidate(candidates, listing);
    const confirmed = confirmedOf(candidates, listing).map((each) => each.source);
    if (!decision) return [];
    const complement = complementOf(candidates, decision.source, listing);
    return [{ listingId, ...decision, confirmed, complement, inputs: candidates, usualMove }];
  });
}

function candidateOf(row: z.infer<typeof candidateRow>, rankOf: RankOf): Candidate {
  const price = Number(row.price);
  const [bid, ask] = [Number(row.bid), Number(row.ask)];
  return {
    source: row.source,
    price,
    asOf: row.as_of.getTime(),
    basis: row.as_of_basis,
    rank: rankOf(row.source, row.asset_class),
    fetchedAt: row.fetched_at.getTime(),
    hasPrevious: row.has_previous,
    hasBook: bid > 0 && ask > 0,
    ...(isImport(row.source) ? { yields: true } : {}),
    ...(row.provisional ? { provisional: true } : {}),
    // Bid and ask of another unit or time say nothing of how far prices lie apart.
    ...(bid > 0 && ask > bid && ask < 1.1 * bid ? { spread: (ask - bid) / price } : {}),
    ...(row.last_close && row.last_at ? { lastBar: { close: Number(row.last_close), at: row.last_at.getTime() } } : {}),
  };
}
