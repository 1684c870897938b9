/** `/v7/finance/quote`: one object per known symbol, with the fields of the recorded answers. */
import { offsetOf, zoneName } from './calendar.ts';
import { lastYear, marketValue, rounded, sharesOf } from './company.ts';
import { type SimMarket, type Snapshot, snapshotOf } from './market.ts';
import { chance, shortest } from './prices.ts';
import type { SimInstrument } from './universe.ts';

const day = 24 * 60 * 60_000;

/** A price set by a test instead of the simulated one. */
export interface PriceOverride {
  readonly price: number;
  /** Its market time; by default the simulated one. */
  readonly asOf?: number;
}

export const typeDisplay: Readonly<Record<SimInstrument['quoteType'], string>> = {
  EQUITY: 'Equity',
  ETF: 'ETF',
  INDEX: 'Index',
  MUTUALFUND: 'Fund',
  CRYPTOCURRENCY: 'Cryptocurrency',
  CURRENCY: 'Currency',
  FUTURE: 'Futures',
};

/** The fields that Yahoo always sends, whatever `fields=` says. */
const always = new Set([
  'language',
  'region',
  'quoteType',
  'typeDisp',
  'quoteSourceName',
  'triggerable',
  'customPriceAlertConfidence',
  'exchange',
  'exchangeTimezoneName',
  'exchangeTimezoneShortName',
  'gmtOffSetMilliseconds',
  'market',
  'marketState',
  'esgPopulated',
  'sourceInterval',
  'exchangeDataDelayedBy',
  'fullExchangeName',
  'tradeable',
  'cryptoTradeable',
  'priceHint',
  'firstTradeDateMilliseconds',
  'hasPrePostMarketData',
  'symbol',
]);

/** One element of `quoteResponse.result`. `fields` empty means all. */
export function quoteOf(
  market: SimMarket,
  instrument: SimInstrument,
  now: number,
  fields: ReadonlySet<string>,
  override?: PriceOverride,
): Record<string, unknown> {
  const walked = snapshotOf(market, instrument, now);
  const snapshot = override === undefined ? walked : overridden(walked, override);
  const whole = { ...describe(instrument, snapshot, now), ...prices(market, instrument, snapshot, now) };
  const shown = Object.entries({ ...whole, symbol: instrument.symbol }).filter(
    ([name, value]) => value !== undefined && (fields.size === 0 || always.has(name) || fields.has(name)),
  );
  return Object.fromEntries(shown);
}

function overridden(walked: Snapshot, override: PriceOverride): Snapshot {
  return {
    ...walked,
    at: override.asOf ?? walked.at,
    close: override.price,
    high: Math.max(walked.high, override.price),
    low: Math.min(walked.low, override.price),
  };
}

function describe(instrument: SimInstrument, snapshot: Snapshot, now: number): Record<string, unknown> {
  const { exchange, quoteType } = instrument;
  const confident = quoteType === 'EQUITY' && exchange.delayedBy > 0 ? 'LOW' : 'HIGH';
  return {
    language: 'en-US',
    region: 'US',
    quoteType,
    typeDisp: typeDisplay[quoteType],
    quoteSourceName: exchange.sourceName,
    triggerable: confident === 'HIGH',
    customPriceAlertConfidence: quoteType === 'FUTURE' ? 'NONE' : confident,
    currency: instrument.currency,
    exchange: exchange.code,
    shortName: instrument.shortName,
    longName: quoteType === 'FUTURE' ? undefined : instrument.longName,
    exchangeTimezoneName: exchange.zone,
    exchangeTimezoneShortName: zoneName(exchange.zone, now),
    gmtOffSetMilliseconds: offsetOf(exchange.zone, now),
    market: exchange.market,
    messageBoardId: 'finmb_24937',
    esgPopulated: false,
    marketState: snapshot.state,
    corporateActions: [],
    fullExchangeName: exchange.fullName,
    financialCurrency: quoteType === 'EQUITY' ? instrument.currency.toUpperCase() : undefined,
    sourceInterval: 15,
    exchangeDataDelayedBy: exchange.delayedBy,
    tradeable: false,
    cryptoTradeable: quoteType === 'CRYPTOCURRENCY',
    hasPrePostMarketData: exchange.post !== undefined && quoteType !== 'INDEX',
    firstTradeDateMilliseconds: 345_479_400_000,
    priceHint: instrument.priceHint,
  };
}

function prices(
  market: SimMarket,
  instrument: SimInstrument,
  snapshot: Snapshot,
  now: number,
): Record<string, unknown> {
  const { close, previousClose } = snapshot;
  const change = Math.fround(close - previousClose);
  const named = { regularMarketChange: shortest(change), regularMarketChangePercent: percent(change, previousClose) };
  const core = {
    regularMarketPrice: shortest(close),
    regularMarketTime: Math.floor(snapshot.at / 1000),
    ...named,
    regularMarketPreviousClose: shortest(previousClose),
    ...yearOf(market, instrument, close, snapshot.at),
  };
  // A fund has one price a day: no range, no volume, no book.
  if (instrument.quoteType === 'MUTUALFUND') return core;
  return {
    ...core,
    ...outsideOf(snapshot),
    regularMarketOpen: shortest(snapshot.open),
    regularMarketDayHigh: shortest(snapshot.high),
    regularMarketDayLow: shortest(snapshot.low),
    regularMarketDayRange: `${rangeText(snapshot.low)} - ${rangeText(snapshot.high)}`,
    regularMarketVolume: snapshot.volume,
    averageDailyVolume3Month: instrument.dailyVolume,
    averageDailyVolume10Day: Math.round(instrument.dailyVolume * 0.9),
    ...bookOf(market, instrument, snapshot),
    ...companyOf(market, instrument, close, now),
    ...(instrument.quoteType === 'CRYPTOCURRENCY'
      ? { volume24Hr: snapshot.volume, fromCurrency: instrument.symbol.split('-')[0], toCurrency: 'USD=X' }
      : {}),
  };
}

/** What a company is worth at its price, and earns. */
function companyOf(market: SimMarket, instrument: SimInstrument, close: number, now: number): Record<string, unknown> {
  const shares = sharesOf(instrument);
  const worth = marketValue(instrument, shortest(close));
  if (shares === null || worth === null) return {};
  const year = instrument.isInvented ? null : lastYear(market, instrument, now);
  const earned = (year?.get('NetIncome') ?? 0) / shares;
  return {
    sharesOutstanding: shares,
    marketCap: worth,
    ...(earned > 0 ? { epsTrailingTwelveMonths: rounded(earned), trailingPE: rounded(worth / shares / earned) } : {}),
    ...(instrument.dividend === undefined ? {} : { dividendRate: rounded(instrument.dividend * 4) }),
  };
}

function outsideOf({ outside, close }: Snapshot): Record<string, unknown> {
  if (outside === null) return {};
  const change = Math.fround(outside.price - close);
  const prefix = outside.kind === 'pre' ? 'preMarket' : 'postMarket';
  return {
    [`${prefix}Time`]: Math.floor(outside.at / 1000),
    [`${prefix}Price`]: shortest(outside.price),
    [`${prefix}Change`]: shortest(change),
    [`${prefix}ChangePercent`]: percent(change, close),
  };
}

function bookOf(market: SimMarket, instrument: SimInstrument, snapshot: Snapshot): Record<string, unknown> {
  if (instrument.quoteType === 'INDEX' || instrument.quoteType === 'CRYPTOCURRENCY') return {};
  const digits = instrument.quoteType === 'CURRENCY' ? 5 : 2;
  const half = Math.max(10 ** -digits, snapshot.close * 0.0001);
  const lots = Math.ceil(chance(market.seed, `${instrument.symbol}/lots`, Math.floor(snapshot.at / 1000)) * 20);
  return {
    bid: shortest(Number((snapshot.close - half).toFixed(digits))),
    ask: shortest(Number((snapshot.close + half).toFixed(digits))),
    bidSize: lots,
    askSize: 21 - lots,
  };
}

function yearOf(market: SimMarket, instrument: SimInstrument, close: number, now: number): Record<string, unknown> {
  const year = Array.from({ length: 53 }, (_, week) => market.priceOf(instrument, now - week * 7 * day));
  const low = Math.min(close, ...year);
  const high = Math.max(close, ...year);
  const mean = (list: readonly number[]) => Math.fround(list.reduce((sum, each) => sum + each, 0) / list.length);
  const [fifty, twoHundred] = [mean(year.slice(0, 8)), mean(year.slice(0, 29))];
  return {
    fiftyTwoWeekLow: shortest(low),
    fiftyTwoWeekHigh: shortest(high),
    fiftyTwoWeekRange: `${rangeText(low)} - ${rangeText(high)}`,
    fiftyTwoWeekChangePercent: percent(close - (year.at(-1) ?? close), year.at(-1) ?? close),
    ...beside('fiftyTwoWeekLow', close, low),
    ...beside('fiftyTwoWeekHigh', close, high),
    fiftyDayAverage: shortest(fifty),
    ...beside('fiftyDayAverage', close, fifty),
    twoHundredDayAverage: shortest(twoHundred),
    ...beside('twoHundredDayAverage', close, twoHundred),
  };
}

/** How far the price is from another, and which part of that. */
function beside(name: string, close: number, other: number): Record<string, number> {
  return { [`${name}Change`]: shortest(close - other), [`${name}ChangePercent`]: shortest((close - other) / other) };
}

function percent(change: number, base: number): number {
  return shortest((change / base) * 100);
}

/** `241.0 - 245.41`: a range's text always has a point. */
function rangeText(value: number): string {
  const text = String(shortest(value));
  return text.includes('.') ? text : `${text}.0`;
}
