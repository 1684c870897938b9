/**
 * `/v10/finance/quoteSummary/{symbol}`: the modules that clients ask for most, from the same prices as the quote. Numbers
 * are `{raw, fmt}` unless `formatted=false` is asked for, as the real one has it.
 */
import type { SimInstrument } from './universe.ts';

type Quote = Readonly<Record<string, unknown>>;
type Module = Readonly<Record<string, unknown>>;

const priceFields = [
  'marketState',
  'regularMarketChangePercent',
  'regularMarketChange',
  'regularMarketTime',
  'regularMarketPrice',
  'regularMarketDayHigh',
  'regularMarketDayLow',
  'regularMarketVolume',
  'regularMarketPreviousClose',
  'regularMarketOpen',
  'exchange',
  'quoteType',
  'symbol',
  'shortName',
  'longName',
  'currency',
  'marketCap',
  'exchangeDataDelayedBy',
  'quoteSourceName',
];

const makers = new Map(
  Object.entries<(instrument: SimInstrument, quote: Quote) => Module | null>({
    price: (instrument, quote) => ({
      maxAge: 1,
      ...picked(quote, priceFields),
      exchangeName: instrument.exchange.fullName,
      regularMarketSource: 'DELAYED',
      currencySymbol: '$',
      priceHint: instrument.priceHint,
      fromCurrency: null,
      toCurrency: null,
      lastMarket: null,
      underlyingSymbol: null,
    }),
    summaryDetail: (instrument, quote) => ({
      maxAge: 1,
      priceHint: instrument.priceHint,
      previousClose: quote['regularMarketPreviousClose'],
      open: quote['regularMarketOpen'],
      dayLow: quote['regularMarketDayLow'],
      dayHigh: quote['regularMarketDayHigh'],
      regularMarketPreviousClose: quote['regularMarketPreviousClose'],
      regularMarketOpen: quote['regularMarketOpen'],
      regularMarketDayLow: quote['regularMarketDayLow'],
      regularMarketDayHigh: quote['regularMarketDayHigh'],
      volume: quote['regularMarketVolume'],
      regularMarketVolume: quote['regularMarketVolume'],
      averageVolume: quote['averageDailyVolume3Month'],
      averageVolume10days: quote['averageDailyVolume10Day'],
      bid: quote['bid'],
      ask: quote['ask'],
      bidSize: quote['bidSize'],
      askSize: quote['askSize'],
      fiftyTwoWeekLow: quote['fiftyTwoWeekLow'],
      fiftyTwoWeekHigh: quote['fiftyTwoWeekHigh'],
      fiftyDayAverage: quote['fiftyDayAverage'],
      twoHundredDayAverage: quote['twoHundredDayAverage'],
      currency: instrument.currency,
      fromCurrency: null,
      toCurrency: null,
      lastMarket: null,
      coinMarketCapLink: null,
      algorithm: null,
      tradeable: false,
    }),
    quoteType: (instrument, quote) => ({
      exchange: instrument.exchange.code,
      quoteType: instrument.quoteType,
      symbol: instrument.symbol,
      underlyingSymbol: instrument.symbol,
      shortName: instrument.shortName,
      longName: instrument.longName,
      firstTradeDateEpochUtc: 345_479_400,
      timeZoneFullName: instrument.exchange.zone,
      timeZoneShortName: quote['exchangeTimezoneShortName'],
      uuid: '8b10e4ae-9eeb-3684-921a-9ab27e4d87aa',
      messageBoardId: 'finmb_24937',
      gmtOffSetMilliseconds: quote['gmtOffSetMilliseconds'],
      maxAge: 1,
    }),
    assetProfile: (instrument) =>
      instrument.quoteType === 'EQUITY'
        ? {
            address1: 'One Simulated Way',
            city: 'New York',
            country: 'United States',
            website: 'https://example.com',
            industry: 'Consumer Electronics',
            sector: 'Technology',
            longBusinessSummary: `${instrument.longName} as the simulated Yahoo knows it.`,
            fullTimeEmployees: 150_000,
            companyOfficers: [],
            maxAge: 86_400,
          }
        : null,
    financialData: (instrument, quote) =>
      instrument.quoteType === 'EQUITY'
        ? {
            maxAge: 86_400,
            currentPrice: quote['regularMarketPrice'],
            recommendationKey: 'none',
            financialCurrency: instrument.currency.toUpperCase(),
          }
        : null,
    defaultKeyStatistics: (instrument) => ({
      maxAge: 1,
      priceHint: instrument.priceHint,
      category: null,
      fundFamily: null,
    }),
  }),
);

/** The element of `quoteSummary.result`, or `null` when none of the modules is there for this instrument. */
export function summaryOf(
  instrument: SimInstrument,
  quote: Quote,
  modules: readonly string[],
  formatted: boolean,
): Record<string, Module> | null {
  const found = modules.flatMap((name): [string, Module][] => {
    const made = makers.get(name)?.(instrument, quote);
    return made ? [[name, written(made, formatted)]] : [];
  });
  return found.length === 0 ? null : Object.fromEntries(found);
}

function picked(quote: Quote, names: readonly string[]): Module {
  return Object.fromEntries(
    Object.entries(quote).filter(([name, value]) => names.includes(name) && value !== undefined),
  );
}

const plain = new Set(['maxAge', 'priceHint', 'regularMarketTime', 'exchangeDataDelayedBy', 'gmtOffSetMilliseconds']);

function written(module: Module, formatted: boolean): Module {
  return Object.fromEntries(
    Object.entries(module)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        formatted && typeof value === 'number' && !plain.has(name)
          ? { raw: value, fmt: value.toFixed(2), longFmt: value.toLocaleString('en-US') }
          : value,
      ]),
  );
}
