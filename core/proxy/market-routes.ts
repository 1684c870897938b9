import * as shapes from './answer-shapes.ts';
import type { AnswerKind } from './lifetimes.ts';
import * as given from './parameters.ts';
import { megabyte, type ProxyRoute, row } from './route.ts';
import { symbolsOfQuery } from './symbols-of-body.ts';

const { locale, flag, count, word, words, required, usually } = given;
const span = { period1: given.instant, period2: given.instant, range: word, interval: word };
const intradayInterval = /^\d+(m|h)$/;
const barsOf = (asked: Readonly<Record<string, string>>): AnswerKind =>
  intradayInterval.test(asked['interval'] ?? '1d') ? 'intraday' : 'daily';

/** All quotes go through it, whichever name a client knows it by. */
export const quoteRoute = row({
  name: 'quote',
  holds: 'quotes of up to 1,500 **symbols**; `fields` is applied here',
  paths: ['/v7/finance/quote', '/v6/finance/quote'],
  root: 'quoteResponse',
  parameters: {
    ...locale,
    formatted: usually(flag, 'false'),
    enablePrivateCompany: flag,
    overnightPrice: flag,
    imgHeights: count,
    imgWidths: count,
    imgLabels: words,
  },
  needsSession: true,
  kind: 'quote',
  answer: { json: shapes.rowsUnder('quoteResponse') },
});

export const chartRoute = row({
  name: 'chart',
  holds: 'bars, dividends and splits',
  paths: ['/v8/finance/chart/{symbol}', '/v7/finance/chart/{symbol}'],
  root: 'chart',
  unknown: 'No data found, symbol may be delisted',
  parameters: {
    ...locale,
    ...span,
    includePrePost: usually(flag, 'false'),
    includeAdjustedClose: flag,
    events: given.events,
    useYfid: usually(flag, 'false'),
    numberOfPoints: count,
    formatted: usually(flag, 'false'),
  },
  spansTime: true,
  kindOf: (asked, past) => (past ? 'past' : barsOf(asked)),
  answer: { json: shapes.chartAnswer },
  longest: 5 * megabyte,
});

const spark = {
  holds: 'closing prices of several symbols',
  parameters: {
    ...locale,
    // Yahoo says itself how many are too many.
    symbols: required(given.symbols(500)),
    ...span,
    includePrePost: usually(flag, 'false'),
    includeTimestamps: flag,
    indicators: words,
  },
  spansTime: true,
  kindOf: barsOf,
  longest: 3 * megabyte,
} as const;

const domain = {
  root: 'finance',
  parameters: { ...locale, formatted: flag, withReturns: flag },
  needsSession: true,
  answer: { json: shapes.having('data') },
} as const;

/** What a query of a screen or a calendar may hold. */
export const screenQuery = [
  ...['size', 'offset', 'count', 'sortField', 'sortType', 'sortAsc', 'quoteType', 'query', 'topOperator'],
  ...['userId', 'userIdType', 'entityIdType', 'includeFields'],
];

/** Lines of several symbols, each an object of its own in the newer route and a chart in the older one. */
export const sparkRoutes = {
  lines: row({
    name: 'spark',
    paths: ['/v8/finance/spark'],
    root: 'spark',
    answer: { json: shapes.sparkAnswer },
    ...spark,
  }),
  charts: row({
    name: 'spark-v7',
    paths: ['/v7/finance/spark'],
    root: 'spark',
    answer: { json: shapes.listUnder('spark') },
    ...spark,
  }),
} as const;

/** Prices, and the market as a whole. */
export const marketRoutes: readonly ProxyRoute[] = [
  quoteRoute,
  chartRoute,
  sparkRoutes.lines,
  sparkRoutes.charts,
  row({
    name: 'options',
    holds: 'option chains',
    paths: ['/v7/finance/options/{symbol}'],
    root: 'optionChain',
    parameters: {
      ...locale,
      formatted: usually(flag, 'false'),
      date: given.instant,
      endDate: given.instant,
      size: count,
      strikeMin: given.decimal,
      strikeMax: given.decimal,
      straddle: usually(flag, 'false'),
      getAllData: usually(flag, 'false'),
    },
    needsSession: true,
    kind: 'intraday',
    answer: { json: shapes.optionsAnswer },
    longest: 4 * megabyte,
  }),
  row({
    name: 'lookup',
    holds: 'instruments of a kind for a text',
    paths: ['/v1/finance/lookup'],
    root: 'finance',
    parameters: {
      ...locale,
      query: required(given.text),
      type: words,
      start: count,
      count,
      formatted: flag,
      fetchPricingData: flag,
    },
    needsSession: true,
    kindOf: ({ fetchPricingData }) => (fetchPricingData === 'true' ? 'list' : 'search'),
    answer: { json: shapes.listUnder('finance') },
  }),
  row({
    name: 'screener-saved',
    holds: 'the screens that Yahoo has made: `day_gainers`, `most_actives` …',
    paths: ['/v1/finance/screener/predefined/saved'],
    root: 'finance',
    parameters: {
      ...locale,
      scrIds: required(words),
      count,
      start: count,
      offset: count,
      size: count,
      formatted: flag,
      sortField: word,
      sortType: word,
      sortAsc: flag,
      fields: words,
      useRecordsResponse: flag,
    },
    needsSession: true,
    kind: 'intraday',
    answer: { json: shapes.screenedAnswer },
    longest: 2 * megabyte,
  }),
  row({
    name: 'screener',
    holds: 'instruments that a query of one’s own finds',
    method: 'POST',
    paths: ['/v1/finance/screener'],
    root: 'finance',
    parameters: { ...locale, formatted: flag, useRecordsResponse: flag },
    body: { names: screenQuery, most: 32_000, symbols: symbolsOfQuery },
    needsSession: true,
    kind: 'intraday',
    answer: { json: shapes.screenedAnswer },
    longest: 2 * megabyte,
  }),
  row({
    name: 'market-summary',
    holds: 'the main indices of a market',
    paths: ['/v6/finance/quote/marketSummary'],
    root: 'marketSummaryResponse',
    parameters: { ...locale, fields: words, formatted: flag, market: word },
    kind: 'intraday',
    answer: { json: shapes.rowsUnder('marketSummaryResponse') },
  }),
  row({
    name: 'market-time',
    holds: 'when a market opens and closes',
    paths: ['/v6/finance/markettime'],
    root: 'finance',
    parameters: { ...locale, formatted: flag, key: word, market: word },
    answer: { json: shapes.marketTimesAnswer },
  }),
  row({
    name: 'trending',
    holds: 'symbols that many look at in a region',
    paths: ['/v1/finance/trending/{region}'],
    root: 'finance',
    parameters: { ...locale, count, fields: words, format: flag, useQuotes: flag },
    answer: { json: shapes.listUnder('finance') },
  }),
  row({ ...domain, name: 'sectors', holds: 'a sector', paths: ['/v1/finance/sectors/{key}'] }),
  row({ ...domain, name: 'industries', holds: 'an industry', paths: ['/v1/finance/industries/{key}'] }),
];
