/**
 * What becomes of the bars of one answer: which are held back, which are stored, and what the rules find in those.
 *
 * Held back is only what cannot be a price or cannot be placed (`check-bars.ts`), and a series that is half in another
 * unit when nothing says which half. All else is stored as it came, with its findings.
 */
import type { Bar, CorporateAction } from '../market/bar.ts';
import { type BarSeries, pathOfBar } from '../market/bar-series.ts';
import { calendarFor, hasDays, opensBefore, sessionDate, tradesOn } from '../market/calendar.ts';
import { type AnsweredRange, answeredRange, overtaken } from './answered-range.ts';
import { checkBars } from './check-bars.ts';
import type { RejectedRow, StoredBarSeries } from './decision.ts';
import type { PriorQuote, StoredSeries } from './evidence.ts';
import { type JudgedSeries, judgedSeries } from './judged-series.ts';
import type { Finding } from './rules/finding.ts';
import { judgeSeries } from './rules/judge-series.ts';
import type { RuleAction, SeriesEvidence } from './rules/series.ts';
import { toldBefore } from './told-before.ts';

export interface JudgedBars {
  readonly accepted: StoredBarSeries;
  readonly rejected: readonly RejectedRow[];
  readonly judged: JudgedSeries | null;
  /** The range that the answer speaks for; `null` where it has no bars. */
  readonly answered: AnsweredRange | null;
}

/** Judges a series by the stored latest quote of the same source and by what is stored of its time. Never throws. */
export function judgeBars(series: BarSeries, prior: PriorQuote | undefined, stored?: StoredSeries): JudgedBars {
  const { accepted, rejected } = checkBars(series);
  const first = accepted.bars[0];
  if (!first) return { accepted: withOvertaken(accepted, stored), rejected, judged: null, answered: null };
  const found = judgeSeries({
    assetClass: series.listing.assetClass,
    currency: series.listing.currency,
    minorFactor: Math.max(series.listing.minorFactor, first.minorFactor),
    zone: series.listing.zone,
    basis: series.basis,
    bars: accepted.bars,
    actions: accepted.actions.flatMap(ruleAction),
    adjusted: series.witnesses?.adjusted,
    evidence: evidenceOf(series, prior, stored),
  });
  const undecided = new Set(
    found.flatMap(({ evidence, subject }) => (evidence.code === 'unit_undecided' ? [subject.at] : [])),
  );
  const bars = undecided.size === 0 ? accepted.bars : accepted.bars.filter((bar) => !undecided.has(bar.startsAt));
  const actions = withoutCountedGains(accepted, found);
  const stays = withOvertaken({ ...accepted, bars, actions }, stored);
  const before =
    stored && stays.overtaken
      ? toldBefore(series, bars, stays.overtaken.bars, stored, stored.actions.flatMap(ruleAction))
      : [];
  const judged = judgedSeries(
    series.listing.id,
    first.interval,
    accepted.bars,
    found.filter((finding) => !undecided.has(finding.subject.at)),
  );
  const answered = series.isSelection ? null : answeredRange(series, accepted.bars, stored);
  return {
    accepted: { ...stays, spoken: answered },
    answered,
    rejected: [
      ...rejected,
      ...accepted.bars.filter((bar) => undecided.has(bar.startsAt)).map((bar) => ofNoKnownUnit(series, bar)),
    ],
    judged: judged && { ...judged, findings: [...judged.findings, ...before] },
  };
}

function withOvertaken(series: BarSeries, stored: StoredSeries | undefined): StoredBarSeries {
  return { ...series, overtaken: overtaken(series, series.bars, series.actions, stored?.later ?? []) };
}

/** An action as the rules read it; none where its value is not known. */
export function ruleAction({ type, exDate, ratio, amount, currency }: CorporateAction): RuleAction[] {
  const value = type === 'split' ? ratio : amount;
  return value === null ? [] : [{ type, exDate, value, currency }];
}

function evidenceOf(
  { witnesses, listing }: BarSeries,
  prior: PriorQuote | undefined,
  stored: StoredSeries | undefined,
): SeriesEvidence {
  const calendar = calendarFor(listing);
  return {
    quote: prior && { price: prior.price, at: prior.asOf },
    market: witnesses?.market ?? undefined,
    closeBefore: witnesses?.closeBefore ?? undefined,
    stored: stored?.rows,
    storedActions: stored?.actions.flatMap(ruleAction),
    tradedOn: calendar && hasDays(calendar) ? (date) => tradesOn(calendar, date) : undefined,
    sessionDay: calendar && opensBefore(calendar) > 0 ? (at) => sessionDate(calendar, at) : undefined,
  };
}

/**
 * A capital gain that the day's dividend holds, by the vendor's own adjusted close, is no payment of its own. One that a
 * finding calls so is stored with its finding.
 */
function withoutCountedGains({ actions, bars, witnesses }: BarSeries, found: readonly Finding[]): BarSeries['actions'] {
  if (!actions.some((action) => action.type === 'capital_gain')) return actions;
  const judged = new Set(
    found.filter(({ subject }) => subject.kind === 'capital_gain').map(({ subject }) => subject.date),
  );
  return actions.filter((action) => {
    if (action.type !== 'capital_gain' || judged.has(action.exDate)) return true;
    const index = bars.findIndex((bar) => bar.date !== null && bar.date >= action.exDate);
    const [before, after] = [bars[index - 1], bars[index]];
    const adjusted = (bar: Bar) => (witnesses?.adjusted.get(bar.startsAt) ?? Number.NaN) / Number(bar.close);
    if (!before || !after) return true;
    const paid = actions
      .filter((each) => each.type === 'dividend' && each.exDate === action.exDate)
      .reduce((sum, each) => sum + Number(each.amount), 0);
    const taken = (1 - adjusted(before) / adjusted(after)) * Number(before.close);
    const withGain = paid + Number(action.amount);
    return !(paid > 0 && Math.abs(taken - paid) < Math.abs(taken - withGain));
  });
}

function ofNoKnownUnit(series: BarSeries, bar: Bar): RejectedRow {
  return {
    symbol: series.symbol,
    reason: 'unit_suspect',
    finding: { code: 'unit_undecided' },
    detail: 'The bars step by a factor of a unit, and nothing tells which are right.',
    path: pathOfBar(series.path, bar),
    row: { ...bar, basis: series.basis, fetchedAt: series.fetchedAt },
    currency: bar.currency,
  };
}
