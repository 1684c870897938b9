import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quoteStatistics } from '../../../core/prices/statistics.ts';
import { listingOf, quoteRow } from '../../support/price-rows.ts';

const Exact = Decimal.clone({ precision: 80, toExpNeg: -1e9, toExpPos: 1e9 });

describe('statistics of a batch', () => {
  it('are by currency, with rejected rows where their currency is known', () => {
    const rejection = {
      symbol: 'X',
      reason: 'schema',
      finding: { code: 'invalid_fields', fields: ['price'] },
      detail: '',
      path: '',
      row: null,
    } as const;
    const euro = { ...listingOf(4), currency: 'EUR' };
    const made = quoteStatistics(
      [
        quoteRow({ price: '1.10', previousClose: '1' }),
        quoteRow({ price: '2.25', previousClose: '3' }),
        quoteRow({ price: '4', previousClose: '4.00' }),
        quoteRow({ price: '7', previousClose: null, volume: null, currency: 'EUR', listing: euro }),
      ],
      [
        { ...rejection, currency: 'USD' },
        { ...rejection, currency: null },
      ],
    );
    expect(made).toEqual([
      {
        currency: 'EUR',
        count: 1,
        rejected: 0,
        mean: '7',
        median: '7',
        min: '7',
        max: '7',
        up: 0,
        down: 0,
        unchanged: 0,
        volume: null,
      },
      {
        currency: 'USD',
        count: 3,
        rejected: 1,
        mean: '2.45',
        median: '2.25',
        min: '1.1',
        max: '4',
        up: 1,
        down: 1,
        unchanged: 1,
        volume: '3000',
      },
      {
        currency: 'XXX',
        count: 0,
        rejected: 1,
        mean: null,
        median: null,
        min: null,
        max: null,
        up: 0,
        down: 0,
        unchanged: 0,
        volume: null,
      },
    ]);
  });

  it('have the exact mean and volume of any decimals, also beyond what a double holds', () => {
    const decimal = fc
      .tuple(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.integer({ min: 0, max: 12 }))
      .map(([digits, scale]) => new Exact(digits.toString()).div(new Exact(10).pow(scale)).toFixed());
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 20 }), (prices) => {
        const [made] = quoteStatistics(
          prices.map((price) => quoteRow({ price, volume: price })),
          [],
        );
        const sum = prices.reduce((total, price) => total.plus(price), new Exact(0));
        expect(made?.volume).toBe(sum.toFixed());
        expect(made?.mean).toBe(sum.div(prices.length).toDecimalPlaces(10).toFixed());
      }),
    );
  });
});
