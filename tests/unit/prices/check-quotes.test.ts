import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assetClasses } from '../../../core/market/instrument.ts';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import { jumpFactor } from '../../../core/prices/thresholds.ts';
import { evidence, listingOf, noon, quoteRow } from '../../support/price-rows.ts';

const stored = { price: 100, asOf: noon - 60_000 };
const nothing = evidence(null);
const reasons = async (rows: readonly ListedQuote[], known = evidence(stored)) =>
  (await checkQuotes(rows, known)).rejected.map((each) => each.reason);

describe('a row by itself', () => {
  it.each([
    ['a price of nothing', { price: '0' }, 'non_positive'],
    ['a negative price', { price: '-37.63' }, 'non_positive'],
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

describe('a row in the wrong unit', () => {
  it.each(['10000', '1', '12000', '0.8'])('is held back against the stored price: %s', async (price) => {
    expect(await reasons([quoteRow({ price })])).toEqual(['unit_suspect']);
  });

  it('is held back against its own previous close where nothing is stored', async () => {
    expect(await reasons([quoteRow({ price: '9900' })], nothing)).toEqual(['unit_suspect']);
  });

  it('is held back when the previous close is in the wrong unit, too', async () => {
    expect(await reasons([quoteRow({ price: '10000', previousClose: '9900' })])).toEqual(['unit_suspect']);
  });

  it('is not believed because another source says it, too', async () => {
    const others = [{ price: 10_000, asOf: noon }];
    expect(await reasons([quoteRow({ price: '10000' })], evidence(stored, others))).toEqual(['unit_suspect']);
  });
});

describe('a jump', () => {
  it('is held back when one source alone reports it', async () => {
    expect(await reasons([quoteRow({ price: '30' })])).toEqual(['implausible_jump']);
  });

  it('is believed when another source says the same at the same time', async () => {
    const others = [{ price: 30.4, asOf: noon - 30_000 }];
    expect(await reasons([quoteRow({ price: '30' })], evidence(stored, others))).toEqual([]);
  });

  it('is not believed because of what another source said yesterday', async () => {
    const others = [{ price: 30.4, asOf: noon - 86_400_000 }];
    expect(await reasons([quoteRow({ price: '30' })], evidence(stored, others))).toEqual(['implausible_jump']);
  });

  it('is believed in the next session, when the previous close is where the price is', async () => {
    expect(await reasons([quoteRow({ price: '31', previousClose: '30' })])).toEqual([]);
  });

  it('of a split is believed: the source adjusts the previous close with the price', async () => {
    expect(await reasons([quoteRow({ price: '25.1', previousClose: '24.75' })])).toEqual([]);
  });

  it('is measured against the previous close where nothing is stored', async () => {
    expect(await reasons([quoteRow({ price: '300' })], nothing)).toEqual(['implausible_jump']);
  });

  it('is not measured against a price that is months old', async () => {
    const old = evidence({ price: 100, asOf: noon - 90 * 86_400_000 });
    expect(await reasons([quoteRow({ price: '300', previousClose: null })], old)).toEqual([]);
  });

  it('that grew step by step is no jump, however far from the previous close', async () => {
    expect(await reasons([quoteRow({ price: '45' })], evidence({ price: 48, asOf: noon - 60_000 }))).toEqual([]);
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

  it('no check throws, and each row is either accepted, rejected or a repetition', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRow, { maxLength: 8 }), fc.option(fc.double()), async (rows, price) => {
        const known = evidence(price === null ? null : { price, asOf: noon });
        const { accepted, rejected } = await checkQuotes(rows, known);
        expect(accepted.length + rejected.length).toBeLessThanOrEqual(rows.length);
        for (const each of accepted) {
          expect(Number(each.quote.price)).toBeGreaterThan(0);
          expect(each.quote.currency).toBe(each.listing.currency);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('a price beyond the thresholds is never stored in silence', async () => {
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
          expect(await reasons([moved], evidence({ price, asOf: noon - 60_000 }))).toEqual([]);
        },
      ),
    );
  });
});
