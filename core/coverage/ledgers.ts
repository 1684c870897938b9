/** The ledgers of a page of series: what is to be read for them, and what follows from it. */
import type { BarInterval } from '../market/bar.ts';
import { opensBefore } from '../market/calendar.ts';
import { type JobTiming, nextRun } from '../planning/job-schedule.ts';
import { timingsOf } from '../planning/stretches.ts';
import { latenessMs, type SourceDefinition } from '../sources/definition.ts';
import type { SeriesAttempt, SeriesFacts } from './facts.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import type { BarAttempt, CoverageAnswers, CoverageQuestions, CoveredSeries, SeriesHistory } from './series.ts';
import { type Market, marketOf, type Slot, slotsOf } from './slots.ts';

const dayMs = 86_400_000;
/** Failures of before are no reason any more: what is missing for longer was not collected. */
const attemptsForMs = 45 * dayMs;
/** A source that does not know a symbol for so long will not any more. */
const unknownForMs = 3 * dayMs;

/** A series with its ledger. */
export interface SeriesLedger {
  readonly series: CoveredSeries;
  readonly ledger: Ledger;
  /** Bars that an open finding speaks against. */
  readonly doubtful: number;
}

/** What jobs ask for of an interval, by canonical symbol. */
export function plannedSeries(catalogue: readonly SourceDefinition[], interval: BarInterval) {
  return catalogue.flatMap(({ id, jobs, toSource }) =>
    jobs
      .filter((job) => job.kind === 'bars' && job.interval === interval)
      .flatMap((job) => job.symbols.filter((symbol) => toSource(symbol) !== null))
      .map((symbol) => ({ source: id, symbol })),
  );
}

export interface CoverageAsked {
  readonly interval: BarInterval;
  readonly from: string;
  readonly to: string;
  readonly now: number;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen: boolean;
}

/** What is to be read for the ledgers of some series of one interval. */
export function coverageQuestions(page: readonly CoveredSeries[], asked: CoverageAsked): CoverageQuestions {
  const { interval, from, to, now, catalogue } = asked;
  const slots = slotsByMarket(interval, from, to);
  const days = page.map((series) => {
    const market = marketOf(series);
    const own = slots(market);
    const zone = market.calendar?.zone ?? market.zone;
    const shiftMinutes = market.calendar ? opensBefore(market.calendar) : 0;
    return { ...series, zone, shiftMinutes, from: own[0]?.from ?? from, to: own.at(-1)?.to ?? to };
  });
  const jobs = catalogue.flatMap(({ id, jobs: of }) =>
    of.filter(({ kind }) => kind === 'bars').map((job) => ({ source: id, job: job.id })),
  );
  const symbolOf = symbolsAt(catalogue);
  const named = page.map((series, index) => ({
    source: series.source,
    symbol: symbolOf(series),
    zone: series.zone,
    from: days[index]?.from ?? from,
    to: days[index]?.to ?? to,
  }));
  return { interval, days, named, jobs, attemptsSince: new Date(now - attemptsForMs) };
}

/** The ledgers of some series of one interval, by what was read for them. */
export function ledgersOf(
  page: readonly CoveredSeries[],
  answers: CoverageAnswers,
  asked: CoverageAsked,
): SeriesLedger[] {
  const { interval, from, to, now, catalogue } = asked;
  const slots = slotsByMarket(interval, from, to);
  const definitions = new Map(catalogue.map((source) => [source.id, source]));
  const symbolOf = symbolsAt(catalogue);
  const held = Map.groupBy(answers.heldBack, keyOf);
  const attempts = Map.groupBy(answers.attempts, keyOf);
  const due = dueTimes(asked);
  return page.map((series, index) => {
    const { source, symbol, newestFrom, newestAt } = series;
    const market = marketOf(series);
    const key = keyOf({ source, symbol: symbolOf(series) });
    const definition = definitions.get(source);
    const facts: SeriesFacts = {
      interval,
      market,
      lifetime: lifetimeOf(series, now),
      stored: answers.stored[index]?.days ?? [],
      answered: series.answered,
      newest: newestFrom === null || newestAt === null ? null : { from: newestFrom, at: newestAt },
      untraded: series.untraded,
      heldBack: new Set(held.get(key)?.map(({ day }) => day)),
      withdrawn: new Set(answers.stored[index]?.withdrawn),
      attempts: (attempts.get(key) ?? []).flatMap((attempt) => attemptOf(attempt, definition, interval)),
      settlingMs: latenessMs(definition ?? {}),
      dueAfter: due(source, symbol),
    };
    return { series, ledger: ledgerOf(facts, slots(market), now), doubtful: answers.doubtful[index] ?? 0 };
  });
}

/** The source's symbol for a series. */
function symbolsAt(catalogue: readonly SourceDefinition[]): (series: CoveredSeries) => string {
  const definitions = new Map(catalogue.map((source) => [source.id, source]));
  return ({ source, sourceSymbol, symbol }) => sourceSymbol ?? definitions.get(source)?.toSource(symbol) ?? symbol;
}

function keyOf({ source, symbol }: { readonly source: string; readonly symbol: string }): string {
  return `${source} ${symbol}`;
}

/** The slots of each market, made once. */
function slotsByMarket(interval: BarInterval, from: string, to: string): (market: Market) => readonly Slot[] {
  const made = new Map<string, readonly Slot[]>();
  return (market) => {
    const key = market.calendar?.id ?? '';
    const slots = made.get(key) ?? slotsOf(market, interval, from, to);
    made.set(key, slots);
    return slots;
  };
}

/**
 * The first day is that of the first bar where the source has answered for the time before; the last one that of the last
 * bar of a listing that has ended.
 */
export function lifetimeOf(series: SeriesHistory, now: number): SeriesFacts['lifetime'] {
  const { answered, newestFrom, listedFrom, firstDay, lastDay, validFrom, validTo, delisted, unknownSince } = series;
  const first = [listedFrom, firstDay].flatMap((day) => day ?? []).sort()[0] ?? null;
  const isAnswered =
    first !== null &&
    (answered.some(({ from, to }) => from < first && first <= to) || (newestFrom !== null && newestFrom < first));
  const hasEnded = delisted || (unknownSince !== null && now - unknownSince > unknownForMs);
  return { from: validFrom ?? (isAnswered ? first : null), to: validTo ?? (hasEnded ? lastDay : null) };
}

function attemptOf(
  { failed, reason, waits, at, interval: own, from, to, job }: BarAttempt,
  source: SourceDefinition | undefined,
  interval: BarInterval,
): SeriesAttempt[] {
  const of = own ?? source?.jobs.find(({ id }) => id === job)?.interval;
  if (of !== interval) return [];
  const isQuota = reason === 'quota_exhausted' || reason === 'rate_limited';
  const outcome = isQuota && (failed || waits) ? 'quota' : failed ? 'failed' : 'waiting';
  return [{ at, outcome, days: from === null || to === null ? null : { from, to } }];
}

/** When a source is asked next for a symbol's bars of the interval after an instant, by its jobs. */
export function dueTimes({
  catalogue,
  interval,
  alwaysOpen,
}: Pick<CoverageAsked, 'catalogue' | 'interval' | 'alwaysOpen'>) {
  const timings = new Map<string, readonly JobTiming[]>();
  const ofSource = (id: string): readonly JobTiming[] => {
    const known = timings.get(id);
    if (known) return known;
    const source = catalogue.find((each) => each.id === id);
    const wanted = { symbols: null, alwaysOpen, toSource: source?.toSource ?? (() => null) };
    const made = source ? timingsOf(source, wanted).filter(({ job }) => job.interval === interval) : [];
    timings.set(id, made);
    return made;
  };
  return (source: string, symbol: string) => (at: number) => {
    const timing = ofSource(source).find(({ symbols }) => symbols.includes(symbol));
    return timing ? nextRun({ ...timing, symbols: [symbol] }, at) : null;
  };
}
