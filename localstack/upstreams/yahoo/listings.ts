/**
 * Invented listings, for lists of thousands of symbols: `Q00001.L` to `Q50000`. Each is made from the seed and its number when
 * it is asked for, so that fifty thousand cost no more than one, and the same number is always the same listing.
 */
import { chance } from './prices.ts';
import { type SimExchange, type SimInstrument, simExchanges } from './universe.ts';

/** The greatest number of them. */
export const mostListings = 99_999;

interface Venue {
  readonly suffix: string;
  readonly exchange: SimExchange;
  readonly currency: string;
  /** How much dearer a share is in this currency than in dollars. */
  readonly times: number;
}

const { nasdaq, nyse, london, xetra, paris, tokyo, toronto } = simExchanges;
const american: readonly Venue[] = [nasdaq, nyse].map((exchange) => ({
  suffix: '',
  exchange,
  currency: 'USD',
  times: 1,
}));
const foreign: readonly Venue[] = [
  { suffix: '.L', exchange: london, currency: 'GBp', times: 80 },
  { suffix: '.DE', exchange: xetra, currency: 'EUR', times: 0.9 },
  { suffix: '.PA', exchange: paris, currency: 'EUR', times: 0.9 },
  { suffix: '.T', exchange: tokyo, currency: 'JPY', times: 150 },
  { suffix: '.TO', exchange: toronto, currency: 'CAD', times: 1.4 },
];
/** Of so many in a row, the first are abroad. */
const row = 20;

const heads = [
  'Alder',
  'Beacon',
  'Cobalt',
  'Dale',
  'Elm',
  'Fjord',
  'Garnet',
  'Harbour',
  'Isle',
  'Jade',
  'Kite',
  'Larch',
];
const trades = [
  'Industries',
  'Holdings',
  'Systems',
  'Energy',
  'Foods',
  'Pharma',
  'Bank',
  'Mining',
  'Freight',
  'Software',
];

function venueOf(number: number): Venue | undefined {
  return foreign[(number - 1) % row] ?? american[number % american.length];
}

/** The symbol of the listing of a number, from 1. */
export function inventedSymbol(number: number): string {
  return `Q${String(number).padStart(5, '0')}${venueOf(number)?.suffix ?? ''}`;
}

/** The invented listing of a symbol (any case), where there are so many; `undefined` for every other symbol. */
export function inventedListing(seed: string, count: number, symbol: string): SimInstrument | undefined {
  const number = Number(/^Q(\d{5})(\.[A-Z]{1,2})?$/i.exec(symbol)?.[1] ?? 0);
  const venue = venueOf(number);
  if (number < 1 || number > count || !venue || inventedSymbol(number) !== symbol.toUpperCase()) return undefined;
  const { exchange, currency, times } = venue;
  const of = (what: string) => chance(seed, `listing/${what}`, number);
  const name = `${pick(heads, of('head'))} ${pick(trades, of('trade'))} ${number}`;
  const level = Number((times * 5 * 100 ** of('level')).toFixed(2));
  const dailyVolume = Math.round(20_000 * 1_000 ** of('volume'));
  return {
    symbol: inventedSymbol(number),
    shortName: name,
    longName: name,
    quoteType: 'EQUITY',
    exchange,
    currency,
    level,
    dailyVolume,
    volatility: Number((0.7 + of('volatility')).toFixed(2)),
    priceHint: 2,
    isInvented: true,
  };
}

function pick(list: readonly string[], part: number): string {
  return list[Math.floor(part * list.length)] ?? '';
}
