import type { BarSeries } from '../../../core/market/bar-series.ts';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import { checkQuotes, isSameQuote } from '../../../core/prices/check-quotes.ts';
import type { RejectedRow } from '../../../core/prices/decision.ts';
import type { Evidence, PriorQuote } from '../../../core/prices/evidence.ts';
import { judgeBars as judgeOne } from '../../../core/prices/judge-bars.ts';
import type { candidatePriors } from './evidence.ts';
import { type HeldRows, isSame } from './held-rows.ts';

interface Judging {
  readonly held: HeldRows;
  readonly priors: ReturnType<typeof candidatePriors>;
  readonly source: string;
}

/**
 * The quotes of a batch that must be stored. One that is in quarantine must be rejected, and one that is not must be
 * accepted, by the product's rules and some price that was stored at some time.
 */
export async function judgeQuotes(
  rows: readonly ListedQuote[],
  { held, priors, source, vouched }: Judging & { readonly vouched: boolean },
  rejected: RejectedRow[],
  breaches: string[],
): Promise<ListedQuote[]> {
  const sound: ListedQuote[] = [];
  for (const row of rows) {
    const id = row.listing.id;
    const own = priors.own(id, source);
    const rivals = held
      .of(row.path, { ...row.quote, fetchedAt: row.fetchedAt })
      .filter(({ reason }) => reason !== 'duplicate_conflict');
    if (rivals.length === 0) {
      sound.push(row);
      if (!(await isAcceptable(row, own, priors.others(id, source), vouched)))
        breaches.push(`${row.path} is not in quarantine, and no stored price lets it through`);
      continue;
    }
    const reasons = await rejections(row, own);
    const right = reasons.find((each) => held.take(each));
    if (right) rejected.push(right);
    else
      breaches.push(`${row.path} is in quarantine (${rivals.map(({ reason }) => reason)}), and nothing speaks for it`);
  }
  return withoutConflicts(sound, held, rejected, breaches);
}

const none: Evidence = { priors: new Map(), otherPrices: async () => new Map() };

/** Evidence with each price that may have been the stored one, beginning with none. */
function* evidences(listingId: number, own: readonly PriorQuote[]): Iterable<Evidence> {
  yield none;
  for (const prior of own) yield { ...none, priors: new Map([[listingId, prior]]) };
}

async function isAcceptable(
  row: ListedQuote,
  own: readonly PriorQuote[],
  others: readonly PriorQuote[],
  vouched: boolean,
): Promise<boolean> {
  const believed = vouched ? new Set([row.path]) : undefined;
  for (const evidence of evidences(row.listing.id, own)) {
    const otherPrices = async () => new Map([[row.listing.id, others]]);
    if ((await checkQuotes([row], { ...evidence, otherPrices }, believed)).accepted.length > 0) return true;
  }
  return false;
}

async function rejections(row: ListedQuote, own: readonly PriorQuote[]): Promise<RejectedRow[]> {
  const found: RejectedRow[] = [];
  for (const evidence of evidences(row.listing.id, own)) found.push(...(await checkQuotes([row], evidence)).rejected);
  return found;
}

/** Of rows of the same time in an answer: one, if they say the same; else none, and all are held back. */
function withoutConflicts(
  rows: readonly ListedQuote[],
  held: HeldRows,
  rejected: RejectedRow[],
  breaches: string[],
): ListedQuote[] {
  const kept: ListedQuote[] = [];
  for (const group of Map.groupBy(rows, ({ listing, quote }) => `${listing.id} ${quote.asOf}`).values()) {
    const last = Math.max(...group.map((row) => row.fetchedAt));
    const rivals = group.filter((row) => row.fetchedAt === last);
    const [first] = rivals;
    if (first && rivals.every((row) => isSameQuote(row.quote, first.quote))) {
      kept.push(first);
      continue;
    }
    for (const row of rivals) {
      const conflict: RejectedRow = {
        symbol: row.symbol,
        reason: 'duplicate_conflict',
        finding: { code: 'conflicting_rows', rows: rivals.length },
        detail: '',
        path: row.path,
        row: { ...row.quote, fetchedAt: row.fetchedAt },
        currency: row.quote.currency,
      };
      rejected.push(conflict);
      if (!held.take(conflict)) breaches.push(`${row.path} contradicts another row and is not in quarantine`);
    }
  }
  return kept.sort((a, b) => a.listing.id - b.listing.id || a.quote.asOf - b.quote.asOf);
}

/** The bars of a batch that must be stored: what is in quarantine must be just what the rules make of a whole series. */
export function judgeBars(
  series: readonly BarSeries[],
  { held, priors, source }: Judging,
  rejected: RejectedRow[],
  breaches: string[],
): BarSeries[] {
  return lastFetched(series).map((each) => {
    const waiting = held.under(each.path);
    for (const prior of [undefined, ...priors.own(each.listing.id, source)]) {
      const checked = judgeOne(each, prior);
      const fits =
        checked.rejected.length === waiting.length &&
        checked.rejected.every((row) => waiting.some((other) => isSame(other, row)));
      if (!fits) continue;
      for (const row of checked.rejected) held.take(row);
      rejected.push(...checked.rejected);
      return checked.accepted;
    }
    breaches.push(`${each.path}: the bars in quarantine are not those that any stored price speaks against`);
    const checked = judgeOne(each, undefined);
    rejected.push(...checked.rejected);
    for (const row of checked.rejected) held.take(row);
    return checked.accepted;
  });
}

/** Of several answers on the bars of a listing, the last. */
function lastFetched(series: readonly BarSeries[]): BarSeries[] {
  const groups = Map.groupBy(series, ({ listing, bars }) => `${listing.id} ${bars[0]?.interval ?? ''}`);
  return [...groups.values()].flatMap((group) => {
    const last = Math.max(...group.map(({ fetchedAt }) => fetchedAt));
    return group.find(({ fetchedAt }) => fetchedAt === last) ?? [];
  });
}
