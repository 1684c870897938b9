import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../core/contracts/blob.ts';
import type { Question } from '../../../core/contracts/proxy.ts';
import { readOneAnswer } from '../../../core/proxy/read-answer.ts';
import { readQuoteAnswer } from '../../../core/proxy/read-quotes.ts';
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
  body: null,
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

  const drifted = (symbol: string) => ({
    ...{ symbol, quoteType: 'EQUITY', regularMarketTime: '2', regularMarketVolume: 3 },
    lastPrice: { raw: 1 },
  });
  /** As Yahoo says it of a name that is not traded any more. */
  const delisted = (symbol: string) => ({ symbol, quoteType: 'EQUITY', regularMarketTime: 2, fiftyTwoWeekLow: 1 });

  it.each([
    ['without a type', { symbol: 'ADH', quoteType: 'NONE' }],
    ['of a name that is delisted, with the time of its last price', delisted('ADH')],
    ['with its price under another name', drifted('ADH')],
    ['with its price as text', { ...row, symbol: 'ADH', regularMarketPrice: '1' }],
    ['with no price but its formatted one', { ...row, symbol: 'ADH', regularMarketPrice: { fmt: '1' } }],
    ['with nothing but a symbol', { symbol: 'ADH' }],
  ])('a row %s is passed on as Yahoo said it, alone and among others', (_what, odd) => {
    for (const result of [[odd], [row, odd], [odd, { ...row, symbol: 'BABA' }, row]]) {
      const read = readQuoteAnswer(quotes(result), ['AAPL', 'ADH']);
      if ('failure' in read) throw new Error(read.failure.message);
      expect(read.rows.get('ADH')).toMatchObject({ status: 200, body: JSON.stringify(odd), lifetime: { keep: 60 } });
      expect(read.rows.get('AAPL')?.status).toBe(result.includes(row) ? 200 : 404);
      expect(read.drift).toBeNull();
    }
  });

  it('are given to who asked by another name than Yahoo answers by, where it is certain', () => {
    const named = (symbol: string) => ({ ...row, symbol });
    const given = (result: readonly unknown[], ...symbols: string[]) => {
      const read = readQuoteAnswer(quotes(result), symbols);
      if ('failure' in read) throw new Error(read.failure.message);
      return symbols
        .map((symbol) => read.rows.get(symbol)?.body ?? '')
        .map((body) => /"symbol":"([^"]+)"/.exec(body)?.[1]);
    };
    expect(given([named('META')], 'FB')).toEqual(['META']);
    expect(given([named('JPY=X'), row], 'USDJPY=X', 'AAPL', 'NOPE')).toEqual(['JPY=X', 'AAPL', undefined]);
    expect(given([named('META')], 'FB', 'NOPE')).toEqual([undefined, undefined]);
    expect(given([named('META'), named('GOOG')], 'FB')).toEqual([undefined]);
  });

  it('are each as Yahoo wrote it, numbers, escapes and order', () => {
    const text =
      '{"symbol":"AAPL", "regularMarketPrice":246.0,"marketCap":3.7E12,"id":9007199254740993,"name":"A\\u0026\\/"}';
    const body = ` {"quoteResponse":{"error":null,"result":[null, ${text} ]}}`;
    for (const mark of ['', '\ufeff']) {
      const read = readQuoteAnswer(exchange(200, mark + body), ['AAPL']);
      expect('rows' in read && read.rows.get('AAPL')?.body).toBe(text);
    }
    expect(quoteAnswerBody([text], new Set(['marketCap']))).toBe(
      '{"quoteResponse":{"result":[{"symbol":"AAPL","regularMarketPrice":246.0,"marketCap":3.7E12}],"error":null}}',
    );
  });

  it.each([
    ['nothing', null],
    ['a text', 'x'],
    ['a list', []],
    ['a row without a symbol', { regularMarketPrice: 1 }],
  ])('what cannot be given to anybody is left out: %s', (_what, odd) => {
    const read = readQuoteAnswer(quotes([odd, row]), ['AAPL', 'ADH']);
    if ('failure' in read) throw new Error(read.failure.message);
    expect([...read.rows].map(([symbol, { status }]) => [symbol, status])).toEqual([
      ['AAPL', 200],
      ['ADH', 404],
    ]);
  });

  it('most of which have no price where it used to be are drift, but those that have one are answers', () => {
    const read = readQuoteAnswer(quotes([row, drifted('A'), drifted('B'), drifted('C'), delisted('D')]), [
      ...['AAPL', 'A', 'B', 'C', 'D', 'E'],
    ]);
    if ('failure' in read) throw new Error(read.failure.message);
    expect(read.drift).toMatchObject({ reason: 'schema_drift', detail: { code: 'prices_missing', rows: 3, of: 5 } });
    expect([...read.rows.keys()].toSorted()).toEqual(['AAPL', 'D']);
  });

  it('a list of delisted names is no drift', () => {
    const names = ['A', 'B', 'C', 'D', 'E'];
    const read = readQuoteAnswer(quotes(names.map(delisted)), names);
    expect(read).toMatchObject({ drift: null });
    expect('rows' in read && [...read.rows.values()].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  });

  it('of which there are none, without an error, are known to be missing', () => {
    const read = readQuoteAnswer(quotes(null), ['AAPL']);
    expect('rows' in read && read.rows.get('AAPL')).toMatchObject({ status: 404, lifetime: { keep: 60 } });
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

  it.each([
    [200, { chart: { result: [], error: null } }],
    [200, { timeseries: { result: null, error: null } }],
    [200, { chart: { result: null, error: { code: 'Not Found', description: 'No data found' } } }],
    [400, { finance: { error: { code: 'Bad Request', description: 'Missing required query parameter=q' } } }],
    [404, { finance: { result: [], error: null } }],
    [
      404,
      {
        quoteSummary: { result: null, error: { code: 'Not Found', description: 'No société M&M.NS, 日本 (50% off)' } },
      },
    ],
    [422, { chart: { result: null, error: { code: 'Unprocessable Entity', description: '1m data not available' } } }],
  ])('a %i that has nothing is passed on as Yahoo said it, and known for a minute: %j', (status, said) => {
    for (const spaces of [0, 2]) {
      const body = JSON.stringify(said, null, spaces);
      expect(readOneAnswer(exchange(status, body), question('chart'))).toMatchObject({
        status,
        body,
        lifetime: { keep: 60 },
      });
    }
  });

  it('a 200 that refuses the session is none', () => {
    const refused = { finance: { result: null, error: { code: 'Unauthorized', description: 'Invalid Crumb' } } };
    expect(readOneAnswer(exchange(200, refused), question('screener'))).toMatchObject({ failure: {} });
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
