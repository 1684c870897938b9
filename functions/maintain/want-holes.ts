import { rangesOf } from '../../core/coverage/ledger.ts';
import { coverageQuestions, ledgersOf, type SeriesLedger } from '../../core/coverage/ledgers.ts';
import { addDays, type DayRange } from '../../core/coverage/slots.ts';
import { type BarInterval, barIntervals } from '../../core/market/bar.ts';
import type { CoverageReader } from '../../core/ports/coverage-reader.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

/** Reasons for which a session may have a bar when it is read again. */
const readAgain: ReadonlySet<string | null> = new Set(['not_collected', 'source_failed', 'quota', 'unexplained']);

const dayMs = 86_400_000;
/** Series that are read at once. */
const batch = 50;
/** How far back holes are looked for. */
const yearsBack = 10;
const intradayDays = 90;

/** Bounds of one run. */
export interface HoleLimits {
  readonly series: number;
  /** Series in which holes are wanted. */
  readonly wishes: number;
  readonly ms: number;
}

export const nightlyHoles: HoleLimits = { series: 3_000, wishes: 200, ms: 60_000 };

/** Holes of one series, as a single range of days. */
export interface HoleWish extends DayRange {
  readonly sourceId: string;
  readonly listingId: number;
  readonly interval: BarInterval;
}

export interface HoleDependencies {
  readonly coverage: CoverageReader;
  readonly catalogue: readonly SourceDefinition[];
  /** Asks for the days to be read again; what was tried often enough is not. */
  readonly want: (wishes: readonly HoleWish[]) => Promise<void>;
}

/**
 * Asks for the holes of stored series to be read again: sessions between the first and the last bar that have none, for a
 * reason that another reading may change. Only of sources that give bars by date. A run is bounded, and each night begins at
 * another listing. Gives how many series it looked at, and in how many it found holes.
 */
export async function wantHoles(
  { coverage, catalogue, want }: HoleDependencies,
  now: number,
  limits: HoleLimits = nightlyHoles,
): Promise<{ series: number; holes: number }> {
  const startedAt = performance.now();
  let [series, holes] = [0, 0];
  const isOver = () => series >= limits.series || holes >= limits.wishes || performance.now() - startedAt >= limits.ms;
  const begin = placeOf(now, await coverage.lastListing());

  const readable = barIntervals.filter((each) => catalogue.some((source) => daysOf(source, each) !== null));
  // Days first: most series are of days.
  for (const interval of readable.toSorted((a, b) => Number(b === '1d') - Number(a === '1d'))) {
    const asked = { ...timeOf(interval, now), interval, now, catalogue, alwaysOpen: false };
    // From the night's place to the end, then from the beginning to that place.
    for (const [from, until] of [
      [begin, Number.POSITIVE_INFINITY],
      [0, begin],
    ] as const) {
      let after = { listingId: from, source: '' };
      while (!isOver()) {
        const page = await coverage.series({
          ...{
            symbol: null,
            source: null,
            interval,
            planned: [],
            after,
            limit: Math.min(batch, limits.series - series),
          },
        });
        const last = page.at(-1);
        if (last === undefined || last.listingId >= until + 1) break;
        after = last;
        const rows = page.filter((row) => canRead(catalogue, row.source, interval) && row.listingId <= until);
        series += page.length;
        const ledgers = ledgersOf(rows, await coverage.read(coverageQuestions(rows, asked)), asked);
        const wishes = ledgers.flatMap((ledger) => holesOf(ledger) ?? []).slice(0, limits.wishes - holes);
        holes += wishes.length;
        await want(wishes);
      }
    }
  }
  return { series, holes };
}

/** The days from the first to the last hole between the bars of a series; `null` where it has none. */
function holesOf({ series, ledger }: SeriesLedger): HoleWish | null {
  const { firstDay, lastDay, listingId, source, interval } = series;
  if (firstDay === null || lastDay === null) return null;
  const found = rangesOf(ledger.entries, false).filter(
    ({ state, reason, from, to }) => state === 'missing' && readAgain.has(reason) && from > firstDay && to < lastDay,
  );
  const [first, last] = [found[0], found.at(-1)];
  return first && last ? { sourceId: source, listingId, interval, from: first.from, to: last.to } : null;
}

function canRead(catalogue: readonly SourceDefinition[], sourceId: string, interval: BarInterval): boolean {
  const source = catalogue.find(({ id }) => id === sourceId);
  return source !== undefined && daysOf(source, interval) !== null;
}

function daysOf({ jobs }: SourceDefinition, interval: BarInterval): number | null {
  return jobs.flatMap(({ backfillDays }) => backfillDays?.[interval] ?? [])[0] ?? null;
}

/** Holes of the newest days are none yet: the jobs read them again by themselves. */
function timeOf(interval: BarInterval, now: number): DayRange {
  const today = new Date(now).toISOString().slice(0, 10);
  const isLong = interval === '1d' || interval === '1wk' || interval === '1mo';
  return { from: addDays(today, isLong ? -365 * yearsBack : -intradayDays), to: addDays(today, -2) };
}

/** A listing to begin with: over some nights each has its turn, however many there are. */
function placeOf(now: number, last: number): number {
  const share = (Math.floor(now / dayMs) * 0.618_033_988_75) % 1;
  return Math.floor(share * last);
}
