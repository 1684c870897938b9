import { describe, expect, it } from 'vitest';
import {
  lastYear,
  majorPrice,
  marketValue,
  quartersOf,
  reportsOf,
  sharesOf,
} from '../../../localstack/upstreams/yahoo/company.ts';
import type { SimMarket } from '../../../localstack/upstreams/yahoo/market.ts';
import { optionChainOf } from '../../../localstack/upstreams/yahoo/options.ts';
import { pricesOf } from '../../../localstack/upstreams/yahoo/prices.ts';
import { quoteOf } from '../../../localstack/upstreams/yahoo/quote.ts';
import { matches } from '../../../localstack/upstreams/yahoo/screens.ts';
import { timeseriesOf } from '../../../localstack/upstreams/yahoo/timeseries.ts';
import { allInstruments, instrumentOf } from '../../../localstack/upstreams/yahoo/universe.ts';

const seed = 'quotron';
const market: SimMarket = { seed, alwaysOpen: false, priceOf: pricesOf(seed) };
const now = Date.UTC(2026, 10, 27, 16, 0);
const companies = allInstruments().filter(({ quoteType }) => quoteType === 'EQUITY');
const named = (symbol: string) => {
  const found = instrumentOf(symbol);
  if (!found) throw new Error(`There is no ${symbol}.`);
  return found;
};

describe.each(companies)('the figures of $symbol agree', (instrument) => {
  const quote = quoteOf(market, instrument, now, new Set());
  const price = Number(quote['regularMarketPrice']);

  it('its market value is its price, in major units, times its shares, and what the earnings are of', () => {
    const shares = sharesOf(instrument) ?? 0;
    expect(quote['sharesOutstanding']).toBe(shares);
    expect(quote['marketCap']).toBe(marketValue(instrument, price));
    expect(Number(quote['marketCap']) / shares).toBeCloseTo(majorPrice(instrument, price), 6);
    const earned = (lastYear(market, instrument, now)?.get('NetIncome') ?? 0) / shares;
    expect(Number(quote['epsTrailingTwelveMonths'])).toBeCloseTo(earned, 3);
  });

  it('its assets are its liabilities and equity, and each sum is that of its parts', () => {
    for (const { flows, stocks } of quartersOf(market, instrument, now)) {
      const of = (name: string) => flows.get(name) ?? stocks.get(name) ?? Number.NaN;
      expect(of('TotalAssets')).toBe(of('TotalLiabilitiesNetMinorityInterest') + of('StockholdersEquity'));
      expect(of('TotalAssets')).toBe(of('CurrentAssets') + of('TotalNonCurrentAssets'));
      expect(of('TotalRevenue')).toBe(of('CostOfRevenue') + of('GrossProfit'));
      expect(of('NetIncome')).toBe(of('PretaxIncome') - of('TaxProvision'));
      expect(of('FreeCashFlow')).toBe(of('OperatingCashFlow') + of('CapitalExpenditure'));
    }
  });

  it('its year is its four quarters, and what is to come is in no statement', () => {
    const raw = (type: string) =>
      timeseriesOf(market, instrument, { types: [type], from: 0, to: now }, now).flatMap((each) => {
        const points = new Map(Object.entries(each)).get(type);
        return Array.isArray(points) ? points.map(({ asOfDate, reportedValue }) => [asOfDate, reportedValue.raw]) : [];
      });
    const quarters = raw('quarterlyTotalRevenue');
    const years = raw('annualTotalRevenue');
    expect(years.length).toBeGreaterThan(4);
    for (const [date, revenue] of years) {
      const year = quarters.filter(([each]) => String(each).startsWith(String(date).slice(0, 4)));
      expect(year.reduce((sum, [, each]) => sum + Number(each), 0)).toBeCloseTo(Number(revenue), 0);
    }
    for (const [date] of quarters) expect(Date.parse(String(date))).toBeLessThan(now);
    const coming = reportsOf(market, instrument, now).filter(({ at }) => at > now);
    expect(coming.length).toBeGreaterThan(2);
    for (const { actual } of coming) expect(actual).toBeNull();
  });
});

describe('options', () => {
  it('are about the price, cost at least what they are worth at once, and expire on Fridays to come', () => {
    const instrument = named('AAPL');
    const price = quoteOf(market, instrument, now, new Set())['regularMarketPrice'];
    const chain = optionChainOf(market, instrument, {}, null, now);
    const strikes = chain['strikes'];
    if (!Array.isArray(strikes) || typeof price !== 'number') throw new Error('no strikes');
    expect(strikes[0]).toBeLessThan(price);
    expect(strikes.at(-1)).toBeGreaterThan(price);
    expect(new Set(strikes).size).toBe(strikes.length);
    for (const date of [chain['expirationDates']].flat()) expect(new Date(Number(date) * 1000).getUTCDay()).toBe(5);
    const [first] = Array.isArray(chain['options']) ? chain['options'] : [];
    for (const { strike, ask } of first.calls) expect(ask).toBeGreaterThanOrEqual(Math.max(0, price - strike) * 0.99);
    for (const { strike, ask } of first.puts) expect(ask).toBeGreaterThanOrEqual(Math.max(0, strike - price) * 0.99);
  });

  it('there are none on what has none', () => {
    expect(optionChainOf(market, named('BTC-USD'), {}, null, now)).toMatchObject({ expirationDates: [], options: [] });
  });
});

describe('a query of a screen', () => {
  const fields = new Map<string, string | number>([
    ['region', 'us'],
    ['intradayprice', 120],
  ]);
  it.each([
    ['EQ', ['region', 'US'], true],
    ['is-in', ['region', 'gb', 'us'], true],
    ['is-in', ['region', 'gb'], false],
    ['gt', ['intradayprice', 120], false],
    ['gte', ['intradayprice', 120], true],
    ['btwn', ['intradayprice', 100, 200], true],
    ['lt', ['intradayprice', 100], false],
    ['eq', ['no_such_field', 1], true],
    ['no-such-operator', ['region', 'us'], false],
  ])('%s %j is %s', (operator, operands, found) => {
    expect(matches({ operator, operands }, fields)).toBe(found);
    expect(matches({ operator: 'AND', operands: [{ operator, operands }] }, fields)).toBe(found);
    expect(matches({ operator: 'or', operands: [{ operator, operands }] }, fields)).toBe(found);
  });
});
