import { describe, expect, it } from 'vitest';
import { forecastOf } from '../../../core/planning/backfill-forecast.ts';

const quota = { perMinute: 20, perDay: 1_000 };
const at = (text: string) => Date.parse(`2026-11-${text}:00Z`);
const said = (calls: number, dayUsed: number, now: string) => {
  const { doneAt, ...rest } = forecastOf(quota, calls, dayUsed, at(now));
  return { ...rest, doneAt: new Date(doneAt).toISOString().slice(8, 16) };
};

describe('the forecast of a backfill', () => {
  it.each([
    // Half of a minute and of a day are for backfills: ten calls a minute and 500 a day.
    [1, 0, '20T12:00', { shareOfDay: 0.001, days: 1, doneAt: '20T12:01' }],
    [100, 0, '20T12:00', { shareOfDay: 0.1, days: 1, doneAt: '20T12:10' }],
    [700, 0, '20T12:00', { shareOfDay: 0.7, days: 2, doneAt: '21T00:20' }],
    [1_600, 0, '20T12:00', { shareOfDay: 1.6, days: 4, doneAt: '23T00:10' }],
    // What live runs used today is gone for today.
    [100, 450, '20T12:00', { shareOfDay: 0.1, days: 2, doneAt: '21T00:05' }],
    [100, 700, '20T12:00', { shareOfDay: 0.1, days: 1, doneAt: '21T00:10' }],
    // Late in the day the minutes run out first.
    [100, 0, '20T23:58', { shareOfDay: 0.1, days: 2, doneAt: '21T00:08' }],
  ])('of %i calls with %i used at %s', (calls, dayUsed, now, expected) => {
    expect(said(calls, dayUsed, now)).toEqual(expected);
  });
});
