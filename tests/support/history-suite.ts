import { expect, it } from 'vitest';
import { everySource, VisibleSources, type VisibleTo } from '../../core/auth/visible-sources.ts';
import type { HistoryReader, HistoryWanted } from '../../core/ports/history-reader.ts';
import type { OnVersion, Version } from './history-rows.ts';

const day = (month: number, date: number, hour = 0, minute = 0) =>
  new Date(Date.UTC(2026, month - 1, date, hour, minute));
const yahoo = { listing: 1, source: 'yahoo' };

/** Prices of three months: corrected ones, one that is wrong, one that is repaired, and one of another source. */
export const versions: readonly Version[] = [
  { ...yahoo, asOf: day(8, 3, 14), price: '100.50', from: day(8, 3, 14, 1) },
  { ...yahoo, asOf: day(8, 31, 23, 59), price: '101', from: day(9, 1, 0, 1), to: day(9, 20) },
  { ...yahoo, asOf: day(8, 31, 23, 59), price: '101.25', previousClose: null, from: day(9, 20), to: day(10, 5) },
  { ...yahoo, asOf: day(8, 31, 23, 59), price: '101.000000000000000000007', from: day(10, 5) },
  { ...yahoo, asOf: day(9, 1), price: '10100', from: day(9, 1, 0, 1) },
  {
    ...yahoo,
    asOf: day(9, 15),
    price: '0.00000123',
    previousClose: '-1.10',
    from: day(9, 15, 0, 1),
    provisional: true,
    settledAt: day(9, 16),
  },
  {
    ...yahoo,
    asOf: day(10, 9),
    price: '98765432109876543210987654321.5',
    volume: null,
    from: day(10, 9, 1),
    provisional: true,
  },
  { listing: 1, source: 'stooq', asOf: day(9, 2), price: '102', from: day(9, 2, 1) },
  { listing: 2, source: 'yahoo', asOf: day(9, 2), price: '7', from: day(9, 2, 1) },
];

export const findings: readonly OnVersion[] = [
  {
    of: { ...yahoo, asOf: day(9, 1), price: '10100' },
    status: 'accepted',
    openedAt: day(9, 3),
    closedAt: day(9, 10),
    to: '101.0',
  },
];

const all: HistoryWanted = {
  ...{ listingId: 1, source: 'yahoo', from: '-infinity', to: 'infinity', knownAt: null },
  ...{ revisions: false, raw: false, repaired: false, order: 'asc', after: null, limit: 100 },
};

/** What every `HistoryReader` must do, on the rows above. */
export function historySuite(make: () => VisibleTo<HistoryReader>): void {
  const read = (of: Partial<HistoryWanted> = {}) => make()(everySource).history({ ...all, ...of });
  const prices = async (of: Partial<HistoryWanted> = {}) => (await read(of)).map((row) => row.price);
  const last = '98765432109876543210987654321.5';
  const tiny = '101.000000000000000000007';

  it('gives what is right now, with all digits, and what is derived of it', async () => {
    expect(await prices()).toEqual(['100.50', tiny, '0.00000123', last]);
    expect(await prices({ order: 'desc' })).toEqual([last, '0.00000123', tiny, '100.50']);
    const [first, , third] = await read();
    expect(first).toMatchObject({
      change: '1.00',
      changeFraction: '0.0100502513',
      volume: '1200',
      currency: 'USD',
      session: 'regular',
    });
    expect(first).toMatchObject({
      knownFrom: '2026-08-03T14:01:00.000123Z',
      knownTo: null,
      parserVersion: 'yahoo-7',
      part: 0,
    });
    // A share of a price below zero says nothing.
    expect(third).toMatchObject({ change: '1.10000123', changeFraction: null });
  });

  it('gives what was corrected, with the time in which it was known', async () => {
    const rows = await read({ revisions: true, to: '2026-09-01T00:00:00Z' });
    expect(rows.map(({ price, knownFrom, knownTo }) => [price, knownFrom, knownTo])).toEqual([
      ['100.50', '2026-08-03T14:01:00.000123Z', null],
      ['101', '2026-09-01T00:01:00.000123Z', '2026-09-20T00:00:00.000123Z'],
      ['101.25', '2026-09-20T00:00:00.000123Z', '2026-10-05T00:00:00.000123Z'],
      [tiny, '2026-10-05T00:00:00.000123Z', null],
    ]);
  });

  it('gives each price as it was known at an instant, to the microsecond', async () => {
    expect(await prices({ knownAt: '2026-09-20T00:00:00.000122Z' })).toEqual(['100.50', '101', '0.00000123']);
    expect(await prices({ knownAt: '2026-09-20T00:00:00.000123Z' })).toEqual(['100.50', '101.25', '0.00000123']);
    // Before anybody called it wrong.
    expect(await prices({ knownAt: '2026-09-02T00:00:00Z' })).toEqual(['100.50', '101', '10100']);
  });

  it('gives what is wrong where it is asked for, and repaired', async () => {
    expect(await prices({ raw: true, from: '2026-09-01T00:00:00Z', to: '2026-09-02T00:00:00Z' })).toEqual(['10100']);
    const [repaired] = await read({ repaired: true, from: '2026-09-01T00:00:00Z', to: '2026-09-02T00:00:00Z' });
    expect(repaired).toMatchObject({
      price: '101.0',
      previousClose: null,
      change: null,
      repairedBy: expect.any(String),
    });
    expect(await prices({ repaired: true, knownAt: '2026-09-09T00:00:00Z', from: '2026-09-01T00:00:00Z' })).toEqual([]);
  });

  it.each(['asc', 'desc'] as const)('gives pages that are the whole, %s', async (order) => {
    const whole = await read({ order, revisions: true, raw: true });
    const paged = [];
    let after: HistoryWanted['after'] = null;
    for (;;) {
      const page = await read({ order, revisions: true, raw: true, after, limit: 2 });
      paged.push(...page);
      const end = page.at(-1);
      if (!end) break;
      after = { asOf: end.asOf.toISOString(), knownFrom: end.knownFrom };
    }
    expect(whole).toHaveLength(7);
    expect(paged).toEqual(whole);
  });

  it('gives nothing of a range without prices, another listing or an empty range', async () => {
    expect(await prices({ from: '2026-09-16T00:00:00Z', to: '2026-10-01T00:00:00Z' })).toEqual([]);
    expect(await prices({ from: '2026-09-16T00:00:00Z', to: '2026-09-01T00:00:00Z' })).toEqual([]);
    expect(await prices({ listingId: 3 })).toEqual([]);
    expect(await prices({ from: 'infinity' })).toEqual([]);
  });

  it('gives each source its newest price of then, and whether anything had agreed', async () => {
    const known = async (at: string) =>
      (await make()(everySource).knownAt([1, 2, 3], at)).map((row) => [
        row.listingId,
        row.source,
        row.price,
        row.provisional,
      ]);
    expect(await known('2026-08-01T00:00:00Z')).toEqual([]);
    expect(await known('2026-09-02T12:00:00Z')).toEqual([
      [1, 'stooq', '102', false],
      [1, 'yahoo', '10100', false],
      [2, 'yahoo', '7', false],
    ]);
    expect(await known('2026-09-15T12:00:00Z')).toContainEqual([1, 'yahoo', '0.00000123', true]);
    expect(await known('2026-09-17T00:00:00Z')).toContainEqual([1, 'yahoo', '0.00000123', false]);
    expect(await known('2026-10-20T00:00:00Z')).toContainEqual([1, 'yahoo', last, true]);
  });

  it('gives nobody what they may not see', async () => {
    const reader = make()(VisibleSources.none());
    await expect(reader.history(all)).rejects.toThrow(/licence/i);
    expect(await reader.knownAt([1], '2026-09-15T12:00:00Z')).toEqual([]);
  });
}
