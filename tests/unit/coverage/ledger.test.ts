import { describe, expect, it } from 'vitest';
import type { SeriesFacts, StoredDay } from '../../../core/coverage/facts.ts';
import { countOf, type Ledger, ledgerOf, rangesOf } from '../../../core/coverage/ledger.ts';
import { addDays, hoursOf, type Market, slotsOf } from '../../../core/coverage/slots.ts';
import type { BarInterval } from '../../../core/market/bar.ts';
import { calendarFor, sessionOn } from '../../../core/market/calendar.ts';
import { chosenSeed } from '../../support/chosen-seed.ts';
import { type Random, randomFrom } from '../../support/random.ts';

const now = Date.parse('2026-07-01T12:00:00Z');
const [from, to] = ['2025-06-01', '2026-05-31'];

const marketOf = (mic: string, zone: string, assetClass?: string): Market => ({
  calendar: calendarFor({ mic, zone, ...(assetClass ? { assetClass } : {}) }),
  zone,
});
const newYork = marketOf('XNAS', 'America/New_York');
const tokyo = marketOf('XTKS', 'Asia/Tokyo');
const coins = marketOf('QCRY', 'UTC', 'crypto');
const currencies = marketOf('QFXS', 'Europe/London', 'fx');
const istanbul = marketOf('XIST', 'Europe/Istanbul');
const markets: Readonly<Record<string, Market>> = {
  XNAS: newYork,
  XLON: marketOf('XLON', 'Europe/London'),
  XETR: marketOf('XETR', 'Europe/Berlin'),
  XTKS: tokyo,
  XHKG: marketOf('XHKG', 'Asia/Hong_Kong'),
  XASX: marketOf('XASX', 'Australia/Sydney'),
  XTAE: marketOf('XTAE', 'Asia/Jerusalem'),
  XSAU: marketOf('XSAU', 'Asia/Riyadh'),
  XCME: marketOf('XCME', 'America/Chicago'),
  QFXS: currencies,
  QCRY: coins,
};

function factsOf(market: Market, stored: readonly StoredDay[], more: Partial<SeriesFacts> = {}): SeriesFacts {
  return {
    interval: '1d',
    market,
    stored,
    lifetime: { from: null, to: null },
    answered: [{ from: '1900-01-01', to: '2026-06-28' }],
    newest: { from: '2025-06-01', at: now },
    untraded: [],
    heldBack: new Set(),
    withdrawn: new Set(),
    attempts: [],
    settlingMs: 30 * 60_000,
    dueAfter: () => null,
    ...more,
  };
}

const bars = (days: readonly string[]): StoredDay[] => days.map((day) => ({ day }));
const ledger = (facts: SeriesFacts, first = from, last = to, at = now): Ledger =>
  ledgerOf(facts, slotsOf(facts.market, facts.interval, first, last), at);
const said = (of: Ledger) =>
  rangesOf(of.entries, false).map(({ state, reason, ...range }) => [
    range.from,
    range.to,
    reason ?? state,
    range.slots,
  ]);
/** Each day's state and reason. */
const byDay = ({ entries }: Ledger) => new Map(entries.map(({ slot, state, reason }) => [slot.from, reason ?? state]));

/** All sessions of a market in the year, by the calendar's hours and not by what the ledger reads. */
function sessionsOf({ calendar }: Market, first = from, last = to): string[] {
  const days: string[] = [];
  for (let day = first; day <= last; day = addDays(day, 1))
    if (calendar === null || sessionOn(calendar, day) !== null) days.push(day);
  return days;
}

describe('a year of ten calendars and of coins', () => {
  const seed = chosenSeed('The ledger of a year');

  it.each(Object.keys(markets))('has every planted hole and phantom, and no other: %s', (name) => {
    const market = markets[name] ?? newYork;
    const random = randomFrom(seed);
    const sessions = sessionsOf(market);
    const closed: string[] = [];
    for (let day = from; day <= to; day = addDays(day, 1)) if (!sessions.includes(day)) closed.push(day);
    let total = 0;
    for (let listing = 0; listing < 20; listing += 1) {
      const holes = planted(sessions, random);
      const phantoms = new Set(closed.filter(() => random.chance(0.03)));
      const found = ledger(factsOf(market, bars([...sessions.filter((day) => !holes.has(day)), ...phantoms])));
      const missing = found.entries.filter(({ state }) => state === 'missing');
      expect(missing.map(({ slot }) => slot.from)).toEqual([...holes].sort());
      expect(missing.every(({ reason }) => reason === 'unexplained')).toBe(true);
      expect(found.unexpected).toEqual([...phantoms].sort());
      const counts = countOf(found.entries);
      expect(counts.present + (counts.missing.get('unexplained') ?? 0)).toBe(sessions.length);
      expect(counts.noSession.get('closed') ?? 0).toBe(closed.length);
      total += counts.present + missing.length;
      // Ranges hold each session once.
      expect(rangesOf(found.entries, true).reduce((sum, { slots }) => sum + slots, 0)).toBe(found.entries.length);
    }
    expect(total).toBe(sessions.length * 20);
  });

  it.each(['1wk', '1mo'] as const)('has the planted holes of bars of %s', (interval) => {
    const random = randomFrom(seed);
    for (const market of Object.values(markets)) {
      const slots = slotsOf(market, interval, from, to).filter(({ trades }) => trades !== false);
      const holes = planted(
        slots.map((slot) => slot.from),
        random,
      );
      const stored = slots
        .filter((slot) => !holes.has(slot.from))
        .map((slot) => ({
          // A source names a week by its first day, or by its first session.
          day: interval === '1wk' && random.chance(0.5) ? addDays(slot.from, 1) : slot.from,
        }));
      const found = ledger(factsOf(market, stored, { interval }));
      const missing = found.entries.filter(({ state }) => state === 'missing');
      expect(missing.map(({ slot }) => slot.from)).toEqual([...holes].sort());
      expect(found.unexpected).toEqual([]);
    }
  });
});

/** Some sessions, single ones and runs. */
function planted(sessions: readonly string[], random: Random): Set<string> {
  const holes = new Set<string>();
  for (let count = random.between(0, 8); count > 0; count -= 1) {
    const first = random.between(0, sessions.length - 1);
    for (const day of sessions.slice(first, first + (random.chance(0.3) ? random.between(2, 30) : 1))) holes.add(day);
  }
  return holes;
}

describe('a session that is missing', () => {
  const days = ['2026-05-18', '2026-05-19', '2026-05-20', '2026-05-21', '2026-05-22'];
  const without = (day: string) => bars(days.filter((each) => each !== day));
  const reason = (facts: SeriesFacts, day = '2026-05-20', at = now) =>
    byDay(ledger(facts, days[0], days.at(-1), at)).get(day);
  const nobody = { answered: [], newest: null };
  const settled = Date.parse('2026-05-20T20:30:00Z');

  it('has the first reason that holds', () => {
    const stored = without('2026-05-20');
    const day = { from: '2026-05-20', to: '2026-05-20' };
    const all: Partial<SeriesFacts> = {
      withdrawn: new Set(['2026-05-20']),
      heldBack: new Set(['2026-05-20']),
      untraded: [day],
    };
    expect(reason(factsOf(newYork, stored, all))).toBe('withdrawn');
    expect(reason(factsOf(newYork, stored, { ...all, withdrawn: new Set() }))).toBe('held_back');
    expect(reason(factsOf(newYork, stored, { untraded: [day] }))).toBe('not_traded');
    expect(reason(factsOf(newYork, stored))).toBe('unexplained');
    expect(reason(factsOf(newYork, stored, nobody))).toBe('not_collected');
  });

  it.each([
    ['failed', 'source_failed'],
    ['quota', 'quota'],
    ['waiting', 'not_yet_due'],
  ] as const)('is %s: %s', (outcome, expected) => {
    const stored = without('2026-05-20');
    const of = (at: number, range: { from: string; to: string } | null) =>
      reason(factsOf(newYork, stored, { ...nobody, attempts: [{ at, outcome, days: range }] }));
    expect(of(settled, null)).toBe(expected);
    expect(of(settled - 1, null)).toBe('not_collected');
    expect(of(settled, { from: '2026-05-01', to: '2026-05-31' })).toBe(expected);
    expect(of(settled, { from: '2026-05-21', to: '2026-05-31' })).toBe('not_collected');
  });

  it('goes by the newest of several attempts', () => {
    const attempts = [
      { at: settled + 1, outcome: 'failed', days: null },
      { at: settled + 2, outcome: 'quota', days: null },
    ] as const;
    expect(reason(factsOf(newYork, without('2026-05-20'), { ...nobody, attempts }))).toBe('quota');
  });

  it('is not yet due until it has settled, and then until its next fetch had its time', () => {
    const stored = without('2026-05-22');
    const close = Date.parse('2026-05-22T20:00:00Z');
    const due = Date.parse('2026-05-23T00:00:00Z');
    const at = (time: number) =>
      reason(factsOf(newYork, stored, { ...nobody, dueAfter: () => due }), '2026-05-22', time);
    expect(at(close - 3_600_000)).toBe('not_yet_due');
    expect(at(close + 29 * 60_000)).toBe('not_yet_due');
    expect(at(due)).toBe('not_yet_due');
    expect(at(due + 2 * 3_600_000)).toBe('not_collected');
    // An answer before the close says nothing about the session.
    const early = { answered: [], newest: { from: '2026-01-01', at: close - 1 } };
    expect(reason(factsOf(newYork, stored, early), '2026-05-22')).toBe('not_collected');
  });
});

describe('what is no hole', () => {
  it('is closed days, half days and days that change the clocks', () => {
    const found = byDay(ledger(factsOf(newYork, bars(sessionsOf(newYork)))));
    expect(found.get('2025-11-27')).toBe('closed');
    expect(found.get('2025-11-28')).toBe('present');
    expect(found.get('2026-03-09')).toBe('present');
    expect([...found.values()].filter((state) => state !== 'present' && state !== 'closed')).toEqual([]);
  });

  it('is a weekend of currencies; of coins it is one', () => {
    const weekdays = sessionsOf(currencies, '2026-05-01', '2026-05-31');
    expect(weekdays).not.toContain('2026-05-16');
    expect(said(ledger(factsOf(currencies, bars(weekdays)), '2026-05-01', '2026-05-31'))).toEqual([
      ['2026-05-01', '2026-05-29', 'present', 21],
    ]);
    expect(said(ledger(factsOf(coins, bars(weekdays)), '2026-05-15', '2026-05-18'))).toEqual([
      ['2026-05-15', '2026-05-15', 'present', 1],
      ['2026-05-16', '2026-05-17', 'unexplained', 2],
      ['2026-05-18', '2026-05-18', 'present', 1],
    ]);
  });

  it('is what was before the first day and after the last', () => {
    const lifetime = { from: '2026-02-02', to: '2026-04-30' };
    const stored = bars(sessionsOf(newYork, lifetime.from, lifetime.to));
    expect(said(ledger(factsOf(newYork, stored, { lifetime }), '2026-01-02', '2026-05-29'))).toEqual([
      ['2026-01-02', '2026-01-30', 'before_first', 20],
      ['2026-02-02', '2026-04-30', 'present', 62],
      ['2026-05-01', '2026-05-29', 'after_last', 20],
    ]);
  });

  it('is a short absence where no calendar says whether the venue traded, if the source passed over it', () => {
    const days = sessionsOf(istanbul, '2026-05-01', '2026-06-15');
    const bayram = ['2026-05-26', '2026-05-27', '2026-05-28', '2026-05-29'];
    const stored = bars(days.filter((day) => !bayram.includes(day)));
    const within = (facts: SeriesFacts, day: string) => byDay(ledger(facts, '2026-05-01', '2026-06-15')).get(day);
    expect(within(factsOf(istanbul, stored), '2026-05-27')).toBe('calendar_unknown');
    expect(within(factsOf(istanbul, stored, { answered: [], newest: null }), '2026-05-27')).toBe('not_collected');
    // Some of these venues trade on Sundays.
    const sunday = ledger(factsOf(istanbul, bars([...days, '2026-05-10'])), '2026-05-01', '2026-06-15');
    expect([byDay(sunday).get('2026-05-10'), sunday.unexpected]).toEqual(['present', []]);
    // Two weeks are no holiday.
    const long = bars(days.filter((day) => day < '2026-05-25' || day > '2026-06-05'));
    expect(within(factsOf(istanbul, long), '2026-05-27')).toBe('unexplained');
  });
});

describe('bars of less than a day', () => {
  const [first, last] = ['2026-05-04', '2026-05-29'];

  /** The bars of a session, of which each is there if `keep` says so. */
  function intraday(
    market: Market,
    day: string,
    minutes: number,
    keep: (at: number) => boolean = () => true,
  ): StoredDay[] {
    const session = hoursOf(market, day);
    if (!session) return [];
    const starts: number[] = [];
    for (let at = session.opensAt; at < session.closesAt; at += minutes * 60_000) {
      const inBreak = at >= (session.breakFrom ?? 0) && at < (session.breakUntil ?? 0);
      if (!inBreak && keep(at)) starts.push(at);
    }
    let widest: [number, number] | null = null;
    for (const [index, at] of starts.entries()) {
      const before = starts[index - 1];
      if (before !== undefined && (!widest || at - before > widest[1] - widest[0])) widest = [before, at];
    }
    const [begin, end] = [starts[0], starts.at(-1)];
    return begin === undefined || end === undefined
      ? []
      : [{ day, intraday: { bars: starts.length, first: begin, last: end, widest } }];
  }
  const states = (
    market: Market,
    interval: BarInterval,
    stored: readonly StoredDay[],
    more: Partial<SeriesFacts> = {},
  ) => byDay(ledger(factsOf(market, stored, { interval, ...more }), first, last));
  const holes = (of: Map<string, string>) =>
    [...of].filter(([, state]) => state !== 'present' && state !== 'closed').map(([day]) => day);

  it('are no holes in quiet minutes of thin shares', () => {
    const random = randomFrom(chosenSeed('Thin shares'));
    const stored = sessionsOf(newYork, first, last).flatMap((day) =>
      intraday(newYork, day, 1, () => random.chance(0.03)),
    );
    expect(holes(states(newYork, '1m', stored))).toEqual([]);
  });

  it.each(['1m', '5m', '15m', '1h'] as const)('are none in lunch breaks and round the clock either: %s', (interval) => {
    const minutes = { '1m': 1, '5m': 5, '15m': 15, '1h': 60 }[interval];
    for (const market of [newYork, tokyo, currencies, coins, marketOf('XCME', 'America/Chicago')]) {
      const stored = sessionsOf(market, first, last).flatMap((day) => intraday(market, day, minutes));
      expect(holes(states(market, interval, stored))).toEqual([]);
    }
  });

  it.each([newYork, tokyo])('are a hole where a liquid listing lacks hours of a session', (market) => {
    const sessions = sessionsOf(market, first, last);
    const [morning = '', evening = '', middle = '', absent = ''] = sessions.slice(5);
    const hours = (day: string) => hoursOf(market, day) ?? { opensAt: 0, closesAt: 0 };
    const keep = (day: string) => (at: number) => {
      const { opensAt, closesAt } = hours(day);
      if (day === morning) return at >= opensAt + 90 * 60_000;
      if (day === evening) return at < closesAt - 90 * 60_000;
      if (day === middle) return at < opensAt + 30 * 60_000 || at >= opensAt + 210 * 60_000;
      return day !== absent;
    };
    const stored = sessions.flatMap((day) => intraday(market, day, 5, keep(day)));
    expect(holes(states(market, '5m', stored))).toEqual([morning, evening, middle, absent]);
  });

  it('are missing where nobody read the session after its end, of thin shares too', () => {
    const random = randomFrom(1);
    const sessions = sessionsOf(newYork, first, last);
    const final = sessions.at(-1) ?? '';
    const noon = Date.parse(`${final}T16:00:00Z`);
    const stored = sessions.flatMap((day) =>
      intraday(newYork, day, 1, (at) => random.chance(0.03) && (day !== final || at < noon)),
    );
    const more = { answered: [{ from: first, to: sessions.at(-2) ?? '' }], newest: { from: first, at: noon } };
    const found = states(newYork, '1m', stored, more);
    expect([holes(found), found.get(final)]).toEqual([[final], 'not_collected']);
  });
});
