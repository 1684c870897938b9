/** `/v7/finance/options/{symbol}`: weekly and monthly expirations, strikes about the price, prices by Black and Scholes. */
import { type SimMarket, snapshotOf } from './market.ts';
import { chance } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const day = 86_400_000;
const weeks = 6;
const months = 6;
const strikesEachWay = 12;

/** Fridays of the next weeks and the third Fridays of the next months, at midnight UTC, in seconds. */
export function expirationsAt(now: number): number[] {
  const today = Math.floor(now / day) * day;
  const friday = today + ((5 - new Date(today).getUTCDay() + 7) % 7) * day;
  const found = new Set(Array.from({ length: weeks }, (_, week) => friday + week * 7 * day));
  const { year, month } = { year: new Date(today).getUTCFullYear(), month: new Date(today).getUTCMonth() };
  for (let ahead = 0; ahead < months; ahead++) {
    const first = Date.UTC(year, month + ahead, 1);
    const third = first + (((5 - new Date(first).getUTCDay() + 7) % 7) + 14) * day;
    if (third >= friday) found.add(third);
  }
  return [...found].sort((a, b) => a - b).map((at) => at / 1000);
}

/** Whether there are options on it: on American companies and funds. */
export function hasOptions({ exchange, quoteType }: SimInstrument): boolean {
  return exchange.market === 'us_market' && (quoteType === 'EQUITY' || quoteType === 'ETF');
}

/** The element of `optionChain.result`; `date` in seconds, the next expiration without it. */
export function optionChainOf(
  market: SimMarket,
  instrument: SimInstrument,
  quote: Readonly<Record<string, unknown>>,
  date: number | null,
  now: number,
): Record<string, unknown> {
  const expirationDates = hasOptions(instrument) ? expirationsAt(now) : [];
  const common = { underlyingSymbol: instrument.symbol, expirationDates };
  const expiration = date === null ? expirationDates[0] : expirationDates.find((each) => each === date);
  // As of the last trade: on a closed day nothing moves.
  const { close: price, at } = snapshotOf(market, instrument, now);
  const strikes = expirationDates.length === 0 ? [] : strikesAbout(price);
  if (expiration === undefined) return { ...common, strikes, hasMiniOptions: false, quote, options: [] };
  const of = (kind: 'C' | 'P') =>
    strikes.map((strike) => contract(market, instrument, { kind, strike, expiration, price, now: at }));
  const options = [{ expirationDate: expiration, hasMiniOptions: false, calls: of('C'), puts: of('P') }];
  return { ...common, strikes, hasMiniOptions: false, quote, options };
}

/** Round prices about one: a step of about a hundredth. */
function strikesAbout(price: number): number[] {
  const magnitude = 10 ** Math.floor(Math.log10(price / 50));
  const step = [1, 2.5, 5, 10].map((each) => each * magnitude).find((each) => each >= price / 100) ?? magnitude;
  const middle = Math.round(price / step) * step;
  return Array.from({ length: strikesEachWay * 2 + 1 }, (_, at) =>
    Number((middle + (at - strikesEachWay) * step).toFixed(2)),
  ).filter((strike) => strike > 0);
}

interface Terms {
  readonly kind: 'C' | 'P';
  readonly strike: number;
  /** In seconds. */
  readonly expiration: number;
  readonly price: number;
  readonly now: number;
}

function contract(market: SimMarket, instrument: SimInstrument, terms: Terms): Record<string, unknown> {
  const { kind, strike, expiration, price, now } = terms;
  const years = Math.max(1 / 365, (expiration * 1000 + 21 * 3_600_000 - now) / (365 * day));
  const date = new Date(expiration * 1000).toISOString().slice(2, 10).replaceAll('-', '');
  const contractSymbol = `${instrument.symbol.replaceAll('-', '')}${date}${kind}${String(Math.round(strike * 1000)).padStart(8, '0')}`;
  const part = (what: string) => chance(market.seed, `${contractSymbol}/${what}`, Math.floor(now / day));
  const volatility = instrument.volatility * (0.24 + 0.25 * Math.abs(strike / price - 1));
  const worth = Math.max(0.01, Number(worthOf(kind, price, strike, years, volatility).toFixed(2)));
  const change = Number(((part('change') - 0.5) * worth * 0.1).toFixed(2));
  const half = Math.max(0.01, Number((worth * 0.01).toFixed(2)));
  return {
    contractSymbol,
    strike,
    currency: instrument.currency,
    lastPrice: worth,
    change,
    percentChange: Number(((change / worth) * 100).toFixed(4)),
    volume: 1 + Math.floor(part('volume') * 2_000),
    openInterest: Math.floor(part('interest') * 8_000),
    bid: Number(Math.max(0, worth - half).toFixed(2)),
    ask: Number((worth + half).toFixed(2)),
    contractSize: 'REGULAR',
    expiration,
    lastTradeDate: Math.floor(now / 1000) - Math.floor(part('traded') * 7_200),
    impliedVolatility: Number(volatility.toFixed(6)),
    inTheMoney: kind === 'C' ? price > strike : price < strike,
  };
}

/** Without interest and dividends. */
function worthOf(kind: 'C' | 'P', price: number, strike: number, years: number, volatility: number): number {
  const spread = volatility * Math.sqrt(years);
  const upper = (Math.log(price / strike) + spread ** 2 / 2) / spread;
  const call = price * below(upper) - strike * below(upper - spread);
  return kind === 'C' ? call : call - price + strike;
}

/** The normal distribution, by the logistic curve nearest to it. */
function below(x: number): number {
  return 1 / (1 + Math.exp(-1.5976 * x - 0.070_566 * x ** 3));
}
