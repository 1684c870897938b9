/**
 * The rules on what is stored, without a new answer: what a row was to fall by, or what came after it, is known only later.
 *
 * What stands beside the bars of an answer is not stored (the vendor's adjusted close, its latest price), so a payment
 * that an answer has been judged with, in the session after it, is left to that judgement, and so are findings that rest
 * on such a witness.
 */
import type { PriceRule, PriceWitness } from '../contracts/words/price-findings.ts';
import type { Bar, BarBasis, CorporateAction } from '../market/bar.ts';
import { calendarFor, hasDays, tradesOn } from '../market/calendar.ts';
import type { KnownListing } from '../market/instrument.ts';
import { ruleAction } from './judge-bars.ts';
import { type JudgedSeries, judgedSeries } from './judged-series.ts';
import { judgeSeries } from './rules/judge-series.ts';
import type { PriceAt } from './rules/series.ts';

/** Days of which findings are opened and ended. Older ones are read beside them, to judge these by. */
export const judgedAgainDays = 60;
export const readAgainDays = 400;

type ToldAction = CorporateAction & { readonly knownAt: number };

/** The daily bars of a listing from one source as they are stored, oldest first. */
export interface StoredDays {
  readonly listing: KnownListing;
  readonly sourceId: string;
  readonly basis: BarBasis;
  readonly bars: readonly Bar[];
  /** With when the source told them first so, in milliseconds since the epoch. */
  readonly actions: readonly ToldAction[];
  /** The latest quote, once something has agreed with it. */
  readonly quote: PriceAt | null;
  /** Ranges of days that answers have spoken for, and when these were fetched: milliseconds since the epoch. */
  readonly answered: readonly { readonly first: string; readonly last: string; readonly fetchedAt: number }[];
}

/** Rules that need nothing but what is stored. */
export const rulesOfStored: readonly PriceRule[] = ['unit', 'splits', 'edges', 'shape', 'dividends'];

/** Witnesses that are not stored. */
export const passingWitnesses: readonly PriceWitness[] = ['market_price', 'previous_close', 'other_source'];

export interface JudgedAgain extends JudgedSeries {
  /** Payments that were judged: findings on others stay as they are. */
  readonly payments: readonly { readonly type: CorporateAction['type']; readonly exDate: string }[];
}

/** Judges a stored series; `null` where it has no bars since `from`, a day. Never throws. */
export function judgeAgain(stored: StoredDays, from: string): JudgedAgain | null {
  const { listing, bars, actions, quote } = stored;
  const recent = bars.filter((bar) => bar.date !== null && bar.date >= from);
  const [first] = recent;
  if (!first) return null;
  const calendar = calendarFor(listing);
  const found = judgeSeries({
    assetClass: listing.assetClass,
    currency: listing.currency,
    minorFactor: Math.max(listing.minorFactor, first.minorFactor),
    zone: listing.zone,
    basis: stored.basis,
    bars,
    actions: actions.flatMap(ruleAction),
    evidence: {
      quote: quote ?? undefined,
      tradedOn: calendar && hasDays(calendar) ? (date) => tradesOn(calendar, date) : undefined,
    },
  });
  const payments = actions.filter((action) => action.exDate >= from && !wasJudged(stored, action));
  const isOpen = new Set(payments.map((action) => `${action.type} ${action.exDate}`));
  const judged = judgedSeries(
    listing.id,
    '1d',
    recent,
    found.filter(({ rule, evidence, subject }) => {
      // Nothing is held back any more: it is stored.
      if (!rulesOfStored.includes(rule) || evidence.code === 'unit_undecided') return false;
      if (subject.date === null || subject.date < from) return false;
      return rule !== 'dividends' || isOpen.has(`${subject.kind} ${subject.date}`);
    }),
    bars,
  );
  return judged && { ...judged, payments };
}

/**
 * An answer that told the payment spoke for its day, and was fetched once a session after it had ended. Earlier answers say
 * nothing of a payment that is told days late.
 */
function wasJudged({ answered, bars }: StoredDays, { exDate, knownAt }: ToldAction): boolean {
  const after = bars.find((bar) => bar.date !== null && bar.date >= exDate);
  if (!after) return false;
  const since = Math.max(after.startsAt + 86_400_000, knownAt);
  return answered.some(({ first, last, fetchedAt }) => first < exDate && exDate <= last && fetchedAt >= since);
}
