import type { SourceDefinition } from '../definition.ts';

/** Symbols that a fresh installation collects: large US and London names, indices, crypto, currencies and gold. */
const watchlist = [
  'AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'BRK-B', 'JPM', 'V', 'SPY', 'QQQ', 'VOD.L', 'OCDO.L', 'SAP.DE',
  '7203.T', '^GSPC', '^NDX', '^DJI', 'BTC-USD', 'ETH-USD', 'EURUSD=X', 'GBPUSD=X', 'GC=F',
] as const; // biome-ignore format: a list to read

/** Yahoo Finance. Its interface is undocumented: the shapes are those of recorded answers. */
export const yahoo: SourceDefinition = {
  id: 'yahoo',
  title: 'Yahoo Finance',
  kind: 'api',
  origins: ['https://query2.finance.yahoo.com', 'https://query1.finance.yahoo.com', 'https://fc.yahoo.com'],
  quota: { perMinute: 60, perDay: 20_000 },
  session: {
    strategy: 'cookie-crumb',
    cookieUrl: 'https://fc.yahoo.com/',
    crumbUrl: 'https://query1.finance.yahoo.com/v1/test/getcrumb',
    pageUrl: 'https://finance.yahoo.com/quote/AAPL',
    consentOrigins: ['https://guce.yahoo.com', 'https://consent.yahoo.com', 'https://finance.yahoo.com'],
    lifeSeconds: 12 * 3600,
  },
  jobs: [
    {
      id: 'quotes',
      kind: 'quotes',
      everySeconds: 60,
      // Some exchanges are delayed by twenty minutes here: what they closed at is known by then.
      inSession: { beforeMinutes: 5, afterMinutes: 30 },
      symbols: watchlist,
      symbolsPerTask: 200,
      symbolsPerRequest: 50,
    },
    {
      id: 'daily-bars',
      kind: 'bars',
      everySeconds: 6 * 3600,
      // One of the slots always lies after the close.
      inSession: { beforeMinutes: 0, afterMinutes: 360 },
      symbols: watchlist,
      symbolsPerTask: 10,
      symbolsPerRequest: 1,
      interval: '1d',
      lookbackDays: 400,
      // Yahoo keeps hours for two years, and gives no more than some weeks of shorter bars.
      backfillDays: { '1d': 1_825, '1wk': 3_650, '1mo': 7_300, '1h': 180 },
    },
  ],
  canarySymbol: 'AAPL',
  fallbacks: [],
  rank: { equity: 50, etf: 50, fund: 50, index: 50, future: 50, option: 50, fx: 50, crypto: 30, other: 10 },
  terms: {
    url: 'https://legal.yahoo.com/us/en/yahoo/terms/product-atos/apiforydn/index.html',
    licence: 'internal',
    reviewed: '2026-11-22',
  },
};
