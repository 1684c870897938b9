/**
 * `/v10/finance/quoteSummary/{symbol}`: the modules that clients ask for most, from the same prices as the quote. Numbers
 * are `{raw, fmt}` unless `formatted=false` is asked for, as the real one has it.
 */
import { analystModules } from './analysts.ts';
import { industryOf } from './company.ts';
import { ownerModules } from './holders.ts';
import type { SimMarket } from './market.ts';
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
      marketCap: quote['marketCap'],
      trailingPE: quote['trailingPE'],
      dividendRate: quote['dividendRate'],
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
    defaultKeyStatistics: (instrument, quote) => ({
      maxAge: 1,
      priceHint: instrument.priceHint,
      sharesOutstanding: quote['sharesOutstanding'],
      trailingEps: quote['epsTrailingTwelveMonths'],
      category: null,
      fundFamily: null,
      legalType: null,
      lastSplitFactor: lastSplitOf(instrument),
    }),
  }),
);

/** `4:1`; `null` where there was none. */
function lastSplitOf({ splits = [] }: SimInstrument): string | null {
  const last = splits.at(-1);
  return last ? `${last.numerator}:${last.denominator}` : null;
}

/** Who a company is. */
function profilesOf(market: SimMarket, instrument: SimInstrument): [string, Module][] {
  if (instrument.quoteType !== 'EQUITY') return [];
  const where = industryOf(market, instrument);
  const profile = {
    address1: 'One Simulated Way',
    city: 'New York',
    country: 'United States',
    website: 'https://example.com',
    industry: where?.industry.name,
    industryKey: where?.industry.key,
    industryDisp: where?.industry.name,
    sector: where?.sector.name,
    sectorKey: where?.sector.key,
    sectorDisp: where?.sector.name,
    longBusinessSummary: `${instrument.longName} as the simulated Yahoo knows it.`,
    fullTimeEmployees: 150_000,
    companyOfficers: [],
    maxAge: 86_400,
  };
  return ['assetProfile', 'summaryProfile'].map((name) => [name, profile]);
}

/** What a fund holds. */
function fundModules({ quoteType, longName }: SimInstrument): [string, Module][] {
  if (quoteType !== 'ETF' && quoteType !== 'MUTUALFUND') return [];
  const holdings = ['AAPL', 'MSFT', 'NVDA'].map((symbol, at) => ({
    symbol,
    holdingName: symbol,
    holdingPercent: Number((0.07 - at * 0.01).toFixed(4)),
  }));
  return [
    [
      'topHoldings',
      {
        maxAge: 1,
        cashPosition: 0.002,
        stockPosition: 0.998,
        bondPosition: 0,
        otherPosition: 0,
        preferredPosition: 0,
        convertiblePosition: 0,
        holdings,
        equityHoldings: { priceToEarnings: 0.035, priceToBook: 0.2, priceToSales: 0.3, priceToCashflow: 0.06 },
        bondHoldings: {},
        bondRatings: [{ us_government: 0 }],
        sectorWeightings: [{ technology: 0.4 }, { healthcare: 0.1 }],
      },
    ],
    [
      'fundProfile',
      {
        maxAge: 1,
        styleBoxUrl: null,
        family: longName.split(' ')[0],
        categoryName: 'Large Blend',
        legalType: quoteType === 'ETF' ? 'Exchange Traded Fund' : null,
        feesExpensesInvestment: {
          annualReportExpenseRatio: 0.0009,
          annualHoldingsTurnover: 0.03,
          totalNetAssets: 1,
          projectionValues: {},
        },
        feesExpensesInvestmentCat: {
          annualReportExpenseRatio: 0.008,
          annualHoldingsTurnover: 0.5,
          totalNetAssets: 1,
          projectionValuesCat: {},
        },
        brokerages: [],
      },
    ],
  ];
}

/** The element of `quoteSummary.result`, or `null` when none of the modules is there for this instrument. */
export function summaryOf(
  market: SimMarket,
  instrument: SimInstrument,
  quote: Quote,
  asked: { readonly modules: readonly string[]; readonly formatted: boolean },
  now: number,
): Record<string, Module> | null {
  const price = Number(quote['regularMarketPrice'] ?? instrument.level);
  const more = new Map<string, Module>([
    ...ownerModules(market, instrument, price, now),
    ...analystModules(market, instrument, price, now),
    ...profilesOf(market, instrument),
    ...fundModules(instrument),
  ]);
  const found = asked.modules.flatMap((name): [string, Module][] => {
    const made = makers.get(name)?.(instrument, quote) ?? more.get(name);
    return made ? [[name, written(made, asked.formatted)]] : [];
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
