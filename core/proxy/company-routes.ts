import * as shapes from './answer-shapes.ts';
import { screenQuery } from './market-routes.ts';
import * as given from './parameters.ts';
import { megabyte, type ProxyRoute, row, site } from './route.ts';
import { symbolsOfNews, symbolsOfQuery } from './symbols-of-body.ts';

const { locale, flag, count, word, words, required, usually } = given;
const pricedModules = new Set(['price', 'summaryDetail', 'financialData', 'defaultKeyStatistics']);

const insights = {
  holds: 'technical outlook, reports and developments',
  root: 'finance',
  kind: 'news',
  answer: { json: shapes.anyUnder('finance') },
} as const;
const reports = {
  ...locale,
  reportsCount: count,
  getAllResearchReports: flag,
  disableRelatedReports: flag,
  formatted: flag,
  ssl: flag,
};

const quoteType = {
  holds: 'what kind of instrument a symbol is, and where it is listed',
  root: 'quoteType',
  kind: 'profile',
  answer: { json: shapes.listUnder('quoteType') },
} as const;

/** What companies report, what is said of them, and how they are found. */
export const companyRoutes: readonly ProxyRoute[] = [
  row({
    name: 'summary',
    holds: 'modules of one symbol: profile, holders, estimates, calendar …',
    paths: [
      '/v10/finance/quoteSummary/{symbol}',
      '/v11/finance/quoteSummary/{symbol}',
      // With the symbol as the parameter `symbols`.
      '/v10/finance/quoteSummary/',
      '/v11/finance/quoteSummary/',
    ],
    root: 'quoteSummary',
    unknown: 'Quote not found for symbol',
    parameters: {
      ...locale,
      modules: required(words),
      // The default of summaries is `{raw, fmt}`, that of quotes is numbers.
      formatted: usually(flag, 'true'),
      enablePrivateCompany: flag,
      enableQSPExpandedEarnings: flag,
      overnightPrice: flag,
    },
    needsSession: true,
    kindOf: ({ modules = '' }) =>
      modules.split(',').some((module) => pricedModules.has(module)) ? 'intraday' : 'profile',
    answer: { json: shapes.summaryAnswer },
  }),
  row({
    name: 'timeseries',
    holds: 'statements, valuations and share counts',
    paths: ['/ws/fundamentals-timeseries/v1/finance/timeseries/{symbol}'],
    // Where yfinance looks for an error of this route.
    root: 'finance',
    parameters: {
      ...locale,
      type: words,
      period1: given.instant,
      period2: given.instant,
      merge: flag,
      padTimeSeries: flag,
    },
    spansTime: true,
    kind: 'profile',
    answer: { json: shapes.listUnder('timeseries') },
    longest: 3 * megabyte,
  }),
  row({
    name: 'search',
    holds: 'symbols, news and lists for a text',
    paths: ['/v1/finance/search'],
    root: 'finance',
    parameters: {
      ...locale,
      q: required(given.text),
      quotesCount: count,
      newsCount: count,
      listsCount: count,
      recommendedCount: count,
      // As yahooquery writes two of them.
      quotes_count: count,
      news_count: count,
      quotesQueryId: word,
      multiQuoteQueryId: word,
      newsQueryId: word,
      enableFuzzyQuery: flag,
      enableCb: flag,
      enableNavLinks: flag,
      enableEnhancedTrivialQuery: flag,
      enableResearchReports: flag,
      enableCulturalAssets: flag,
      enableLogoUrl: flag,
      enableLists: flag,
      enableCccBoost: flag,
      enablePrivateCompany: flag,
    },
    kind: 'search',
    answer: { json: shapes.having('quotes') },
  }),
  row({
    name: 'recommendations',
    holds: 'symbols that people look at, too',
    paths: ['/v6/finance/recommendationsbysymbol/{symbols}'],
    root: 'finance',
    parameters: { ...locale, count, fields: words },
    kind: 'profile',
    answer: { json: shapes.listUnder('finance') },
  }),
  row({
    ...insights,
    name: 'insights',
    paths: ['/ws/insights/v2/finance/insights'],
    parameters: { ...reports, symbol: required(given.symbol) },
  }),
  row({
    ...insights,
    name: 'insights-v3',
    paths: ['/ws/insights/v3/finance/insights'],
    parameters: { ...reports, symbols: required(given.symbols(50)) },
    needsSession: true,
  }),
  row({
    name: 'visualization',
    holds: 'calendars: earnings, splits, new listings, economic events',
    method: 'POST',
    paths: ['/v1/finance/visualization'],
    root: 'finance',
    body: { names: screenQuery, most: 32_000, symbols: symbolsOfQuery },
    needsSession: true,
    answer: { json: shapes.listUnder('finance') },
  }),
  row({
    name: 'news',
    holds: 'news of a symbol',
    method: 'POST',
    origin: site,
    paths: ['/xhr/ncp'],
    root: 'finance',
    parameters: { ...locale, queryRef: required(word), serviceKey: required(word) },
    body: { names: ['serviceConfig', 'payload'], most: 8_000, symbols: symbolsOfNews },
    needsSession: true,
    kind: 'news',
    answer: { json: shapes.having('data') },
  }),
  row({
    name: 'news-of-symbols',
    holds: 'news of several symbols',
    paths: ['/v2/finance/news'],
    root: 'Content',
    parameters: {
      ...locale,
      symbols: required(given.symbols(50)),
      start: count,
      count,
      category: words,
      tags: words,
      sizeLabels: words,
      widths: words,
      filterOldVideos: flag,
    },
    kind: 'news',
    answer: { json: shapes.having('Content') },
  }),
  row({
    name: 'earnings-calendar',
    holds: 'the page of a symbol’s dates of earnings',
    origin: site,
    paths: ['/calendar/earnings'],
    root: 'finance',
    parameters: { ...locale, symbol: required(given.symbol), offset: count, size: count },
    needsSession: true,
    answer: { page: '<table' },
    longest: 3 * megabyte,
  }),
  row({
    ...quoteType,
    name: 'quote-type',
    paths: ['/v1/finance/quoteType/', '/v1/finance/quoteType'],
    parameters: { ...locale, symbol: required(given.symbol), enablePrivateCompany: flag },
  }),
  row({
    ...quoteType,
    name: 'quote-type-of-symbol',
    paths: ['/v1/finance/quoteType/{symbol}'],
    parameters: { ...locale, formatted: flag, enablePrivateCompany: flag },
  }),
  row({
    name: 'currencies',
    holds: 'currencies',
    paths: ['/v1/finance/currencies'],
    root: 'currencies',
    kind: 'profile',
    answer: { json: shapes.listUnder('currencies') },
  }),
  row({
    name: 'validate',
    holds: 'which symbols exist',
    paths: ['/v6/finance/quote/validate'],
    root: 'symbolsValidation',
    parameters: { ...locale, symbols: required(given.symbols(200)) },
    kind: 'search',
    answer: { json: shapes.listUnder('symbolsValidation') },
  }),
  row({
    name: 'esg-chart',
    holds: 'scores of sustainability over time',
    paths: ['/v1/finance/esgChart'],
    root: 'esgChart',
    parameters: { ...locale, symbol: required(given.symbol) },
    kind: 'profile',
    answer: { json: shapes.listUnder('esgChart') },
  }),
  row({
    name: 'esg-peers',
    holds: 'scores of sustainability of similar companies',
    paths: ['/v1/finance/esgPeerScores'],
    root: 'esgPeerScores',
    parameters: { ...locale, symbol: required(given.symbol) },
    kind: 'profile',
    answer: { json: shapes.listUnder('esgPeerScores') },
  }),
];
