import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetClasses } from '../../../core/market/instrument.ts';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import type { Evidence } from '../../../core/prices/evidence.ts';
import { jumpFactor } from '../../../core/prices/thresholds.ts';
import { evidence, listingOf, noon, quoteRow, verdictOn } from '../../support/price-rows.ts';

const stored = { price: 100, asOf: noon - 60_000 };
const nothing = evidence(null);
const dayMs = 86_400_000;
const reasons = async (rows: readonly ListedQuote[], known = evidence(stored)) =>
  (await checkQuotes(rows, known)).rejected.map((each) => each.reason);

describe('a row by itself', () => {
  it.each([
    ['a price of nothing', { price: '0' }, 'non_positive'],
    ['a price of a share below zero', { price: '-37.63' }, 'non_positive'],
    ['a market time in the future', { asOf: noon + 3_600_000 }, 'future_time'],
    ['a market time that is none', { asOf: Number.NaN }, 'schema'],
    ['a market time before all prices', { asOf: -1e15 }, 'schema'],
    ['another currency than the listing has', { currency: 'EUR' }, 'source_mismatch'],
    ['a negative volume', { volume: '-1' }, 'schema'],
  ])('with %s goes to quarantine', async (_, differs, reason) => {
    expect(await reasons([quoteRow(differs)])).toEqual([reason]);
  });

  it('may be a little ahead of our clock', async () => {
    expect(await reasons([quoteRow({ asOf: noon + 4 * 60_000 })])).toEqual([]);
  });

  it('keeps what was read of it, for whoever looks at the quarantine', async () => {
    const { rejected } = await checkQuotes([quoteRow({ price: '0' })], nothing);
    expect(rejected[0]).toMatchObject({
      symbol: 'TEST',
      path: 'exchanges[0] TEST',
      currency: 'USD',
      row: { price: '0', previousClose: '99' },
    });
  });
});

describe('a price below zero', () => {
  const oil = listingOf(1, 'future');

  it.each([
    ['oil on 2020-04-20', { price: '-37.63', previousClose: '18.27' }, 18.27],
    ['oil the day after', { price: '10.01', previousClose: '-37.63' }, -37.63],
  ])('is a price where prices may be below it: %s', async (_, said, before) => {
    const row = quoteRow({ ...said, listing: oil });
    expect(await verdictOn(row, evidence({ price: before, asOf: noon - dayMs }))).toBe('right');
    expect(await verdictOn(row, nothing)).toBe('provisional');
  });

  it('is none of a coin or a share', async () => {
    for (const assetClass of assetClasses.filter((each) => !['future', 'index', 'other'].includes(each)))
      expect(await verdictOn(quoteRow({ price: '-1', listing: listingOf(1, assetClass) }), evidence(stored))).toBe(
        'held back: non_positive',
      );
  });

  it('a yield near zero may double', async () => {
    const yields = quoteRow({ price: '0.11', previousClose: '0.04', listing: listingOf(1, 'index') });
    expect(await verdictOn(yields, evidence({ price: 0.04, asOf: noon - 60_000 }))).toBe('right');
  });
});

describe('a row in another unit', () => {
  it.each(['10000', '1', '12000', '0.8', '100000', '0.1'])('is wrong beside the stored price: %s', async (price) => {
    expect(await verdictOn(quoteRow({ price }), evidence(stored))).toBe('not served, unit wrong');
  });

  it('is held back where only its own previous close says so: nothing tells which of them is right', async () => {
    expect(await verdictOn(quoteRow({ price: '9900' }), nothing)).toBe('held back: unit_suspect');
  });

  it('is wrong when the previous close is in the wrong unit, too', async () => {
    expect(await verdictOn(quoteRow({ price: '10000', previousClose: '9900' }), evidence(stored))).toBe(
      'not served, unit wrong',
    );
  });

  it('is not believed because another source says it, too', async () => {
    const others = [{ price: 10_000, asOf: noon }];
    expect(await verdictOn(quoteRow({ price: '10000' }), evidence(stored, others))).toBe('not served, unit wrong');
  });

  it('is not the price because its previous close is in another one', async () => {
    expect(await verdictOn(quoteRow({ previousClose: '9900' }), evidence(stored))).toBe('right, unit doubt');
  });

  describe('is the price after all', () => {
    const fallen = quoteRow({ price: '1.01', previousClose: '1' });
    const before = { price: 100, asOf: noon - dayMs };
    const wrongOnes = (count: number, minutes = 20) =>
      Array.from({ length: count }, (_, index) => ({
        price: 1,
        asOf: noon - (index + 1) * minutes * 60_000,
        fetchedAt: noon - (index + 1) * minutes * 60_000 + 5_000,
        wrong: true,
      }));

    it.each<[string, ListedQuote, Evidence]>([
      [
        'by a split of that ratio',
        quoteRow({ price: '1.01', previousClose: '100' }),
        evidence(before, [], { splits: [{ exDate: '2026-11-20', ratio: 100 }] }),
      ],
      [
        'by a reverse split of that ratio',
        quoteRow({ price: '9900', previousClose: '100' }),
        evidence(before, [], { splits: [{ exDate: '2026-11-20', ratio: 0.01 }] }),
      ],
      [
        "by the source's own bar",
        quoteRow({ price: '1.01', previousClose: '100' }),
        evidence(before, [], { lastBar: { close: 1.02, at: noon - 3_600_000 } }),
      ],
      [
        'by the third answer that says so',
        quoteRow({ price: '1.01', previousClose: null }),
        evidence({ price: 100, asOf: noon - 3_600_000 }, [], { recent: wrongOnes(2) }),
      ],
      [
        'by the third answer on the way down',
        quoteRow({ price: '1.5', previousClose: '100' }),
        evidence({ price: 100, asOf: noon - 3_600_000 }, [], {
          recent: wrongOnes(2).map((each, index) => ({ ...each, price: [12, 40][index] ?? 1 })),
        }),
      ],
    ])('%s', async (_, row, known) => {
      expect(await verdictOn(row, known)).toBe('right');
    });

    it('by its own previous close the next day, provisionally', async () => {
      expect(await verdictOn(fallen, evidence(before))).toBe('provisional');
    });

    it.each<[string, ListedQuote, Evidence]>([
      ['of a previous close on the same day', fallen, evidence(stored)],
      [
        'of a previous close where the venue has minor units',
        quoteRow({ price: '1.01', previousClose: '1', listing: { ...listingOf(), minorFactor: 100 } }),
        evidence(before),
      ],
      [
        'of the second answer that says so',
        fallen,
        evidence({ ...stored, asOf: noon - 3_600_000 }, [], { recent: wrongOnes(1) }),
      ],
      [
        'of three answers within minutes',
        fallen,
        evidence({ ...stored, asOf: noon - 3_600_000 }, [], { recent: wrongOnes(2, 2) }),
      ],
      [
        'of three answers to different sides',
        quoteRow({ price: '1.01', previousClose: '100' }),
        evidence({ price: 100, asOf: noon - 3_600_000 }, [], {
          recent: wrongOnes(2).map((each, index) => ({ ...each, price: [1, 900][index] ?? 1 })),
        }),
      ],
      [
        'pence are called pounds by the third answer',
        quoteRow({ price: '10050', previousClose: '10000', listing: { ...listingOf(), minorFactor: 100 } }),
        evidence({ price: 100, asOf: noon - 3_600_000 }, [], {
          recent: wrongOnes(2).map((each) => ({ ...each, price: 10_020 })),
        }),
      ],
      [
        'of a third answer that another source contradicts',
        fallen,
        evidence({ ...stored, asOf: noon - 3_600_000 }, [{ price: 100.2, asOf: noon }], { recent: wrongOnes(2) }),
      ],
      [
        'of a split of another ratio, or of years ago',
        fallen,
        evidence(stored, [], {
          splits: [
            { exDate: '2026-11-20', ratio: 4 },
            { exDate: '2020-11-20', ratio: 100 },
          ],
        }),
      ],
    ])('but not because %s', async (_, row, known) => {
      expect(await verdictOn(row, known)).toBe('not served, unit wrong');
    });
  });
});

it('a whole answer in another unit outvotes nothing, however often it comes', async () => {
  const recent = [20, 40].map((minutes) => {
    const asOf = noon - minutes * 60_000;
    return { price: 10_000, asOf, fetchedAt: asOf + 5_000, wrong: true };
  });
  const before = { price: 100, asOf: noon - 3_600_000 };
  const known = { ...evidence(null, [], { recent }), priors: new Map([1, 2, 3].map((id) => [id, before])) };
  const row = (id: number, price: string) => quoteRow({ listing: listingOf(id), price, previousClose: null });
  const all = await checkQuotes(
    [1, 2, 3].map((id) => row(id, '10000')),
    known,
  );
  expect([all.accepted.length, all.wrong.length]).toEqual([0, 3]);
  const one = await checkQuotes([row(1, '10000'), row(2, '100'), row(3, '100')], known);
  expect([one.accepted.length, one.wrong.length]).toEqual([3, 0]);
});

describe('a jump', () => {
  const jump = 'not served, edges wrong';

  it('is wrong when one source alone reports it', async () => {
    expect(await verdictOn(quoteRow({ price: '30' }), evidence(stored))).toBe(jump);
  });

  it('is believed when another source says the same at the same time', async () => {
    const others = [{ price: 30.4, asOf: noon - 30_000 }];
    expect(await verdictOn(quoteRow({ price: '30' }), evidence(stored, others))).toBe('right');
  });

  it('is not believed because of what another source said yesterday', async () => {
    const others = [{ price: 30.4, asOf: noon - dayMs }];
    expect(await verdictOn(quoteRow({ price: '30' }), evidence(stored, others))).toBe(jump);
  });

  it('is believed in the next session, when the previous close is where the price is', async () => {
    expect(await verdictOn(quoteRow({ price: '31', previousClose: '30' }), evidence(stored))).toBe('right');
  });

  it('of a split is believed: the source adjusts the previous close with the price', async () => {
    expect(await verdictOn(quoteRow({ price: '25.1', previousClose: '24.75' }), evidence(stored))).toBe('right');
  });

  it('is not measured against a price that is months old', async () => {
    const old = evidence({ price: 100, asOf: noon - 90 * dayMs });
    expect(await verdictOn(quoteRow({ price: '300', previousClose: null }), old)).toBe('right');
  });

  it('that grew step by step is no jump, however far from the previous close', async () => {
    expect(await verdictOn(quoteRow({ price: '45' }), evidence({ price: 48, asOf: noon - 60_000 }))).toBe('right');
  });

  it('of the past is measured against what came before it', async () => {
    const late = quoteRow({ price: '300', previousClose: null, asOf: noon - dayMs });
    const before = { price: 310, asOf: noon - 2 * dayMs, fetchedAt: noon - 2 * dayMs, wrong: false };
    expect(await verdictOn(late, evidence(stored))).toBe(jump);
    expect(await verdictOn(late, evidence(stored, [], { recent: [before] }))).toBe('right');
  });

  it.each([
    ['in price', { price: '30' }],
    ['in unit', { price: '10000', previousClose: '9900' }],
  ])('%s is right when a person vouches for it', async (_, said) => {
    const row = quoteRow(said);
    const { accepted, findings } = await checkQuotes([row], evidence(stored), new Set([row.path]));
    expect([accepted.length, findings.length, accepted[0]?.provisional ?? false]).toEqual([1, 0, false]);
  });
});

describe('rows of the same key in one answer', () => {
  it('count once when they say the same', async () => {
    const { accepted, rejected } = await checkQuotes([quoteRow(), quoteRow()], nothing);
    expect([accepted.length, rejected.length]).toEqual([1, 0]);
  });

  it('are all held back when they contradict each other', async () => {
    const checked = await checkQuotes([quoteRow(), quoteRow({ price: '101' }), quoteRow()], nothing);
    expect(checked.accepted).toEqual([]);
    expect(checked.rejected.map((each) => each.reason)).toEqual(Array.from({ length: 3 }, () => 'duplicate_conflict'));
  });

  it('count by the later answer when they are of two answers', async () => {
    const later = quoteRow({ price: '101', fetchedAt: noon + 10_000 });
    const { accepted, rejected } = await checkQuotes([later, quoteRow()], nothing);
    expect(accepted.map((each) => each.quote.price)).toEqual(['101']);
    expect(rejected).toEqual([]);
  });

  it('leave rows of other times alone', async () => {
    const rows = [
      quoteRow(),
      quoteRow({ asOf: noon - 60_000, price: '101' }),
      quoteRow({ asOf: noon - 60_000, price: '102' }),
    ];
    const { accepted, rejected } = await checkQuotes(rows, nothing);
    expect(accepted.map((each) => each.quote.price)).toEqual(['100']);
    expect(rejected).toHaveLength(2);
  });
});

describe('whatever comes', () => {
  const anyNumber = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, 1e300, 1e-300));
  const anyRow = fc
    .record({
      price: anyNumber.map(String),
      previousClose: fc.option(anyNumber.map(String)),
      volume: fc.option(anyNumber.map(String)),
      asOf: anyNumber,
      currency: fc.constantFrom('USD', 'EUR', ''),
      listing: fc.integer({ min: 1, max: 3 }),
      assetClass: fc.constantFrom(...assetClasses),
    })
    .map(({ listing, assetClass, ...quote }) => quoteRow({ ...quote, listing: listingOf(listing, assetClass) }));

  it('no check throws, and each row is accepted, wrong, rejected or a repetition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 8 }), fc.option(fc.double()), async (rows, price) => {
        const known = evidence(price === null ? null : { price, asOf: noon });
        const { accepted, wrong, rejected, findings } = await checkQuotes(rows, known);
        expect(accepted.length + wrong.length + rejected.length).toBeLessThanOrEqual(rows.length);
        expect(findings.filter(({ severity }) => severity === 'wrong').length).toBeGreaterThanOrEqual(wrong.length);
        for (const each of accepted) {
          if (!['future', 'index', 'other'].includes(each.listing.assetClass))
            expect(Number(each.quote.price)).toBeGreaterThan(0);
          expect(each.quote.currency).toBe(each.listing.currency);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a price beyond the thresholds is never served', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...assetClasses),
        fc.double({ min: 0.01, max: 1e5, noNaN: true }),
        fc.double({ min: Math.log(1e-6), max: Math.log(1e6), noNaN: true }).map(Math.exp),
        async (assetClass, price, factor) => {
          const limit = jumpFactor[assetClass];
          fc.pre(factor > limit * 1.001 || factor < 1 / (limit * 1.001));
          const mutated = quoteRow({
            price: String(price * factor),
            previousClose: String(price),
            listing: listingOf(1, assetClass),
          });
          // Rates near zero move by points.
          fc.pre(!['index', 'other'].includes(assetClass) || price * factor >= 5);
          const { accepted } = await checkQuotes([mutated], evidence({ price, asOf: noon - 60_000 }));
          expect(accepted).toEqual([]);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('a price that moved within the thresholds is never held back', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...assetClasses.filter((each) => each !== 'option')),
        fc.double({ min: 0.01, max: 1e5, noNaN: true }),
        // A hundredth from the narrowest threshold, 1.25: on it, rounding decides.
        fc.double({ min: 0.81, max: 1.24, noNaN: true }),
        async (assetClass, price, factor) => {
          const moved = quoteRow({
            price: String(price * factor),
            previousClose: String(price),
            listing: listingOf(1, assetClass),
          });
          expect(await verdictOn(moved, evidence({ price, asOf: noon - 60_000 }))).toBe('right');
        },
      ),
    );
  });
});
