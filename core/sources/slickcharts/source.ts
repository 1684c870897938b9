import type { SourceDefinition } from '../definition.ts';
import { pagePeriodSeconds, slickChartsIndices, toCanonical, toSource } from './indices.ts';

/** SlickCharts: what the large American indices are made of, with weights and prices, as web pages. */
export const slickcharts: SourceDefinition = {
  id: 'slickcharts',
  title: 'SlickCharts',
  kind: 'browser',
  origins: ['https://www.slickcharts.com'],
  // Three pages twice a day, with room for manual runs. A person reads no faster.
  quota: { perMinute: 12, perDay: 200 },
  session: null,
  jobs: [
    {
      id: 'constituents',
      kind: 'constituents',
      everySeconds: pagePeriodSeconds,
      // Weights move with prices: twice a day, once of it after the close.
      inSession: { beforeMinutes: 0, afterMinutes: 360 },
      symbols: slickChartsIndices.map((index) => index.canonical),
      symbolsPerTask: 1,
      symbolsPerRequest: 1,
    },
  ],
  canarySymbol: '^DJI',
  fallbacks: [],
  // Its prices carry no market time: they are the price only where no other source has one.
  rank: { equity: 5 },
  toSource,
  toCanonical,
  parser: async () => (await import('./parse.ts')).slickchartsParser,
  terms: { url: 'https://www.slickcharts.com/terms', licence: 'display', reviewed: '2026-11-22' },
};
