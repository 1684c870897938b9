import { describe, expect, it } from 'vitest';
import { type Candidate, consolidate, needsUsualMove } from '../../../core/prices/consolidate.ts';
import { usualMoveOf } from '../../../core/prices/usual-move.ts';
import { evidence, listingOf, noon, quoteRow, verdictOn } from '../../support/price-rows.ts';
import { randomOf } from '../../support/random.ts';

/** Closes that move by about so much each day. */
function closesOf(move: number, days = 60, seed = 3): number[] {
  const random = randomOf(seed);
  let price = 10;
  return Array.from({ length: days }, () => {
    price *= Math.exp(move * 1.7 * (2 * random() - 1));
    return price;
  });
}

describe('what a listing usually moves', () => {
  it.each([0.004, 0.02, 0.15])('is said by its own bars: %d', (move) => {
    const said = usualMoveOf([closesOf(move)]) ?? 0;
    expect(said / move).toBeGreaterThan(0.7);
    expect(said / move).toBeLessThan(1.5);
  });

  it('is not said by a month of bars that is not whole, nor by none', () => {
    expect(usualMoveOf([closesOf(0.02, 20)])).toBeNull();
    expect(usualMoveOf([[]])).toBeNull();
  });

  it('is hardly another where some bars are in another unit, or one source is', () => {
    const closes = closesOf(0.02);
    const mixed = closes.map((close, at) => (at > 20 && at < 24 ? close * 100 : close));
    expect(Math.abs((usualMoveOf([mixed]) ?? 0) / (usualMoveOf([closes]) ?? 1) - 1)).toBeLessThan(0.15);
    expect(usualMoveOf([closes, closes.map((close) => close / 100), []])).toBe(usualMoveOf([closes]));
  });

  it('is of the newest bars: a share that has become calm is calm', () => {
    expect(usualMoveOf([[...closesOf(0.3, 100), ...closesOf(0.004, 61)]])).toBeLessThan(0.006);
  });
});

describe('a price by what its listing usually moves', () => {
  const quarter = 15 * 60_000;
  const candidate = (differs: Partial<Candidate>): Candidate => ({
    source: 'a',
    price: 100,
    asOf: noon,
    basis: 'exchange',
    rank: 50,
    ...differs,
  });
  const late = candidate({ source: 'b', price: 101, asOf: noon - quarter });

  it.each([
    [0.003, 'disputed'],
    [null, 'agreed'],
    [0.1, 'agreed'],
  ])('agrees with one of a quarter of an hour before that is 1 %% higher, or not: %d', (usualMove, confidence) => {
    expect(consolidate([candidate({}), late], { assetClass: 'equity', usualMove })).toMatchObject({ confidence });
  });

  it('is not outvoted where two feeds lag behind a share that moves by a tenth a day', () => {
    const behind = ['b', 'c'].map((source) => candidate({ source, price: 95, asOf: noon - quarter, rank: 10 }));
    const of = (usualMove: number | null) =>
      consolidate([candidate({}), ...behind], { assetClass: 'equity', usualMove });
    expect(of(null)).toMatchObject({ source: 'b', rule: 'majority' });
    expect(of(0.1)).toMatchObject({ source: 'a', confidence: 'agreed' });
  });

  it('agrees with its own last bar although a calm listing had news', () => {
    const bar = { close: 92, at: noon - 86_400_000 };
    const two = [candidate({ lastBar: bar }), candidate({ source: 'b', price: 92, rank: 40, lastBar: bar })];
    expect(consolidate(two, { assetClass: 'equity', usualMove: 0.002 })).toMatchObject({ source: 'a' });
  });

  it('is looked for only where it may decide', () => {
    const equity = { assetClass: 'equity' } as const;
    expect(needsUsualMove([candidate({})], equity)).toBe(false);
    expect(needsUsualMove([candidate({}), candidate({ source: 'b', price: 100.4 })], equity)).toBe(false);
    expect(needsUsualMove([candidate({}), late], equity)).toBe(true);
    expect(needsUsualMove([candidate({}), { ...late, wrong: true }], equity)).toBe(false);
    const first = candidate({ provisional: true });
    expect(needsUsualMove([first], equity)).toBe(false);
    expect(needsUsualMove([{ ...first, lastBar: { close: 100, at: noon } }], equity)).toBe(true);
  });
});

describe('a jump', () => {
  const stored = { price: 1, asOf: noon - 3_600_000 };
  const jumped = (price: number) => quoteRow({ price: String(price), previousClose: null, listing: listingOf() });

  it.each([
    [2.3, 0.02, 'not served, edges wrong'],
    [2.3, 0.2, 'right'],
    [0.4, 0.2, 'right'],
    [9, 0.2, 'not served, edges wrong'],
    [100, 3, 'not served, unit wrong'],
  ])('to %d times is believed of a listing that moves so far: %d', async (factor, usualMove, expected) => {
    expect(await verdictOn(jumped(factor), evidence(stored, [], { usualMove }))).toBe(expected);
  });
});
