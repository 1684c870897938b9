import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../core/contracts/blob.ts';
import type { Question } from '../../../core/contracts/proxy.ts';
import { readOneAnswer, readQuoteAnswer } from '../../../core/proxy/read-answer.ts';
import { quoteAnswerBody } from '../../../core/proxy/select-fields.ts';

const exchange = (status: number, body: unknown): Exchange => ({
  request: { method: 'GET', url: '', headers: {}, symbols: [] },
  response: { status, headers: {}, body: typeof body === 'string' ? body : JSON.stringify(body), truncated: false },
  error: null,
  fetchedAt: '2026-11-20T15:30:00.000Z',
  latencyMs: 10,
});
const quotes = (result: unknown) => exchange(200, { quoteResponse: { result, error: null } });
const row = {
  symbol: 'AAPL',
  quoteType: 'EQUITY',
  marketState: 'REGULAR',
  regularMarketPrice: 1,
  regularMarketTime: 2,
};
const question = (route: Question['route']): Question => ({
  route,
  key: 'k',
  path: '/',
  query: {},
  symbol: 'AAPL',
  past: false,
});

describe('quotes', () => {
  it('are kept by symbol, and what Yahoo does not know is known to be missing', () => {
    const read = readQuoteAnswer(quotes([row]), ['AAPL', 'NOPE']);
    if ('failure' in read) throw new Error(read.failure.message);
    expect(read.rows.get('AAPL')).toEqual({
      status: 200,
      body: JSON.stringify(row),
      lifetime: { fresh: 5, reuse: 25, keep: 86_400 },
    });
    expect(read.rows.get('NOPE')).toMatchObject({ status: 404, lifetime: { keep: 60 } });
  });

  it('keep a symbol that Yahoo has no price of as it is', () => {
    const delisted = { symbol: 'ADH', quoteType: 'NONE' };
    const read = readQuoteAnswer(quotes([delisted]), ['ADH']);
    expect('rows' in read && read.rows.get('ADH')?.body).toBe(JSON.stringify(delisted));
  });

  it.each([
    ['a price under another name', { ...row, regularMarketPrice: undefined, lastPrice: 1 }],
    ['a price as text', { ...row, regularMarketPrice: '1' }],
    ['no symbol', { ...row, symbol: undefined }],
  ])('with %s are no answer', (_what, drifted) => {
    expect(readQuoteAnswer(quotes([row, drifted]), ['AAPL'])).toMatchObject({ failure: { reason: 'schema_drift' } });
  });

  it.each([
    [200, 'Too Many Requests\r\n', 'rate_limited'],
    [200, '<!doctype html>', 'blocked'],
    [200, '{"quoteResponse":{"resu', 'schema_drift'],
    [429, 'Too Many Requests', 'rate_limited'],
    [401, '{"finance":{"result":null,"error":{"code":"Unauthorized","description":"Invalid Crumb"}}}', 'auth_expired'],
    [500, '{"cookie":"A3=secret"}', 'down'],
  ] as const)('a %i that says %j is %s', (status, body, reason) => {
    expect(readQuoteAnswer(exchange(status, body), ['AAPL'])).toMatchObject({ failure: { reason } });
  });
});

describe('all else', () => {
  const chart = (meta: object) => ({
    chart: { result: [{ meta: { symbol: 'AAPL', ...meta }, indicators: { quote: [{}] } }], error: null },
  });
  const periods = {
    regular: { start: 1_795_188_600, end: 1_795_212_000 },
    pre: { start: 1_795_168_800, end: 1_795_188_600 },
  };

  it.each([
    ['while its market is open', { instrumentType: 'EQUITY', currentTradingPeriod: periods }, 30],
    ['while nobody says', {}, 60],
    ['of a crypto currency', { instrumentType: 'CRYPTOCURRENCY' }, 30],
    ['while its market is closed', { currentTradingPeriod: { regular: { start: 1, end: 2 } } }, 600],
  ])('a daily chart %s is given out as it came', (_when, meta, fresh) => {
    const body = JSON.stringify(chart(meta));
    expect(readOneAnswer(exchange(200, body), question('chart'))).toMatchObject({
      status: 200,
      body,
      lifetime: { fresh },
    });
  });

  it('a refusal is passed on in Yahoo’s form, and not what a careless server wrote into it', () => {
    const refusal = (description: string) =>
      readOneAnswer(
        exchange(404, { chart: { result: null, error: { code: 'Not Found', description } } }),
        question('chart'),
      );
    expect(refusal('No data found, symbol may be delisted')).toMatchObject({
      status: 404,
      body: '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found, symbol may be delisted"}}}',
    });
    expect(refusal('cookie {"A3":"d=secret&S=secret"}')).toMatchObject({ body: expect.not.stringContaining('secret') });
    expect(readOneAnswer(exchange(404, '<html>'), question('chart'))).toMatchObject({
      failure: { reason: 'not_found' },
    });
  });

  it('an answer of another form is none', () => {
    for (const route of ['chart', 'summary', 'search', 'timeseries'] as const)
      expect(readOneAnswer(exchange(200, { times: [] }), question(route))).toMatchObject({
        failure: { reason: 'schema_drift' },
      });
  });
});

it('fields are picked from the whole row, with those that Yahoo always sends', () => {
  const rows = [JSON.stringify({ symbol: 'AAPL', marketState: 'REGULAR', bid: 1, ask: 2 })];
  expect(quoteAnswerBody(rows, new Set(['bid']))).toBe(
    '{"quoteResponse":{"result":[{"symbol":"AAPL","marketState":"REGULAR","bid":1}],"error":null}}',
  );
  expect(quoteAnswerBody([], new Set())).toBe('{"quoteResponse":{"result":[],"error":null}}');
});
