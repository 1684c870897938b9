/** The ledger of completeness of a page of series: reads what is stored and known of them, and lets the rules decide. */

import type { SeriesAttempt, SeriesFacts } from '../../core/coverage/facts.ts';
import { type Ledger, ledgerOf } from '../../core/coverage/ledger.ts';
import { type Market, marketOf, type Slot, slotsOf } from '../../core/coverage/slots.ts';
import type { BarInterval } from '../../core/market/bar.ts';
import { opensBefore } from '../../core/market/calendar.ts';
import { type JobTiming, nextRun, timingsOf } from '../../core/planning/job-schedule.ts';
import type { BarAttempt, CoverageReader, CoveredSeries } from '../../core/ports/coverage-reader.ts';
import { latenessMs, type SourceDefinition } from '../../core/sources/definition.ts';

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

/** The ledgers of some series of one interval. */
export async function ledgersOf(
  reader: CoverageReader,
  page: readonly CoveredSeries[],
  asked: CoverageAsked,
): Promise<SeriesLedger[]> {
  const { interval, from, to, now, catalogue } = asked;
  const slots = slotsByMarket(interval, from, to);
  const entries = page.map((series) => {
    const market = marketOf(series);
    const own = slots(market);
    const zone = market.calendar?.zone ?? market.zone;
    const shiftMinutes = market.calendar ? opensBefore(market.calendar) : 0;
    const days = { from: own[0]?.from ?? from, to: own.at(-1)?.to ?? to };
    return { series, market, slots: own, days: { ...series, zone, shiftMinutes, ...days } };
  });
  const days = entries.map((entry) => entry.days);
  const definitions = new Map(catalogue.map((source) => [source.id, source]));
  const symbolAt = ({ source, sourceSymbol, symbol }: CoveredSeries) =>
    sourceSymbol ?? definitions.get(source)?.toSource(symbol) ?? symbol;
  const named = page.map((series) => ({ source: series.source, symbol: symbolAt(series), zone: series.zone }));
  const jobs = catalogue.flatMap(({ id, jobs: of }) =>
    of.filter(({ kind }) => kind === 'bars').map((job) => ({ source: id, job: job.id })),
  );
  const symbols = [...new Set(named.map(({ symbol }) => symbol))];
  const stored = await reader.stored(days);
  const doubtful = await reader.doubtful(days);
  const held = Map.groupBy(await reader.heldBack(interval, named), keyOf);
  const attempts = Map.groupBy(await reader.attempts(jobs, symbols, new Date(now - attemptsForMs)), keyOf);
  const due = dueTimes(asked);

  return entries.map(({ series, market, slots: own }, index) => {
    const { source, symbol } = series;
    const key = keyOf({ source, symbol: symbolAt(series) });
    const definition = definitions.get(source);
    const { newestFrom, newestAt } = series;
    const facts: SeriesFacts = {
      interval,
      market,
      lifetime: lifetimeOf(series, now),
      stored: stored[index]?.days ?? [],
      answered: series.answered,
      newest: newestFrom === null || newestAt === null ? null : { from: newestFrom, at: newestAt },
      untraded: series.untraded,
      heldBack: new Set(held.get(key)?.map(({ day }) => day)),
      withdrawn: new Set(stored[index]?.withdrawn),
      attempts: (attempts.get(key) ?? []).flatMap((attempt) => attemptOf(attempt, definition, interval)),
      settlingMs: latenessMs(definition ?? {}),
      dueAfter: due(source, symbol),
    };
    return { series, ledger: ledgerOf(facts, own, now), doubtful: doubtful[index] ?? 0 };
  });
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
export function lifetimeOf(series: CoveredSeries, now: number): SeriesFacts['lifetime'] {
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
