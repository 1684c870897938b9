import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import type { Evidence } from '../../../core/prices/evidence.ts';
import { evidence, listingOf, noon, quoteRow, verdictOn } from '../../support/price-rows.ts';

const pair = (price: string, previousClose: string | null = null): ListedQuote =>
  quoteRow({ listing: listingOf(1, 'fx'), price, previousClose, asOf: noon });
const stored = (price: number): Evidence => evidence({ price, asOf: noon - 60_000, fetchedAt: noon - 55_000 });
const nothing = evidence(null);

describe('a currency pair the other way round', () => {
  it.each<[string, ListedQuote, Evidence]>([
    ['against its own previous close', pair('0.91743', '1.0905'), nothing],
    ['against its own previous close, beside a settled price', pair('0.91743', '1.0905'), stored(1.0898)],
    ['previous close and all, against the settled price', pair('0.91743', '0.91701'), stored(1.0898)],
    ['of dollars and yen', pair('0.0066667', '149.8'), nothing],
    ['near parity', pair('0.96154', '1.0402'), nothing],
  ])('is a finding, and is not served: %s', async (_, row, known) => {
    expect(await verdictOn(row, known)).toBe('not served, unit wrong');
    const { findings } = await checkQuotes([row], known);
    expect(findings[0]?.evidence.code).toBe('inverted');
    const proposal = findings[0]?.proposal;
    expect(proposal).toMatchObject({ field: 'price', from: row.quote.price, why: 'inverted' });
    expect(Number(proposal?.to) * Number(row.quote.price)).toBeCloseTo(1, 12);
  });

  it.each<[string, ListedQuote, Evidence, string]>([
    ['a price at its previous close', pair('1.0905', '1.0898'), stored(1.0898), 'right'],
    ['a day of four percent', pair('1.0402', '1.0005'), stored(1.0005), 'right'],
    ['a franc that is let go', pair('0.9800', '1.2009'), stored(1.2009), 'right'],
    ['a pair about one', pair('0.9950', '1.0049'), stored(1.0049), 'right'],
    ['a share at its reciprocal', quoteRow({ price: '0.91743', previousClose: '1.0905' }), stored(1.0898), 'right'],
  ])('is none: %s', async (_, row, known, expected) => {
    expect(await verdictOn(row, known)).toBe(expected);
  });

  it('is believed from the third answer on, where its previous close says the same', async () => {
    const recent = [40, 20].map((minutes) => ({
      price: 0.9174,
      asOf: noon - minutes * 60_000,
      fetchedAt: noon - minutes * 60_000,
      wrong: true,
    }));
    const known = evidence({ price: 1.0898, asOf: noon - 3_600_000, fetchedAt: noon - 3_500_000 }, [], { recent });
    expect(await verdictOn(pair('0.91743', '0.91701'), known)).toBe('right');
  });

  it('is found at any rate, and a usual day is none', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.double({ min: 0.001, max: 500, noNaN: true }),
        fc.double({ min: -0.006, max: 0.006, noNaN: true }),
        async (rate, move) => {
          fc.pre(Math.abs(Math.log(rate)) > 0.05);
          const previous = rate.toPrecision(7);
          const price = Number(previous) * Math.exp(move);
          const of = async (text: string) => (await checkQuotes([pair(text, previous)], nothing)).findings;
          expect(await of(String(Number(price.toPrecision(7))))).toEqual([]);
          const turned = await of(String(Number((1 / price).toPrecision(7))));
          expect(turned.map((finding) => finding.evidence.code)).toEqual(['inverted']);
        },
      ),
    );
  });
});

describe('a quote in another unit', () => {
  it.each([
    ['10950', '109.5'],
    ['1.095', '109.5'],
    ['109500', '109.5'],
  ])('is proposed in the right one: %s is %s', async (price, to) => {
    const known = evidence({ price: 110, asOf: noon - 60_000, fetchedAt: noon - 55_000 });
    const { findings } = await checkQuotes([quoteRow({ price, previousClose: null })], known);
    expect(findings[0]?.proposal).toEqual({ field: 'price', from: price, to, why: 'unit' });
  });
});
