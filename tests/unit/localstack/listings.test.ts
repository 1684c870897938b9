import { expect, it } from 'vitest';
import { canonicalSymbol } from '../../../core/market/symbol.ts';
import { calendarOfSymbol } from '../../../core/market/symbol-calendar.ts';
import { inventedListing, inventedSymbol } from '../../../localstack/upstreams/yahoo/listings.ts';
import { snapshotOf } from '../../../localstack/upstreams/yahoo/market.ts';
import { pricesOf } from '../../../localstack/upstreams/yahoo/prices.ts';

const count = 50_000;
const symbols = Array.from({ length: count }, (_, at) => inventedSymbol(at + 1));

it('fifty thousand invented listings have symbols of their own, in canonical form, and are found by them', () => {
  expect(new Set(symbols).size).toBe(count);
  for (const symbol of symbols) {
    expect(canonicalSymbol(symbol)).toBe(symbol);
    expect(inventedListing('seed', count, symbol)?.symbol).toBe(symbol);
  }
  expect(new Set(symbols.slice(0, 20).map((symbol) => inventedListing('seed', count, symbol)?.currency))).toEqual(
    new Set(['GBp', 'EUR', 'JPY', 'CAD', 'USD']),
  );
});

it('no other symbol is one: not beyond their number, nor with the suffix of another venue, nor where there are none', () => {
  expect(inventedListing('seed', 6_000, inventedSymbol(6_001))).toBeUndefined();
  expect(inventedListing('seed', 0, inventedSymbol(1))).toBeUndefined();
  for (const symbol of ['Q00001', 'Q00006.L', 'Q00000', 'Q1', 'Q000006', 'AAPL', 'SHOP', '__proto__'])
    expect(inventedListing('seed', count, symbol), symbol).toBeUndefined();
});

it('a listing is the same for the same seed, and its prices go on from what they were', () => {
  const symbol = inventedSymbol(4_711);
  const listing = inventedListing('seed', count, symbol);
  if (!listing) throw new Error('there is none');
  expect(inventedListing('seed', 6_000, symbol.toLowerCase())).toEqual(listing);
  expect(inventedListing('other', count, symbol)).not.toEqual(listing);
  expect(calendarOfSymbol(symbol)).not.toBeNull();
  const market = { seed: 'seed', alwaysOpen: false, priceOf: pricesOf('seed') };
  const friday = Date.parse('2026-11-20T18:00:00Z');
  const closed = snapshotOf(market, listing, Date.parse('2026-11-21T18:00:00Z'));
  expect(snapshotOf(market, listing, friday)).toEqual(snapshotOf(market, listing, friday));
  expect(snapshotOf(market, listing, Date.parse('2026-11-23T18:00:00Z')).previousClose).toBe(closed.close);
});
