import * as z from 'zod';
import { decimalFromText } from '../../core/market/decimal.ts';
import { currencyUnit } from '../../core/market/money.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import type { Parsed, SourceParser } from '../../core/sources/parser.ts';
import { driftOf, failed, readBody } from '../../core/sources/reading/json.ts';

/*
 * The simulated broker as a source that is read without a browser: it signs in by the same form, over HTTP, and asks for
 * what the page's script asks for. No source of the catalogue signs in like that, so the tests bring their own.
 */

export const brokerOverHttp: SourceDefinition = {
  id: 'broker-over-http',
  title: 'Demo Broker, without a browser',
  kind: 'api',
  origins: ['https://demo-broker.invalid'],
  quota: { perMinute: 200, perDay: 50_000 },
  session: {
    strategy: 'form-login',
    loginUrl: '/login',
    fields: { username: 'username', password: 'password' },
    sessionCookie: 'broker_session',
    secondFactor: { field: 'code' },
    lifeSeconds: 540,
  },
  jobs: [
    {
      id: 'positions',
      kind: 'quotes',
      everySeconds: 300,
      symbols: ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'GOOGL', 'META', 'TSLA', 'JPM', 'KO', 'SPY'],
      // One task a symbol: ten workers at once.
      symbolsPerTask: 1,
      symbolsPerRequest: 1,
    },
  ],
  canarySymbol: 'AAPL',
  fallbacks: [],
  rank: { equity: 1 },
  toSource: (canonical) => canonical,
  toCanonical: (symbol) => symbol,
  parser: async () => brokerOverHttpParser,
  terms: { url: 'https://demo-broker.invalid/terms', licence: 'unknown', reviewed: '2026-11-22' },
};

const answerSchema = z.object({
  positions: z.array(
    z.object({
      symbol: z.string(),
      market: z.string(),
      last: z.string(),
      currency: z.string(),
      time: z.iso.datetime(),
    }),
  ),
});

export const brokerOverHttpParser: SourceParser = {
  version: 'broker-over-http-1',
  requests: ({ symbols }) => [{ path: '/api/prices', query: { symbols: symbols.join(',') }, symbols }],
  failureIn: (kind, answer) => brokerOverHttpParser.parse(kind, answer).failure,
  parse(_kind, answered): Parsed {
    const read = readBody(answered);
    if ('failure' in read) return failed(read.failure);
    const answer = answerSchema.safeParse(read.json);
    if (!answer.success) return failed(driftOf(answer.error));
    const quotes = answer.data.positions.flatMap(({ symbol, market, last, currency, time }) => {
      const price = decimalFromText(last);
      const unit = currencyUnit(currency);
      if (price === null || unit === null) return [];
      return {
        subject: {
          symbol,
          name: null,
          assetClass: 'equity' as const,
          listing: { mic: market, ...unit, zone: 'America/New_York' },
        },
        quote: {
          price,
          previousClose: null,
          bid: null,
          ask: null,
          volume: null,
          ...unit,
          session: null,
          delaySeconds: null,
          asOf: Date.parse(time),
          asOfBasis: 'exchange' as const,
        },
      };
    });
    return { quotes, bars: [], rejections: [], failure: null, missing: [] };
  },
};
