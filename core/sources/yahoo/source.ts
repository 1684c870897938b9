import { fullPair } from '../../market/symbol.ts';
import type { SourceDefinition } from '../definition.ts';
import { jobs } from './jobs.ts';

/** Yahoo Finance. Its interface is undocumented: the shapes are those of recorded answers. */
export const yahoo: SourceDefinition = {
  id: 'yahoo',
  title: 'Yahoo Finance',
  kind: 'api',
  origins: [
    'https://query2.finance.yahoo.com',
    'https://query1.finance.yahoo.com',
    'https://fc.yahoo.com',
    // News and pages, for the proxy.
    'https://finance.yahoo.com',
  ],
  quota: { perMinute: 60, perDay: 20_000 },
  session: {
    strategy: 'cookie-crumb',
    cookieUrl: 'https://fc.yahoo.com/',
    crumbUrl: 'https://query1.finance.yahoo.com/v1/test/getcrumb',
    pageUrl: 'https://finance.yahoo.com/quote/AAPL',
    consentOrigins: ['https://guce.yahoo.com', 'https://consent.yahoo.com', 'https://finance.yahoo.com'],
    lifeSeconds: 12 * 3600,
  },
  jobs,
  canarySymbol: 'AAPL',
  fallbacks: [],
  rank: { equity: 50, etf: 50, fund: 50, index: 50, future: 50, option: 50, fx: 50, crypto: 30, other: 10 },
  toSource: (canonical) => canonical,
  toCanonical: fullPair,
  parser: async () => (await import('./parse.ts')).yahooParser,
  terms: {
    url: 'https://legal.yahoo.com/us/en/yahoo/terms/product-atos/apiforydn/index.html',
    licence: 'internal',
    reviewed: '2026-11-22',
  },
};
