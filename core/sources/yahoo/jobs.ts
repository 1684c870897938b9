import type { SourceJob } from '../definition.ts';

/** Symbols that a fresh installation collects: large US and London names, indices, crypto, currencies and gold. */
const watchlist = [
  'AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'BRK-B', 'JPM', 'V', 'SPY', 'QQQ', 'VOD.L', 'OCDO.L', 'SAP.DE',
  '7203.T', '^GSPC', '^NDX', '^DJI', 'BTC-USD', 'ETH-USD', 'EURUSD=X', 'GBPUSD=X', 'GC=F',
] as const; // biome-ignore format: a list to read

/** What is collected of Yahoo. */
export const jobs: readonly SourceJob[] = [
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
];
