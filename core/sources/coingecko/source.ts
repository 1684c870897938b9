import type { SourceDefinition } from '../definition.ts';
import { toCanonical, toSource } from './coins.ts';

/** CoinGecko's public interface: coins in dollars. Its limit moves between 5 and 30 calls a minute. */
export const coingecko: SourceDefinition = {
  id: 'coingecko',
  title: 'CoinGecko',
  kind: 'api',
  origins: ['https://api.coingecko.com'],
  quota: { perMinute: 5, perDay: 3_000, gapMs: 1_000 },
  session: null,
  jobs: [
    {
      id: 'quotes',
      kind: 'quotes',
      everySeconds: 60,
      symbols: ['BTC-USD', 'ETH-USD', 'SOL-USD'],
      symbolsPerTask: 250,
      symbolsPerRequest: 250,
    },
  ],
  canarySymbol: 'BTC-USD',
  fallbacks: ['yahoo'],
  rank: { crypto: 50 },
  toSource,
  toCanonical,
  parser: async () => (await import('./parse.ts')).coingeckoParser,
  terms: { url: 'https://www.coingecko.com/en/api_terms', licence: 'display', reviewed: '2026-11-22' },
};
