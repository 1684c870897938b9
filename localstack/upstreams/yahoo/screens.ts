/** Screens: those that Yahoo has made, and queries of one's own over the simulated instruments. */
import { z } from 'zod';
import { industryOf, marketValue, sharesOf } from './company.ts';
import type { SimMarket } from './market.ts';
import type { SimInstrument } from './universe.ts';

/** A query as clients post it: `{operator, operands}`, nested. */
export interface Query {
  readonly operator: string;
  readonly operands: readonly (Query | string | number)[];
}
export const querySchema: z.ZodType<Query> = z.object({
  operator: z.string(),
  get operands() {
    return z.array(z.union([z.string(), z.number(), querySchema]));
  },
});

/** What a row is found by: its values by the names of fields. */
export type Fields = ReadonlyMap<string, string | number>;

/** Whether a row is what a query wants. A field that the simulator does not have says nothing against it. */
export function matches(query: Query, fields: Fields): boolean {
  const operator = query.operator.toLowerCase().replace('_', '-');
  const inner = query.operands.filter((each): each is Query => typeof each === 'object');
  if (operator === 'and') return inner.every((each) => matches(each, fields));
  if (operator === 'or') return inner.some((each) => matches(each, fields));
  const [name, ...wanted] = query.operands.filter((each) => typeof each !== 'object');
  const value = fields.get(String(name));
  if (value === undefined) return true;
  const [first = '', second = ''] = wanted;
  switch (operator) {
    case 'eq':
      return same(value, first);
    case 'is-in':
      return wanted.some((each) => same(value, each));
    case 'btwn':
    case 'gtelt':
      return compared(value, first) >= 0 && compared(value, second) <= 0;
    case 'gt':
      return compared(value, first) > 0;
    case 'gte':
      return compared(value, first) >= 0;
    case 'lt':
      return compared(value, first) < 0;
    case 'lte':
      return compared(value, first) <= 0;
    default:
      return false;
  }
}

function same(value: string | number, wanted: string | number): boolean {
  return String(value).toLowerCase() === String(wanted).toLowerCase();
}

function compared(value: string | number, wanted: string | number): number {
  return typeof value === 'number' ? value - Number(wanted) : value.localeCompare(String(wanted));
}

/** Rows in the order that is asked for. */
export function inOrder<Row extends { readonly fields: Fields }>(
  rows: readonly Row[],
  field: string,
  ascending: boolean,
): Row[] {
  const sorted = rows.toSorted((a, b) => {
    const [left, right] = [a.fields.get(field) ?? '', b.fields.get(field) ?? ''];
    return typeof left === 'number' && typeof right === 'number'
      ? left - right
      : String(left).localeCompare(String(right));
  });
  return ascending ? sorted : sorted.reverse();
}

/** The fields of an instrument by which screens find it, from its quote. */
export function fieldsOf(
  market: SimMarket,
  instrument: SimInstrument,
  quote: Readonly<Record<string, unknown>>,
): Fields {
  const told = new Map(Object.entries(quote));
  const number = (name: string) => Number(told.get(name) ?? 0);
  const price = number('regularMarketPrice');
  const where = sharesOf(instrument) === null ? null : industryOf(market, instrument);
  const region = instrument.exchange.market.slice(0, 2);
  const all: [string, string | number | null][] = [
    ['ticker', instrument.symbol],
    ['companyshortname', instrument.shortName],
    ['region', region],
    ['exchange', instrument.exchange.code],
    ['sector', where?.sector.name ?? null],
    ['industry', where?.industry.name ?? null],
    ['percentchange', number('regularMarketChangePercent')],
    ['intradayprice', price],
    ['intradaypricechange', number('regularMarketChange')],
    ['dayvolume', number('regularMarketVolume')],
    ['eodvolume', number('regularMarketVolume')],
    ['avgdailyvol3m', number('averageDailyVolume3Month')],
    ['intradaymarketcap', marketValue(instrument, price)],
    ['peratio.lasttwelvemonths', typeof quote['trailingPE'] === 'number' ? quote['trailingPE'] : null],
  ];
  return new Map(all.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const])));
}

/** A screen that Yahoo has made. */
export interface Screen {
  readonly title: string;
  readonly quoteType: string;
  readonly query: Query;
  readonly sortField: string;
  readonly ascending: boolean;
}

const leaf = (operator: string, ...operands: (string | number)[]): Query => ({ operator, operands });
const both = (...operands: Query[]): Query => ({ operator: 'and', operands });
const american = leaf('eq', 'region', 'us');
const screen = (
  title: string,
  query: Query,
  sortField = 'intradaymarketcap',
  ascending = false,
  quoteType = 'EQUITY',
): Screen => ({
  title,
  quoteType,
  query: both(american, query),
  sortField,
  ascending,
});
const technology = leaf('eq', 'sector', 'Technology');
const cheap = leaf('btwn', 'peratio.lasttwelvemonths', 0, 20);
const large = leaf('gte', 'intradaymarketcap', 10_000_000_000);
const small = leaf('lt', 'intradaymarketcap', 2_000_000_000);
const funds = (title: string) => screen(title, leaf('gte', 'intradayprice', 0), 'percentchange', false, 'MUTUALFUND');

/** The screens that there are, by their ids in lower case. */
export const screens: ReadonlyMap<string, Screen> = new Map([
  ['day_gainers', screen('Day Gainers', leaf('gt', 'percentchange', 0), 'percentchange')],
  ['day_losers', screen('Day Losers', leaf('lt', 'percentchange', 0), 'percentchange', true)],
  ['most_actives', screen('Most Actives', leaf('gt', 'dayvolume', 0), 'dayvolume')],
  ['most_shorted_stocks', screen('Most Shorted Stocks', leaf('gt', 'intradayprice', 1), 'dayvolume')],
  ['growth_technology_stocks', screen('Growth Technology Stocks', technology)],
  ['undervalued_growth_stocks', screen('Undervalued Growth Stocks', cheap)],
  ['undervalued_large_caps', screen('Undervalued Large Caps', both(cheap, large))],
  ['aggressive_small_caps', screen('Aggressive Small Caps', small, 'eodvolume')],
  ['small_cap_gainers', screen('Small Cap Gainers', both(small, leaf('gt', 'percentchange', 0)), 'percentchange')],
  ['portfolio_anchors', funds('Portfolio Anchors')],
  ['top_mutual_funds', funds('Top Mutual Funds')],
  ['solid_large_growth_funds', funds('Solid Large Growth Funds')],
  ['solid_midcap_growth_funds', funds('Solid Midcap Growth Funds')],
  ['conservative_foreign_funds', funds('Conservative Foreign Funds')],
  ['high_yield_bond', funds('High Yield Bond')],
  ['top_etfs_us', screen('Top ETFs', leaf('gt', 'intradayprice', 0), 'percentchange', false, 'ETF')],
]);
