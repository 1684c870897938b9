import * as z from 'zod';
import { type AssetClass, assetClasses } from '../../../market/instrument.ts';
import { asOfBases } from '../../../market/quote.ts';
import { type Candidate, consolidate } from '../../../prices/consolidate.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';

/** Key of the advisory lock under which sources are compared. */
const consolidationLock = 0x636f6e73;

/** How much a source is worth for an asset class. Higher wins. */
export type RankOf = (sourceId: string, assetClass: AssetClass) => number;

const idRow = z.object({ id: z.int() });
const countRow = z.object({ count: z.int() });
const unsettledRow = z.object({ ids: z.string().nullable() });

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
});

/** Of some listings those that have prices of several sources. */
export async function severalSources(db: Connection, listingIds: readonly number[]): Promise<number[]> {
  if (listingIds.length === 0) return [];
  const { rows } = await db.query({
    name: 'several-sources',
    text: `SELECT listing_id AS id FROM latest_quote WHERE listing_id = ANY ($1::int[])
           GROUP BY listing_id HAVING count(*) > 1 ORDER BY listing_id`,
    values: [numbers(listingIds)],
  });
  return rows.map((row) => idRow.parse(row).id);
}

/**
 * Decides again which source is the price of some listings, after one source's latest rows have changed.
 *
 * Takes a lock that is held until the transaction ends, so it must come last: of two sources stored at once, the second
 * decides with the first one's rows committed and in sight. A decision that stays as it is writes nothing.
 */
export async function storeConsolidation(
  db: Connection,
  sourceId: string,
  listingIds: readonly number[],
  rankOf: RankOf,
): Promise<void> {
  await db.query({ name: 'lock-consolidation', text: 'SELECT pg_advisory_xact_lock($1)', values: [consolidationLock] });
  const ids = numbers(listingIds);
  // Nearly always the source has its listings to itself, and that is settled: another one that comes to a listing
  // decides on it in the transaction of its first row, under this lock.
  const settled = await db.query({
    name: 'count-settled',
    text: `SELECT count(*)::int AS count FROM consolidated_quote
           WHERE listing_id = ANY ($1::int[]) AND source = $2 AND rule = 'only_source'`,
    values: [ids, sourceId],
  });
  if (countRow.parse(settled.rows[0]).count === listingIds.length) return;
  const { rows } = await db.query(
    `SELECT string_agg(id::text, ',') AS ids FROM unnest($1::int[]) AS id
     WHERE id NOT IN (SELECT listing_id FROM consolidated_quote
                      WHERE listing_id = ANY ($1::int[]) AND source = $2 AND rule = 'only_source')`,
    [ids, sourceId],
  );
  const unsettled = unsettledRow.parse(rows[0]).ids;
  if (unsettled) await decideAgain(db, `{${unsettled}}`, rankOf);
}

async function decideAgain(db: Connection, ids: string, rankOf: RankOf): Promise<void> {
  const { rows } = await db.query(
    `SELECT q.listing_id, q.source, q.price, q.as_of, q.as_of_basis, i.asset_class, q.bid, q.ask,
            b.close AS last_close, b.starts_at AS last_at
     FROM latest_quote q JOIN listing l ON l.id = q.listing_id JOIN instrument i ON i.id = l.instrument_id
     LEFT JOIN LATERAL (SELECT close, starts_at FROM bar
                        WHERE listing_id = q.listing_id AND source = q.source AND interval = '1d' AND NOT stale
                          AND starts_at > q.as_of - interval '14 days'
                        ORDER BY starts_at DESC LIMIT 1) b ON true
     WHERE q.listing_id = ANY ($1::int[]) ORDER BY q.listing_id`,
    [ids],
  );
  const byListing = new Map<number, { assetClass: AssetClass; candidates: Candidate[] }>();
  for (const row of rows.map((each) => candidateRow.parse(each))) {
    const known = byListing.get(row.listing_id) ?? { assetClass: row.asset_class, candidates: [] };
    known.candidates.push(candidateOf(row, rankOf));
    byListing.set(row.listing_id, known);
  }
  const decisions = [...byListing].flatMap(([listingId, { assetClass, candidates }]) => {
    const decision = consolidate(candidates, { assetClass });
    return decision ? [{ listingId, ...decision }] : [];
  });
  await db.query(
    `INSERT INTO consolidated_quote AS c (listing_id, source, rule, spread, confidence, candidates)
     SELECT * FROM unnest($1::int[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::int[])
     ON CONFLICT (listing_id) DO UPDATE SET source = excluded.source, rule = excluded.rule, spread = excluded.spread,
       confidence = excluded.confidence, candidates = excluded.candidates, decided_at = statement_timestamp()
     WHERE (c.source, c.rule, c.spread, c.confidence, c.candidates)
       IS DISTINCT FROM (excluded.source, excluded.rule, excluded.spread, excluded.confidence, excluded.candidates)`,
    [
      numbers(decisions.map((each) => each.listingId)),
      texts(decisions.map((each) => each.source)),
      texts(decisions.map((each) => each.rule)),
      numbers(decisions.map((each) => each.spread)),
      texts(decisions.map((each) => each.confidence)),
      numbers(decisions.map((each) => each.candidates)),
    ],
  );
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
    // Bid and ask of another unit or time say nothing of how far prices lie apart.
    ...(bid > 0 && ask > bid && ask < 1.1 * bid ? { spread: (ask - bid) / price } : {}),
    ...(row.last_close && row.last_at ? { lastBar: { close: Number(row.last_close), at: row.last_at.getTime() } } : {}),
  };
}
