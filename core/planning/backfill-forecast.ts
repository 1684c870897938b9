/** What a backfill will cost: how much of the quota, and until when. */
import type { SourceDefinition } from '../sources/definition.ts';
import { allowanceFor } from './quota.ts';

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;

export interface BackfillForecast {
  /** Of the source's quota of one day: 0.5 is half of it. */
  readonly shareOfDay: number;
  /** On how many days (UTC) it makes calls. */
  readonly days: number;
  /** When it will be done at the earliest, in milliseconds since the epoch. */
  readonly doneAt: number;
}

/**
 * How long so many calls take within the share of the quota that backfills have, if nothing fails and live runs use no more
 * than they have today. `dayUsed` are the calls made since midnight UTC.
 *
 * @example
 * // 60 a minute and 1,000 a day, of which backfills have half: 700 calls take today and tomorrow.
 * forecastOf({ perMinute: 60, perDay: 1_000 }, 700, 0, Date.parse('2026-11-20T12:00:00Z')).days // 2
 */
export function forecastOf(
  quota: SourceDefinition['quota'],
  calls: number,
  dayUsed: number,
  now: number,
): BackfillForecast {
  const { perMinute, perDay } = allowanceFor(quota, 'backfill');
  const midnight = (Math.floor(now / dayMs) + 1) * dayMs;
  const lasting = (count: number) => Math.ceil(count / perMinute) * minuteMs;
  const shareOfDay = calls / quota.perDay;
  const byMinute = Math.floor((midnight - now) / minuteMs) * perMinute;
  const today = Math.max(0, Math.min(calls, perDay - dayUsed, byMinute));
  const rest = calls - today;
  if (rest === 0) return { shareOfDay, days: today > 0 ? 1 : 0, doneAt: now + lasting(today) };
  const daily = Math.min(perDay, 1440 * perMinute);
  const more = Math.ceil(rest / daily);
  const last = rest - (more - 1) * daily;
  return { shareOfDay, days: more + (today > 0 ? 1 : 0), doneAt: midnight + (more - 1) * dayMs + lasting(last) };
}
