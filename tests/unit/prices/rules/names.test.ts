import { describe, expect, it } from 'vitest';
import { judgeIdentity, type KnownName, type SaidName } from '../../../../core/prices/rules/names.ts';

const at = (text: string) => Date.parse(text);
const known: KnownName = {
  assetClass: 'equity',
  currency: 'USD',
  doubted: false,
  lastPriced: at('2026-11-23T21:00:00Z'),
  price: { price: 100, at: at('2026-11-23T21:00:00Z') },
};
const said: SaidName = {
  symbol: 'X',
  name: 'Another',
  assetClass: 'equity',
  listing: { mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' },
  firstTraded: null,
  price: { price: 104, previousClose: 100, at: at('2026-11-24T21:00:00Z') },
  fetchedAt: at('2026-11-24T21:30:00Z'),
};
const priced = (price: number, previousClose: number | null = null, day = '2026-11-24T21:00:00Z') => ({
  price: { price, previousClose, at: at(day) },
});
const long = { lastPriced: at('2026-05-04T20:00:00Z'), price: { price: 100, at: at('2026-05-04T20:00:00Z') } };

describe('a symbol under a name that shares nothing with the former one', () => {
  it('means the same where its price goes on', () => {
    expect(judgeIdentity(said, known)).toEqual({ kind: 'renamed' });
    expect(judgeIdentity({ ...said, ...priced(130, 100) }, known)).toEqual({ kind: 'renamed' });
    expect(judgeIdentity({ ...said, ...priced(103) }, known)).toEqual({ kind: 'renamed' });
    expect(judgeIdentity({ ...said, firstTraded: at('1994-05-02T13:30:00Z') }, known)).toEqual({ kind: 'renamed' });
  });

  it('means another from the first day of trading on, where that is after the last price', () => {
    const firstTraded = at('2026-11-19T14:30:00Z');
    expect(judgeIdentity({ ...said, firstTraded }, { ...known, ...long })).toEqual({
      kind: 'another',
      from: '2026-11-19',
    });
    // What trades while the former one has prices is not certain, nor is a day in the future or no time at all.
    for (const day of [firstTraded, at('2027-01-04T14:30:00Z'), 1e300, Number.NaN])
      expect(judgeIdentity({ ...said, firstTraded: day }, known)).toEqual({ kind: 'renamed' });
  });

  it('means another where two things contradict, on a later day than the last price', () => {
    const fund = { ...said, assetClass: 'etf' as const, ...priced(12) };
    expect(judgeIdentity(fund, known)).toEqual({ kind: 'another', from: '2026-11-24' });
    const pounds = { ...said, assetClass: 'etf' as const, listing: { ...said.listing, currency: 'GBP' } };
    expect(judgeIdentity(pounds, known)).toEqual({ kind: 'another', from: '2026-11-24' });
    const sameDay = { ...fund, ...priced(12, null, '2026-11-23T21:05:00Z') };
    expect(judgeIdentity(sameDay, known)).toMatchObject({ kind: 'unknown', contradicts: ['asset_class', 'price'] });
  });

  it.each([
    ['nothing contradicts after a long time', said, { ...known, ...long }, []],
    ['the price is far off', { ...said, ...priced(12) }, known, ['price']],
    ['it is of another kind', { ...said, assetClass: 'etf' as const }, known, ['asset_class']],
    ['no price is known', said, { ...known, price: null, lastPriced: null }, []],
    ['it says no price', { ...said, price: null }, known, []],
    ['it is doubted already', said, { ...known, doubted: true }, []],
  ])('is for a person where %s', (_, answer, before, contradicts) => {
    expect(judgeIdentity(answer, before)).toEqual({ kind: 'unknown', from: '2026-11-24', contradicts });
  });
});
