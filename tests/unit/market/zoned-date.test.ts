import { describe, expect, it } from 'vitest';
import { dateInZone, localClock, offsetMinutes, startOfDate } from '../../../core/market/zoned-date.ts';

/** Zones whose clocks change at midnight, by half an hour, by a whole day, around Ramadan, never, or changed by seconds. */
const zones = [
  'America/New_York',
  'America/Havana',
  'Asia/Beirut',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Africa/Monrovia',
  'Australia/Lord_Howe',
  'Europe/London',
  'Pacific/Apia',
  'UTC',
];
const dayMs = 86_400_000;

describe('days of a zone', () => {
  it.each(zones)('are those of the runtime, before and after each change of its clocks: %s', (zone) => {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
    const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, ...parts });
    const wrong: string[] = [];
    for (let day = Date.UTC(1971, 11, 1); day < Date.UTC(2016, 0, 1); day += dayMs) {
      const date = new Date(day).toISOString().slice(0, 10);
      const start = startOfDate(date, zone) ?? Number.NaN;
      if (!(format.format(start) >= date && format.format(start - 60_000) < date)) wrong.push(`start of ${date}`);
      for (const at of [start - 1, start, day + 11 * 3_600_000])
        if (dateInZone(at, zone) !== format.format(at)) wrong.push(`${new Date(at).toISOString()}`);
    }
    expect(wrong).toEqual([]);
  });

  it('has none at an instant that is no time, and none in a zone that there is not', () => {
    expect(() => dateInZone(Number.NaN, 'UTC')).toThrow(RangeError);
    expect(() => dateInZone(Date.UTC(2026, 10, 20), 'Mars/Olympus')).toThrow(RangeError);
    expect(startOfDate('2026-02-30', 'UTC')).toBeNull();
  });

  it('has the first instant of a day that a zone left out with the next one', () => {
    expect(new Date(startOfDate('2011-12-30', 'Pacific/Apia') ?? 0).toISOString()).toBe('2011-12-30T10:00:00.000Z');
  });

  it.each(zones)('shows what the runtime shows at each hour of a year, whatever its clocks do: %s', (zone) => {
    const clock = localClock(zone);
    const hours = Array.from({ length: 366 * 24 }, (_, hour) => Date.UTC(2011, 0, 1) + hour * 3_600_000);
    expect(hours.filter((at) => clock(at) !== at + offsetMinutes(at, zone) * 60_000)).toEqual([]);
  });

  it('shows what clocks show in a fortnight in which they change', () => {
    const clock = localClock('America/New_York');
    expect(new Date(clock(Date.parse('2026-11-01T05:59:00Z'))).toISOString()).toBe('2026-11-01T01:59:00.000Z');
    expect(new Date(clock(Date.parse('2026-11-01T06:01:00Z'))).toISOString()).toBe('2026-11-01T01:01:00.000Z');
  });
});
