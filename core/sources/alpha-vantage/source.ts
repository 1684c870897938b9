import type { SourceDefinition } from '../definition.ts';
import { toCanonical, toSource } from './symbols.ts';

/** With 25 requests a day there is room for few: two quotes twice a day, and their daily bars once. */
const watchlist = ['AAPL', 'MSFT'] as const;

/** Alpha Vantage, free plan: 25 requests a day, 5 a minute, no more than one a second. */
export const alphaVantage: SourceDefinition = {
  id: 'alpha-vantage',
  title: 'Alpha Vantage',
  kind: 'api',
  origins: ['https://www.alphavantage.co'],
  quota: { perMinute: 5, perDay: 25, gapMs: 1_200, retries: 1 },
  session: { strategy: 'api-key', in: 'query', name: 'apikey', lifeSeconds: 24 * 3600 },
  jobs: [
    {
      id: 'quotes',
      kind: 'quotes',
      // Before the opening, and when the day's data are published; on a half day that is long after the close.
      cron: '0 8,18 * * 1-5',
      zone: 'America/New_York',
      inSession: { beforeMinutes: 90, afterMinutes: 480 },
      symbols: watchlist,
      mostSymbols: 2,
      symbolsPerTask: 2,
      symbolsPerRequest: 1,
    },
    {
      id: 'daily-bars',
      kind: 'bars',
      cron: '30 18 * * 1-5',
      zone: 'America/New_York',
      inSession: { beforeMinutes: 0, afterMinutes: 480 },
      symbols: watchlist,
      mostSymbols: 2,
      symbolsPerTask: 2,
      symbolsPerRequest: 1,
      interval: '1d',
      lookbackDays: 140,
    },
  ],
  canarySymbol: 'MSFT',
  // The free plan has a day's data when it is over: during the session, those of the day before.
  latenessMinutes: 480,
  fallbacks: ['yahoo'],
  rank: { equity: 20, etf: 20, fund: 10 },
  toSource,
  toCanonical,
  parser: async () => (await import('./parse.ts')).alphaVantageParser,
  terms: { url: 'https://www.alphavantage.co/terms_of_service/', licence: 'internal', reviewed: '2026-11-22' },
};
