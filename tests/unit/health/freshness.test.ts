import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { freshnessOf } from '../../../core/health/freshness.ts';
import type { BarredGroup, EndedTask, QuotedGroup } from '../../../core/health/source-facts.ts';
import { bad, good } from '../../support/ended-tasks.ts';

const minute = 60_000;
const hour = 60 * minute;
const job = { id: 'quotes', kind: 'quotes', periodMs: minute, latenessMs: 30 * minute } as const;
const at = (text: string) => Date.parse(text);
/** London closed at 16:30 UTC, New York has been open since 14:30. */
const tuesdayAtEleven = at('2026-11-24T16:00:00Z');
const sunday = at('2026-11-22T12:00:00Z');
const fridaysClose = at('2026-11-20T21:00:00Z');

const quoted = (asOf: number, more: Partial<QuotedGroup> = {}): QuotedGroup => ({
  job: 'quotes',
  mic: 'XNAS',
  zone: 'America/New_York',
  assetClass: 'equity',
  count: 10,
  basis: 'exchange',
  asOf,
  confirmedAt: Number.POSITIVE_INFINITY,
  delaySeconds: 0,
  ...more,
});
const quotes = (now: number, groups: QuotedGroup[], tasks: EndedTask[] = [good({ endedAt: now })]) =>
  freshnessOf(job, tasks, { quoted: groups, barred: [] }, now)?.share;
const coin = { mic: 'QCRY', zone: 'UTC', assetClass: 'crypto' };
const pound = { mic: 'QFXS', zone: 'UTC', assetClass: 'fx' };

describe('quotes', () => {
  it('are fresh on a Sunday when they are of the close of Friday', () => {
    expect(quotes(sunday, [quoted(fridaysClose), quoted(at('2026-11-20T22:00:00Z'), pound)])).toBe(1);
    expect(quotes(sunday, [quoted(at('2026-11-20T20:40:00Z'))])).toBe(1);
  });

  it('are not on a Sunday when they are of Thursday', () => {
    expect(quotes(sunday, [quoted(at('2026-11-19T21:00:00Z'))])).toBe(0);
  });

  it('of coins are not fresh on a Sunday when they are of Friday', () => {
    expect(quotes(sunday, [quoted(fridaysClose, coin), quoted(fridaysClose)])).toBe(0.5);
  });

  it('are stale on a Tuesday at eleven when the market stands still for longer than the tolerance', () => {
    expect(quotes(tuesdayAtEleven, [quoted(tuesdayAtEleven - 29 * minute)])).toBe(1);
    expect(quotes(tuesdayAtEleven, [quoted(tuesdayAtEleven - 31 * minute)])).toBe(0);
  });

  it('of a listing that hardly trades are fresh while its market moves', () => {
    const moving = quoted(tuesdayAtEleven - minute, { count: 3 });
    const quiet = (age: number) => quotes(tuesdayAtEleven, [moving, quoted(tuesdayAtEleven - age, { count: 1 })]);
    expect(quiet(60 * minute)).toBe(1);
    // Two hours of trading reach back to half an hour before the close of Monday.
    expect(quiet(20 * hour)).toBe(0.75);
  });

  it('may come as late as the source says', () => {
    const late = quoted(tuesdayAtEleven - 40 * minute, { delaySeconds: 900 });
    expect(quotes(tuesdayAtEleven, [late])).toBe(1);
    expect(quotes(tuesdayAtEleven, [{ ...late, delaySeconds: 0 }])).toBe(0);
  });

  it('are not stale on Thanksgiving, nor on the day after once it has closed early', () => {
    expect(quotes(at('2026-11-26T16:00:00Z'), [quoted(at('2026-11-25T21:00:00Z'))])).toBe(1);
    expect(quotes(at('2026-11-27T20:00:00Z'), [quoted(at('2026-11-27T18:00:00Z'))])).toBe(1);
  });

  it('without a market time count by their day', () => {
    const daily = { basis: 'fetched' };
    expect(quotes(tuesdayAtEleven, [quoted(at('2026-11-24T04:59:59Z'), daily)])).toBe(1);
    expect(quotes(tuesdayAtEleven, [quoted(at('2026-11-21T04:59:59Z'), daily)])).toBe(0);
  });

  it('are judged at their last fetch, however long ago that was', () => {
    const fetched = at('2026-11-24T15:00:00Z');
    const group = quoted(fetched - minute, { confirmedAt: fetched });
    expect(quotes(tuesdayAtEleven + 9 * 24 * hour, [group], [good({ endedAt: fetched })])).toBe(1);
  });

  it('are judged by the clock when the job has failed since for a quarter of an hour', () => {
    const fetched = at('2026-11-24T15:00:00Z');
    const group = quoted(fetched - minute, { confirmedAt: fetched });
    const failing = (endedAt: number) => [bad('down', { endedAt }), good({ endedAt: fetched })];
    expect(quotes(tuesdayAtEleven, [group], failing(fetched + 14 * minute))).toBe(1);
    expect(quotes(tuesdayAtEleven, [group], failing(tuesdayAtEleven))).toBe(0);
    // The same over a weekend: the market has not moved on.
    const closed = [quoted(fridaysClose, { confirmedAt: fridaysClose })];
    expect(quotes(sunday, closed, [bad('down', { endedAt: sunday }), good({ endedAt: fridaysClose })])).toBe(1);
  });

  it('are not judged before there are any, or before the job has succeeded', () => {
    expect(quotes(sunday, [])).toBeUndefined();
    expect(quotes(sunday, [quoted(fridaysClose)], [bad('down')])).toBeUndefined();
  });
});

describe('daily bars', () => {
  const bars = { id: 'bars', kind: 'bars', periodMs: 6 * hour, latenessMs: 30 * minute } as const;
  const share = (now: number, date: string | null, more: Partial<BarredGroup> = {}) =>
    freshnessOf(
      bars,
      [good({ job: 'bars', endedAt: now })],
      {
        quoted: [],
        barred: [{ job: 'bars', mic: 'XNYS', zone: 'America/New_York', assetClass: 'equity', count: 4, date, ...more }],
      },
      now,
    )?.share;

  it('have the last session that had closed twelve hours before', () => {
    expect(share(sunday, '2026-11-20')).toBe(1);
    expect(share(sunday, '2026-11-19')).toBe(0);
    expect(share(sunday, null)).toBe(0);
    expect(share(tuesdayAtEleven, '2026-11-23')).toBe(1);
    expect(share(at('2026-11-24T08:00:00Z'), '2026-11-20')).toBe(1);
    expect(share(at('2026-11-27T12:00:00Z'), '2026-11-25')).toBe(1);
  });

  it('of coins are of yesterday, of currencies of the last weekday', () => {
    expect(share(sunday, '2026-11-21', coin)).toBe(1);
    expect(share(sunday, '2026-11-20', coin)).toBe(0);
    expect(share(at('2026-11-23T12:00:00Z'), '2026-11-20', pound)).toBe(1);
  });
});

it('constituents are fresh while their job has succeeded within three periods', () => {
  const members = { id: 'members', kind: 'constituents', periodMs: 6 * hour, latenessMs: 30 * minute } as const;
  const share = (failedFor: number) =>
    freshnessOf(
      members,
      [bad('down', { endedAt: sunday + failedFor }), good({ endedAt: sunday })],
      { quoted: [], barred: [] },
      sunday + failedFor,
    )?.share;
  expect(share(18 * hour)).toBe(1);
  expect(share(19 * hour)).toBe(0);
});

it('for any hour: what was traded a minute ago is fresh, and older is never fresher', () => {
  const instant = fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2027-06-30T00:00:00Z') });
  const venue = fc.constantFrom<Partial<QuotedGroup>>(
    {},
    coin,
    pound,
    { mic: 'XTKS', zone: 'Asia/Tokyo' },
    { mic: 'XXXX', zone: 'Europe/Oslo' },
  );
  fc.assert(
    fc.property(instant, venue, fc.nat(10 * 24 * 60), fc.nat(10 * 24 * 60), (now, more, one, other) => {
      expect(quotes(now, [quoted(now - minute, more)])).toBe(1);
      const share = (ageMinutes: number) => quotes(now, [quoted(now - ageMinutes * minute, more)]) ?? 0;
      expect(share(Math.min(one, other))).toBeGreaterThanOrEqual(share(Math.max(one, other)));
    }),
  );
});
