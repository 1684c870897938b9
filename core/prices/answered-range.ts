/**
 * What an answer says by what it leaves out: it speaks for the range from its first to its last bar, and what was known
 * of that range and is not in it any more is withdrawn.
 *
 * The newest bar may still be trading, and is at times put behind a range of the past: the range ends with the last bar
 * whose time was over. A place that is empty, or whose row is held back, is not left out. An answer that leaves out most
 * of what is known is a broken one, and speaks for nothing. Answers come in any order: one that was fetched later has
 * spoken already for its range, so what an earlier one says of that range has been withdrawn or confirmed since.
 */
import {
  type Bar,
  type BarInterval,
  type CorporateAction,
  type CorporateActionType,
  intervalMs,
} from '../market/bar.ts';
import type { BarSeries } from '../market/bar-series.ts';
import { dateInZone } from '../market/zoned-date.ts';
import type { LaterAnswer, StoredSeries } from './evidence.ts';

/** A corporate action of a listing and source. */
export interface ActionKey {
  readonly type: CorporateActionType;
  readonly exDate: string;
}

/** The range that an answer speaks for, in milliseconds since the epoch, and what it leaves out. */
export interface AnsweredRange {
  readonly listingId: number;
  readonly interval: BarInterval;
  readonly from: number;
  readonly to: number;
  /** Its days in the venue's zone. */
  readonly firstDay: string;
  readonly lastDay: string;
  readonly fetchedAt: number;
  /** Starts of bars that are withdrawn. */
  readonly bars: readonly number[];
  readonly actions: readonly ActionKey[];
}

/** When rows of an answer that comes late were withdrawn or confirmed by a later one, in milliseconds since the epoch. */
export interface Overtaken {
  /** By the start of the bar. */
  readonly bars: ReadonlyMap<number, number>;
  /** By the ex-date. */
  readonly actions: ReadonlyMap<string, number>;
}

/** An answer that leaves out no more rows than this is none that is broken. */
const fewLeftOut = 20;

/**
 * The range that an answer speaks for; `null` for none. `series` is the answer as it was read, with its bars in any order,
 * and `accepted` those of its bars that are stored.
 */
export function answeredRange(
  series: BarSeries,
  accepted: readonly Bar[],
  stored: StoredSeries | undefined,
): AnsweredRange | null {
  const interval = accepted[0]?.interval;
  if (interval === undefined) return null;
  const over = accepted.filter((bar) => bar.startsAt + intervalMs(interval) <= series.fetchedAt);
  const [first, last] = [over[0], over.at(-1)];
  if (!first || !last) return null;
  const range = { listingId: series.listing.id, interval, from: first.startsAt, to: last.startsAt };
  const { fetchedAt } = series;
  const { zone } = series.listing;
  const [firstDay, lastDay] = [first, last].map((bar) => bar.date ?? dateInZone(bar.startsAt, zone));
  if (firstDay === undefined || lastDay === undefined) return null;
  const none = { ...range, firstDay, lastDay, fetchedAt, bars: [], actions: [] };
  if (!stored) return none;
  const named = new Set([...(series.places ?? []), ...series.bars.map((bar) => bar.startsAt)]);
  const within = stored.rows.filter((row) => row.startsAt >= range.from && row.startsAt <= range.to);
  const leftOut = within.filter((row) => !named.has(row.startsAt));
  if (
    isBroken(
      series,
      leftOut.map((row) => row.startsAt),
      within.length,
    )
  )
    return null;
  const laterBars = (stored.later ?? []).filter((each) => each.interval === interval);
  const bars = leftOut.map((row) => row.startsAt).filter((at) => overtakenAt(at, laterBars) === null);
  return { ...none, bars, actions: interval === '1d' ? actionsLeftOut(series, range, stored) : [] };
}

/** Most of what is known is not in it, and not under another time of the same day either. */
function isBroken({ bars, listing }: BarSeries, leftOut: readonly number[], known: number): boolean {
  if (leftOut.length <= fewLeftOut || leftOut.length <= known / 2) return false;
  const days = new Set(bars.flatMap((bar) => (bar.date === null ? [] : dateInZone(bar.startsAt, listing.zone))));
  const gone = leftOut.filter((at) => !days.has(dateInZone(at, listing.zone))).length;
  return gone > fewLeftOut && gone > known / 2;
}

/** Only days tell all splits and payments: the other intervals leave some out. */
function actionsLeftOut(
  { actions, listing }: BarSeries,
  { from, to }: { readonly from: number; readonly to: number },
  stored: StoredSeries,
): ActionKey[] {
  if (stored.actions.length === 0) return [];
  const [first, last] = [dateInZone(from, listing.zone), dateInZone(to, listing.zone)];
  const told = new Set(actions.map((action) => `${action.type} ${action.exDate}`));
  return stored.actions
    .filter(({ type, exDate }) => exDate >= first && exDate <= last && !told.has(`${type} ${exDate}`))
    .filter(({ exDate }) => actionOvertakenAt(exDate, stored.later ?? [], listing.zone) === null)
    .map(({ type, exDate }) => ({ type, exDate }));
}

/** Which rows of an answer a later one has spoken for already; `null` where there are none. */
export function overtaken(
  { listing }: Pick<BarSeries, 'listing'>,
  bars: readonly Bar[],
  actions: readonly CorporateAction[],
  later: readonly LaterAnswer[],
): Overtaken | null {
  if (later.length === 0) return null;
  const laterBars = later.filter((each) => each.interval === bars[0]?.interval);
  const ofBars = new Map<number, number>();
  for (const { startsAt } of bars) {
    const at = overtakenAt(startsAt, laterBars);
    if (at !== null) ofBars.set(startsAt, at);
  }
  const ofActions = new Map<string, number>();
  for (const { exDate } of actions) {
    const at = actionOvertakenAt(exDate, later, listing.zone);
    if (at !== null) ofActions.set(exDate, at);
  }
  return { bars: ofBars, actions: ofActions };
}

function overtakenAt(startsAt: number, later: readonly LaterAnswer[]): number | null {
  return earliest(later.filter(({ from, to }) => startsAt >= from && startsAt <= to));
}

function actionOvertakenAt(exDate: string, later: readonly LaterAnswer[], zone: string): number | null {
  return earliest(
    later.filter(
      ({ interval, from, to }) =>
        interval === '1d' && exDate >= dateInZone(from, zone) && exDate <= dateInZone(to, zone),
    ),
  );
}

function earliest(answers: readonly LaterAnswer[]): number | null {
  return answers.length === 0 ? null : Math.min(...answers.map((each) => each.fetchedAt));
}
