import type { Bar } from '../market/bar.ts';
import type { StoredAction, StoredBar } from '../market/stored-bar.ts';
import type { BarReader } from '../ports/bar-reader.ts';
import type { FindingRecords, StoredFinding } from '../ports/finding-records.ts';
import { adjust, type BarsAsked } from './adjust-series.ts';
import { type Quality, qualifiedActions, qualifiedBars } from './quality.ts';
import { servedBars, servedCloses } from './said-before.ts';

/** Bars of a listing from one source, as they were read. */
export interface SeriesRead {
  readonly listingId: number;
  readonly source: string;
  readonly interval: Bar['interval'];
  readonly zone: string;
  readonly knownAt: string | null;
  readonly order: 'asc' | 'desc';
  readonly quality: Quality;
  /** Whether the bars will be adjusted for dividends too, so that what is later than they counts. */
  readonly untilNow: boolean;
}

/** Bars as they are served, and what was found on them. */
export interface JudgedSeries {
  readonly rows: readonly StoredBar[];
  readonly actions: readonly StoredAction[];
  /** All findings on the bars and actions. */
  readonly judged: readonly StoredFinding[];
  /** Those that count for the quality asked for. */
  readonly counted: readonly StoredFinding[];
  readonly leftOut: readonly string[];
  /** Bars in whose place an earlier answer's stand. */
  readonly earlier: readonly string[];
  /** The rows in another adjustment. Throws NotDerivableError. */
  adjusted(
    asked: Pick<BarsAsked, 'adjustment' | 'adjustedTo' | 'now'>,
    actions?: readonly StoredAction[],
  ): Promise<StoredBar[]>;
  /** Another bar of the source, split-adjusted like the rows. Throws NotDerivableError. */
  inTodaysShares(bar: StoredBar, now: number, actions: readonly StoredAction[]): Promise<StoredBar>;
  /** The daily close before a day, split-adjusted; `null` where there is none. Throws NotDerivableError. */
  closeBefore(day: string, now: number, actions: readonly StoredAction[]): Promise<StoredBar | null>;
}

/** Leaves out of bars that were read what a finding calls wrong, with what the source said before in its place. */
export async function judgedSeries(
  reader: BarReader,
  findings: FindingRecords,
  came: readonly StoredBar[],
  of: SeriesRead,
): Promise<JudgedSeries> {
  const { listingId, source, interval, zone, knownAt, quality } = of;
  const judged = await findings.ofSeries(listingId, source, [interval, '1d'], judgedTime(came, of.untilNow), knownAt);
  const counted = quality === 'raw' ? [] : judged;
  const served = await servedBars(reader, qualifiedBars(came, interval, counted, quality), {
    listingId,
    source,
    interval,
    zone,
    knownAt,
    down: of.order === 'desc',
  });
  const actions = qualifiedActions(await reader.actions(listingId, zone, knownAt), counted, quality);
  const qualified: BarReader = {
    ...reader,
    closesBefore: async (...asked) => {
      const closes = qualifiedBars(await reader.closesBefore(...asked), '1d', counted, quality);
      return servedCloses(reader, closes, { listingId, source, interval: '1d', zone, knownAt });
    },
  };
  const series = { listingId, zone, source, knownAt };
  const inTodaysShares: JudgedSeries['inTodaysShares'] = async (bar, now, known) => {
    const asked = { ...series, adjustment: 'splits', adjustedTo: null, now } as const;
    return (await adjust(qualified, [bar], known, asked))[0] ?? bar;
  };
  return {
    ...served,
    actions,
    judged,
    counted,
    adjusted: (asked, known = actions) => adjust(qualified, served.rows, known, { ...series, ...asked }),
    inTodaysShares,
    async closeBefore(day, now, known) {
      const [before] = await qualified.closesBefore(listingId, source, zone, [day], day, knownAt);
      return before ? inTodaysShares(before, now, known) : null;
    },
  };
}

/** A close before an ex-date is at the most so much older than the first bar. */
const closesBeforeMs = 20 * 86_400_000;

/** The bars that a page depends on: its own, and for a total return the closes before all later payments. */
function judgedTime(page: readonly StoredBar[], untilNow: boolean): { from: Date; to: Date | null } {
  const times = [page[0], page.at(-1)].flatMap((bar) => bar?.startsAt.getTime() ?? []);
  const from = new Date(times.length === 0 ? 0 : Math.min(...times) - closesBeforeMs);
  if (untilNow) return { from, to: null };
  return { from, to: new Date(times.length === 0 ? 0 : Math.max(...times)) };
}
