import type { RankOf } from '../../../core/adapters/postgres/prices/decide.ts';
import { isImport } from '../../../core/contracts/words/imports.ts';
import { type Candidate, consolidate, withoutYielding } from '../../../core/prices/consolidate.ts';
import { usualMoveOf } from '../../../core/prices/usual-move.ts';
import { type Accepted, type BarRow, newestOf, ofListingAndSource, type QuoteRow } from './accepted-rows.ts';
import { plain, type StoredRows } from './stored-rows.ts';

/** Withdrawn bars and those of after the price are in no count of a listing's moves: about the same is the same. */
const nearlySame = 0.2;

/** Bars that are older than a price by more say nothing of it. */
const barsOfMs = 14 * 86_400_000;

/**
 * The documented rule of the price, on what the blobs say: nothing of it comes from the tables of prices. Where sources
 * differ, their own last bars speak, and a price that nothing has agreed with gives way; what the listing usually moves is
 * of its own bars, too. Which bars there were when the decision was made nobody notes: any that may have been the last
 * ones by then will do, and a move that is stored beside the decision must be of some of them.
 */
export function decisionBreaches(
  stored: StoredRows,
  quotes: readonly Accepted<QuoteRow>[],
  bars: readonly Accepted<BarRow>[],
  rankOf: RankOf,
): string[] {
  const breaches: string[] = [];
  const assetOf = new Map(stored.aliases.map((row) => [row.listingId, row.assetClass]));
  const decided = Map.groupBy(stored.decisions, (row) => row.listingId);
  const barsOf = ofListingAndSource(bars.filter(({ interval }) => interval === '1d'));
  const byListing = Map.groupBy([...ofListingAndSource(quotes).values()], ([row]) => row?.listingId ?? 0);
  for (const [listing, sources] of byListing) {
    const assetClass = assetOf.get(listing) ?? 'other';
    const choices = sources.map((rows): Candidate[] => {
      const last = newestOf(rows).reduce((a, b) => (b.fetchedAt > a.fetchedAt ? b : a));
      const own = barsOf.get(`${listing} ${last.source}`) ?? [];
      const candidate = candidateOf(last, rankOf(last.source, assetClass));
      const withBars = [candidate, ...lastBars(own, last.asOf).map((lastBar) => ({ ...candidate, lastBar }))];
      return withBars.flatMap((each) => [each, { ...each, provisional: true }]);
    });
    const found = decided.get(listing) ?? [];
    const [is] = found.map((row) => said(row, row.candidates));
    const usualMove = found[0]?.usualMove ?? null;
    const known = sources.flatMap(([row]) => (row ? [barsOf.get(`${listing} ${row.source}`) ?? []] : []));
    if (usualMove !== null && !movesOf(known).some((move) => Math.abs(move / usualMove - 1) <= nearlySame))
      breaches.push(`decision on ${listing}: by a usual move of ${usualMove}, which is of no bars of it`);
    const wanted = new Set(
      combinations(choices).map((candidates) =>
        said(consolidate(candidates, { assetClass, usualMove }), withoutYielding(candidates).length),
      ),
    );
    if (found.length !== 1 || is === undefined || !wanted.has(is))
      breaches.push(`decision on ${listing}: stored as ${is ?? 'none'}, the rule says ${[...wanted].join(' or ')}`);
  }
  for (const listing of decided.keys())
    if (!byListing.has(listing)) breaches.push(`decision on ${listing}: no blob has a price of it`);
  return breaches;
}

interface Said {
  readonly source: string;
  readonly rule: string;
  readonly spread: string | null;
  readonly confidence: string;
}

function said(decision: Said | null, of: number): string {
  if (!decision) return 'none';
  const { source, rule, spread, confidence } = decision;
  return JSON.stringify([source, rule, plain(spread), confidence, of]);
}

function candidateOf(row: Accepted<QuoteRow>, rank: number): Candidate {
  const [price, bid, ask] = [Number(row.price), Number(row.bid), Number(row.ask)];
  const { source, asOf, asOfBasis: basis } = row;
  const usual = bid > 0 && ask > bid && ask < 1.1 * bid;
  const yields = isImport(source);
  return { source, price, asOf, basis, rank, yields, ...(usual && { spread: (ask - bid) / price }) };
}

/** The bars that were the newest after some batch, in the order of the batches. */
function lastBars(rows: readonly Accepted<BarRow>[], asOf: number): NonNullable<Candidate['lastBar']>[] {
  const recent = rows.filter(({ startsAt }) => startsAt > asOf - barsOfMs);
  const batches = [...Map.groupBy(recent, ({ batchId }) => BigInt(batchId))].sort(([a], [b]) => Number(a - b));
  const found: NonNullable<Candidate['lastBar']>[] = [];
  for (const [, of] of batches) {
    const newest = of.reduce((a, b) => (b.startsAt > a.startsAt ? b : a));
    if (newest.startsAt >= (found.at(-1)?.at ?? 0)) found.push({ close: Number(newest.close), at: newest.startsAt });
  }
  return found;
}

/** What the listing may have been said to move, by the bars of its sources after each batch of them. */
function movesOf(sources: readonly (readonly Accepted<BarRow>[])[]): number[] {
  const batches = [...new Set(sources.flat().map(({ batchId }) => BigInt(batchId)))];
  return batches.flatMap((last) => {
    const closes = sources.map((rows) => {
      const byTime = new Map<number, Accepted<BarRow>>();
      for (const row of rows) {
        const before = byTime.get(row.startsAt);
        if (BigInt(row.batchId) <= last && (!before || row.fetchedAt >= before.fetchedAt))
          byTime.set(row.startsAt, row);
      }
      const inOrder = [...byTime.values()].sort((a, b) => a.startsAt - b.startsAt);
      return inOrder.map(({ close }) => Number(close));
    });
    return usualMoveOf(closes) ?? [];
  });
}

function combinations(choices: readonly (readonly Candidate[])[]): Candidate[][] {
  return choices.reduce<Candidate[][]>((all, of) => all.flatMap((some) => of.map((each) => [...some, each])), [[]]);
}
