import { describe, expect, it } from 'vitest';
import { yahooParser } from '../../../../core/sources/yahoo/parse.ts';

const answerOf = (status: number, body: unknown, symbols = ['ABC']) => ({
  request: { symbols },
  response: { status, headers: {}, truncated: false, body: JSON.stringify(body) },
  error: null,
  fetchedAt: '2026-11-20T15:00:00.000Z',
});
const chartError = (code: string, description: string) => ({ chart: { result: null, error: { code, description } } });
const early = chartError('Bad Request', "Data doesn't exist for startDate = 1688097600, endDate = 1695873600");
const meta = {
  symbol: 'ABC',
  exchangeName: 'YHD',
  instrumentType: 'EQUITY',
  exchangeTimezoneName: 'America/New_York',
  dataGranularity: '1d',
};
const leftOver = { symbol: 'ABC', exchange: 'YHD', quoteType: 'EQUITY', marketState: 'CLOSED' };

describe('a range before the first day of trading', () => {
  it('has no bars, and nothing failed', () => {
    for (const status of [200, 400, 404, 422]) {
      const answer = answerOf(status, early);
      expect(yahooParser.parse('bars', answer)).toEqual({
        quotes: [],
        bars: [],
        rejections: [],
        failure: null,
        missing: [],
      });
      expect(yahooParser.failureIn('bars', answer)).toBeNull();
    }
  });

  it.each([
    [
      'a request that is wrong',
      400,
      chartError('Bad Request', 'Invalid input - interval=7m is not supported.'),
      'bad_request',
    ],
    [
      'minutes that are too long ago',
      422,
      chartError('Unprocessable Entity', '1m data not available for startDate=1.'),
      'bad_request',
    ],
    [
      'a session that has ended',
      400,
      { finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Crumb' } } },
      'auth_expired',
    ],
    ['an empty list in place of a chart', 200, { chart: { result: [], error: null } }, 'no_data'],
    ['an unknown symbol', 400, chartError('Not Found', 'No data found, symbol may be delisted'), 'not_found'],
    ['a server that is broken', 503, early, 'down'],
    ['a refusal of robots', 403, early, 'blocked'],
  ])('is not %s', (_, status, body, reason) => {
    const answer = answerOf(status, body);
    expect(yahooParser.parse('bars', answer).failure?.reason).toBe(reason);
    expect(yahooParser.failureIn('bars', answer)?.reason).toBe(reason);
  });
});

describe('a symbol that is gone', () => {
  it('is not found, whatever is left of it', () => {
    const chart = { chart: { result: [{ meta, indicators: { quote: [{}] } }], error: null } };
    const quotes = {
      quoteResponse: { result: [leftOver, { ...leftOver, exchange: 'NMS', quoteType: 'NONE' }], error: null },
    };
    for (const [kind, body] of [
      ['bars', chart],
      ['quotes', quotes],
    ] as const) {
      const answer = answerOf(200, body);
      expect(yahooParser.parse(kind, answer).failure).toMatchObject({
        reason: 'not_found',
        detail: { code: 'unknown_symbol' },
      });
      expect(yahooParser.failureIn(kind, answer)?.reason).toBe('not_found');
    }
  });

  it('is missing beside others', () => {
    const row = { symbol: 'NEW', exchange: 'NMS', quoteType: 'EQUITY', currency: 'USD', regularMarketPrice: 5 };
    const parsed = yahooParser.parse(
      'quotes',
      answerOf(200, { quoteResponse: { result: [leftOver, row], error: null } }, ['ABC', 'NEW']),
    );
    expect(parsed).toMatchObject({ failure: null, rejections: [], missing: ['ABC'] });
    expect(parsed.quotes.map(({ subject }) => subject.symbol)).toEqual(['NEW']);
  });

  it('a row that lacks its price for no such reason is held back as before', () => {
    const row = { symbol: 'ABC', exchange: 'NMS', quoteType: 'EQUITY', currency: 'USD' };
    const parsed = yahooParser.parse('quotes', answerOf(200, { quoteResponse: { result: [row], error: null } }));
    expect(parsed).toMatchObject({ failure: null, missing: [], rejections: [{ reason: 'schema' }] });
  });

  it('keeps the bars that it had', () => {
    const rows = { timestamp: [1_000_000_000], indicators: { quote: [{ close: [5] }] } };
    const body = { chart: { result: [{ meta: { ...meta, currency: 'USD' }, ...rows }], error: null } };
    expect(yahooParser.parse('bars', answerOf(200, body)).bars[0]?.bars).toHaveLength(1);
  });
});

it('a previous close that is no number costs no price', () => {
  const row = { symbol: 'ABC', exchange: 'NMS', quoteType: 'EQUITY', currency: 'USD', regularMarketPrice: 5 };
  for (const nonsense of ['Infinity', {}, true]) {
    const result = [{ ...row, regularMarketPreviousClose: nonsense }];
    const parsed = yahooParser.parse('quotes', answerOf(200, { quoteResponse: { result, error: null } }));
    expect(parsed).toMatchObject({ rejections: [], quotes: [{ quote: { price: '5', previousClose: null } }] });
  }
});
