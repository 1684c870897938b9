import type { BarSeries } from '../../../core/market/bar-series.ts';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import { type CheckedQuotes, checkQuotes, isSameQuote } from '../../../core/prices/check-quotes.ts';
import type { RejectedRow } from '../../../core/prices/decision.ts';
import type { Evidence, LatestPrior, PriorQuote, QuoteSurroundings } from '../../../core/prices/evidence.ts';
import { judgeBars as judgeOne } from '../../../core/prices/judge-bars.ts';
import { nothingAround } from '../../../core/prices/rules/quotes.ts';
import type { candidatePriors } from './evidence.ts';
import { type HeldRows, isSame } from './held-rows.ts';
import { plain, type StoredQuoteFinding } from './stored-rows.ts';

interface Judging {
  readonly held: HeldRows;
  readonly priors: ReturnType<typeof candidatePriors>;
  readonly source: string;
}

/** The quotes of a batch that are stored: to be served, or as wrong. */
export interface JudgedQuotes {
  readonly right: ListedQuote[];
  readonly wrong: ListedQuote[];
}

/**
 * One that is in quarantine must be rejected, one that a finding calls wrong must be far off, and all others must be right,
 * by the product's rules and some price that was stored at some time. `notServed` is how many of the batch are not served.
 */
export async function judgeQuotes(
  rows: readonly ListedQuote[],
  of: Judging & {
    readonly vouched: boolean;
    readonly findings: readonly StoredQuoteFinding[];
    readonly notServed: number;
  },
  rejected: RejectedRow[],
  breaches: string[],
): Promise<JudgedQuotes> {
  const { held, priors, source } = of;
  const knownOf = (row: ListedQuote): Known => ({
    own: priors.own(row.listing.id, source),
    others: priors.others(row.listing.id, source),
    lastBars: priors.lastBars(row.listing.id, source, row.quote.asOf),
    doubtedAt: new Set(
      of.findings.flatMap((each) => (each.listingId === row.listing.id && each.source === source ? each.at : [])),
    ),
  });
  const sound: ListedQuote[] = [];
  for (const row of rows) {
    const rivals = held
      .of(row.path, { ...row.quote, fetchedAt: row.fetchedAt })
      .filter(({ reason }) => reason !== 'duplicate_conflict');
    if (rivals.length === 0) {
      sound.push(row);
      continue;
    }
    const right = (await rejections(row, knownOf(row))).find((each) => held.take(each));
    if (right) rejected.push(right);
    else
      breaches.push(`${row.path} is in quarantine (${rivals.map(({ reason }) => reason)}), and nothing speaks for it`);
  }
  const single = withoutConflicts(sound, held, rejected, breaches);
  const wrong = wrongOf(single, of);
  for (const row of single)
    if (!wrong.has(row) && !of.vouched && !(await isAcceptable(row, knownOf(row))))
      breaches.push(`${row.path} is served, and no stored price lets it through`);
  for (const row of wrong.keys())
    if (!(await isDoubtful(row, knownOf(row))))
      breaches.push(`${row.path} is called wrong, and no stored price speaks against it`);
  return { right: single.filter((row) => !wrong.has(row)), wrong: [...wrong.keys()] };
}

/** Of rows with a finding those that were wrong in their batch: the open findings first, as many as were not served. */
function wrongOf(
  rows: readonly ListedQuote[],
  { source, findings, notServed }: { source: string; findings: readonly StoredQuoteFinding[]; notServed: number },
): Map<ListedQuote, StoredQuoteFinding> {
  const doubted = rows.flatMap((row): [ListedQuote, StoredQuoteFinding][] => {
    const ofRow = findings.filter(
      (each) => each.listingId === row.listing.id && each.source === source && each.at === row.quote.asOf,
    );
    const exact = ofRow.filter((each) => each.said === plain(row.quote.price));
    // A later fetch of the same time that is wrong as well takes the finding over.
    const found = exact.length > 0 ? exact : ofRow;
    const best = found.find((each) => each.status === 'open') ?? found[0];
    return best ? [[row, best]] : [];
  });
  const open = doubted.filter(([, finding]) => finding.status === 'open');
  return new Map([...open, ...doubted.filter(([, finding]) => finding.status !== 'open')].slice(0, notServed));
}

const none: Evidence = { priors: new Map() };

/** Evidence with each price that may have been the stored one, beginning with none. */
function* evidences(listingId: number, own: readonly LatestPrior[]): Iterable<Evidence> {
  yield none;
  for (const prior of own) yield { ...none, priors: new Map([[listingId, prior]]) };
}

/** What was stored of a listing at some time, by which a quote may have been judged. */
interface Known {
  readonly own: readonly (PriorQuote & { readonly fetchedAt: number })[];
  readonly others: readonly PriorQuote[];
  readonly lastBars: readonly { readonly close: number; readonly at: number }[];
  /** Market times of the rows that a finding called wrong at some time. */
  readonly doubtedAt: ReadonlySet<number>;
}

function aroundOf(
  others: readonly PriorQuote[],
  more: Partial<Pick<QuoteSurroundings, 'recent' | 'lastBar'>> = {},
): Required<Evidence>['around'] {
  const known = others.map((other) => ({ ...other, provisional: false }));
  return async (rows) => rows.map(() => ({ ...nothingAround, others: known, ...more }));
}

/**
 * The first row of its source or the second, which the first does not block; or one that another stored row, source or bar
 * lets through.
 */
async function isAcceptable(row: ListedQuote, known: Known): Promise<boolean> {
  const { own, others, lastBars } = known;
  const price = Number(row.quote.price);
  const rest = own.filter((prior) => prior.price !== price || prior.asOf !== row.quote.asOf);
  if (rest.filter((prior) => prior.fetchedAt < row.fetchedAt).length <= 1) return true;
  for (const evidence of evidences(row.listing.id, rest)) {
    if (evidence === none) continue;
    if ((await checkQuotes([row], { ...evidence, around: aroundOf(others) })).accepted.length > 0) return true;
  }
  const doubted = rest.filter((each) => known.doubtedAt.has(each.asOf) && each.fetchedAt <= row.fetchedAt);
  const recent = doubted.map((each) => ({ ...each, wrong: true })).sort((a, b) => b.asOf - a.asOf);
  const arounds = [...lastBars.map((lastBar) => aroundOf(others, { lastBar })), aroundOf(others, { recent })];
  for (const prior of rest) {
    const priors = new Map([[row.listing.id, prior]]);
    for (const around of arounds) if ((await checkQuotes([row], { priors, around })).accepted.length > 0) return true;
  }
  return false;
}

async function isDoubtful(row: ListedQuote, known: Known): Promise<boolean> {
  return (await complaints(row, known)).some(({ wrong }) => wrong.length > 0);
}

/** A row that is wrong, and whose place another one has, is in quarantine as well. */
async function rejections(row: ListedQuote, known: Known): Promise<RejectedRow[]> {
  const found = await complaints(row, known);
  return found.flatMap(({ rejected, wrong }) => [...rejected, ...wrong.map((each) => each.rejected)]);
}

/** What the rules say of a row by each price that may have been known when it came, settled or not yet. */
async function complaints(row: ListedQuote, { own, others, lastBars }: Known): Promise<CheckedQuotes[]> {
  const found: CheckedQuotes[] = [];
  const newcomers = own.map((prior) => ({ ...prior, provisional: true }));
  for (const evidence of evidences(row.listing.id, [...own, ...newcomers]))
    for (const around of [undefined, aroundOf(others)])
      found.push(await checkQuotes([row], around ? { ...evidence, around } : evidence));
  // A first row that only the bars speak against.
  for (const lastBar of lastBars) found.push(await checkQuotes([row], { ...none, around: aroundOf([], { lastBar }) }));
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
