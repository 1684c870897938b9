import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Candidate, type Consolidated, consolidate } from '../../../core/prices/consolidate.ts';
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

  it('is the freshest, even of a lower rank; one of hours ago has no say', () => {
    const late = candidate({ source: 'b', asOf: noon - 15 * 60_000, rank: 90, price: 101 });
    expect(consolidate([candidate({}), late])).toMatchObject({ source: 'a', rule: 'freshest', confidence: 'agreed' });
    const far = { ...late, price: 120 };
    expect(consolidate([candidate({}), far])).toMatchObject({ source: 'a', rule: 'freshest', confidence: 'disputed' });
    const stale = { ...far, asOf: noon - 4 * 3_600_000 };
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

  describe('when sources differ', () => {
    const bar = (close: number) => ({ close, at: noon - 86_400_000 });
    /** What was tried, as a first source of the highest rank and others, and what is to be served. */
    it.each<[string, readonly Candidate[], Partial<Consolidated>]>([
      [
        'a first source at 1.8 times, three others right',
        [candidate({ rank: 90, price: 378 }), ...['b', 'c', 'd'].map((source) => candidate({ source, price: 210 }))],
        { source: 'b', rule: 'majority', confidence: 'agreed' },
      ],
      [
        'a first source 5 % too high, two others equal',
        [candidate({ rank: 90, price: 93_369 }), ...['b', 'c'].map((source) => candidate({ source, price: 88_923 }))],
        { source: 'b', rule: 'majority' },
      ],
      [
        'a first source with the time of the exchange, two others without',
        [
          candidate({ rank: 90, price: 378 }),
          ...['b', 'c'].map((source) => candidate({ source, price: 210, basis: 'fetched' })),
        ],
        { source: 'b', rule: 'majority' },
      ],
      [
        'a first source that inverts a pair, and differs from its own bar',
        [
          candidate({ rank: 90, price: 0.9109, lastBar: bar(1.0978) }),
          candidate({ source: 'b', price: 1.0978, lastBar: bar(1.097) }),
        ],
        { source: 'b', rule: 'own_bar', confidence: 'disputed' },
      ],
      [
        'the first answer of a first source, a hundredfold off',
        [
          candidate({ rank: 90, price: 880, provisional: true }),
          candidate({ source: 'b', price: 88_000, lastBar: bar(88_100) }),
        ],
        { source: 'b', rule: 'own_bar', confidence: 'disputed' },
      ],
      [
        'two without bars',
        [candidate({ rank: 90, price: 100 }), candidate({ source: 'b', price: 105 })],
        { source: 'a', rule: 'rank', confidence: 'disputed' },
      ],
      [
        'a first source that a finding calls wrong',
        [candidate({ rank: 90, price: 100, wrong: true }), candidate({ source: 'b', price: 105 })],
        { source: 'b', confidence: 'single' },
      ],
      [
        'a source that stands still since three days, beside two fetches of today that are alike',
        [
          candidate({ rank: 90, asOf: noon - 3 * 86_400_000, price: 94 }),
          candidate({ source: 'b', basis: 'fetched' }),
          candidate({ source: 'c', basis: 'fetched', price: 100.1, provisional: true }),
        ],
        { source: 'b', rule: 'majority', confidence: 'agreed' },
      ],
      [
        'the last trade of Friday, beside two fetches of Sunday that say the same',
        [
          candidate({ asOf: noon - 2 * 86_400_000 }),
          candidate({ source: 'b', basis: 'fetched', rank: 90, price: 100.1 }),
          candidate({ source: 'c', basis: 'fetched', rank: 90 }),
        ],
        { source: 'a', rule: 'exchange_time', confidence: 'agreed' },
      ],
      [
        'the same beside two fetches that differ',
        [
          candidate({ asOf: noon - 2 * 86_400_000 }),
          candidate({ source: 'b', basis: 'fetched', rank: 90, price: 102 }),
          candidate({ source: 'c', basis: 'fetched', rank: 90, price: 104 }),
        ],
        { source: 'a' },
      ],
      [
        'a source of three days ago',
        [
          candidate({ rank: 90, asOf: noon - 3 * 86_400_000, price: 80 }),
          candidate({ source: 'b' }),
          candidate({ source: 'c' }),
        ],
        { source: 'b', confidence: 'agreed' },
      ],
      [
        'a wide spread that explains it',
        [candidate({ rank: 90, price: 100, spread: 0.04 }), candidate({ source: 'b', price: 103 })],
        { source: 'a', confidence: 'agreed' },
      ],
    ])('serves the right one: %s', (_, candidates, expected) => {
      expect(consolidate(candidates)).toMatchObject(expected);
      expect(consolidate(candidates.toReversed())).toMatchObject(expected);
    });

    it('never serves the liar of three, whatever its rank, time and lie', () => {
      const honest = fc.record({
        noise: fc.double({ min: -0.002, max: 0.002, noNaN: true }),
        asOf: fc.integer({ min: noon - 15 * 60_000, max: noon }),
        basis: fc.constantFrom('exchange' as const, 'fetched' as const),
        rank: fc.integer({ min: 0, max: 100 }),
      });
      const lie = fc.oneof(
        fc.double({ min: 1.06, max: 1000, noNaN: true }),
        fc.double({ min: 0.001, max: 0.94, noNaN: true }),
      );
      let lies = 0;
      fc.assert(
        fc.property(
          fc.tuple(honest, honest, honest),
          lie,
          fc.double({ min: 0.01, max: 100_000, noNaN: true }),
          fc.nat(2),
          ([a, b, c], factor, price, liar) => {
            const candidates = [a, b, c].map(({ noise, ...said }, index) => ({
              source: `source-${index}`,
              price: price * (1 + noise) * (index === liar ? factor : 1),
              ...said,
            }));
            const decision = consolidate(candidates);
            lies++;
            expect(decision?.source).not.toBe(`source-${liar}`);
            expect(decision?.rule).toBe('majority');
          },
        ),
        { numRuns: 1_000 },
      );
      expect(lies).toBe(1_000);
    });

    it('never serves one of three that stands still, rounds, or has another currency or unit', () => {
      const honest = fc.record({
        noise: fc.double({ min: -0.001, max: 0.001, noNaN: true }),
        asOf: fc.integer({ min: noon - 10 * 60_000, max: noon }),
        basis: fc.constantFrom('exchange' as const, 'fetched' as const),
        rank: fc.integer({ min: 0, max: 100 }),
        provisional: fc.boolean(),
      });
      const lies = fc.oneof(
        fc.record({ factor: fc.constantFrom(0.7, 0.95, 1.06, 1.4), days: fc.integer({ min: 1, max: 20 }) }),
        fc.record({ factor: fc.constantFrom(1.27, 0.0067, 100, 0.001, 1.9), days: fc.constant(0) }),
        fc.record({ digits: fc.integer({ min: 1, max: 2 }), days: fc.constant(0) }),
      );
      fc.assert(
        fc.property(
          fc.tuple(honest, honest, honest),
          lies,
          fc.double({ min: 0.01, max: 100_000, noNaN: true }),
          fc.nat(2),
          ([a, b, c], lie, price, liar) => {
            const candidates = [a, b, c].map(({ noise, ...said }, index): Candidate => {
              const right = { source: `source-${index}`, price: price * (1 + noise), ...said };
              if (index !== liar) return right;
              const told = 'factor' in lie ? price * lie.factor : Number(price.toPrecision(lie.digits));
              return { ...right, price: told, asOf: said.asOf - lie.days * 86_400_000 };
            });
            // What is rounded to about the price itself is no lie.
            const [told = 0] = candidates.filter((_, index) => index === liar).map((each) => each.price);
            fc.pre(Math.abs(told / price - 1) > 0.02);
            expect(consolidate(candidates)?.source).not.toBe(`source-${liar}`);
          },
        ),
        { numRuns: 1_000 },
      );
    });
  });

  it('is nobody without candidates', () => {
    expect(consolidate([])).toBeNull();
  });
});
