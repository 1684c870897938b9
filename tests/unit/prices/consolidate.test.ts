import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, consolidate } from '../../../core/prices/consolidate.ts';
import { noon } from '../../support/price-rows.ts';

const candidate = (differs: Partial<Candidate>): Candidate => ({
  source: 'a',
  price: 100,
  asOf: noon,
  basis: 'exchange',
  rank: 50,
  ...differs,
});

describe('which source is the price', () => {
  it('is the only one', () => {
    expect(consolidate([candidate({})])).toEqual({
      source: 'a',
      rule: 'only_source',
      spread: null,
      confidence: 'single',
      candidates: 1,
    });
  });

  it("is one with the exchange's time, however much fresher the fetch of another", () => {
    const fetched = candidate({ source: 'b', basis: 'fetched', asOf: noon + 3_600_000, rank: 90 });
    expect(consolidate([candidate({}), fetched])).toMatchObject({ source: 'a', rule: 'exchange_time', candidates: 2 });
  });

  it('is the freshest, even of a lower rank; a stale one has no say on the spread', () => {
    const stale = candidate({ source: 'b', asOf: noon - 600_000, rank: 90, price: 120 });
    expect(consolidate([candidate({}), stale])).toMatchObject({ source: 'a', rule: 'freshest', confidence: 'single' });
  });

  it('is the one of higher rank among those that are about as fresh', () => {
    const better = candidate({ source: 'b', asOf: noon - 60_000, rank: 90 });
    expect(consolidate([candidate({}), better])).toMatchObject({ source: 'b', rule: 'rank', confidence: 'agreed' });
  });

  it('is the newest of equal rank, and by name at the same time', () => {
    expect(consolidate([candidate({ source: 'c' }), candidate({ source: 'b', asOf: noon + 1 })])).toMatchObject({
      source: 'b',
      rule: 'newest',
    });
    expect(consolidate([candidate({ source: 'c' }), candidate({ source: 'b' })])?.source).toBe('b');
  });

  it.each([
    [100.5, 'agreed', '0.005'],
    [100.6, 'disputed', '0.006'],
  ] as const)('says whether the others agree: 100 and %d', (price, confidence, spread) => {
    const other = candidate({ source: 'b', price, rank: 10 });
    expect(consolidate([candidate({}), other])).toMatchObject({ confidence, spread });
  });

  it('does not depend on the order of the candidates', () => {
    const any = fc.record({
      source: fc.constantFrom('a', 'b', 'c', 'd'),
      price: fc.double({ min: 0.01, max: 1000, noNaN: true }),
      asOf: fc.integer({ min: noon - 300_000, max: noon }),
      basis: fc.constantFrom('exchange' as const, 'fetched' as const),
      rank: fc.constantFrom(10, 50),
    });
    const distinct = fc.uniqueArray(any, { selector: (each) => each.source, minLength: 1 });
    fc.assert(
      fc.property(distinct, (candidates) => {
        expect(consolidate([...candidates].reverse())).toEqual(consolidate(candidates));
      }),
    );
  });

  it('is nobody without candidates', () => {
    expect(consolidate([])).toBeNull();
  });
});
