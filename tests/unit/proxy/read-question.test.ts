import { describe, expect, it } from 'vitest';
import { indexSymbol } from '../../../core/proxy/indices.ts';
import { maxSymbols, readRequest } from '../../../core/proxy/read-question.ts';
import { routeNamed, routes } from '../../../core/proxy/routes.ts';

const now = Date.UTC(2026, 10, 20, 15, 30);
const seconds = now / 1000;
/** A request of a route as a client makes it. */
function ask(name: string, query: string | Record<string, string> = '', inPath?: string, body?: unknown, at = now) {
  const route = routeNamed(name);
  if (!route) throw new Error(`There is no route ${name}.`);
  const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
  return readRequest(route, { inPath, search: new URLSearchParams(query), body: text }, at);
}
const quotes = (query: string) => ask('quote', query);
const chart = (query: string, symbol = 'AAPL', at = now) => ask('chart', query, symbol, undefined, at);
function first(asked: ReturnType<typeof quotes>) {
  if ('error' in asked) throw new Error(asked.error.body);
  const [question] = asked.questions;
  if (!question) throw new Error('no question');
  return question;
}

describe('quotes', () => {
  it('are one question per symbol, whatever came with them', () => {
    const asked = quotes('symbols=aapl, MSFT,AAPL,&crumb=abc&corsDomain=x&fields=bid,ask');
    if ('error' in asked) throw new Error('refused');
    expect(asked.questions.map(({ symbol }) => symbol)).toEqual(['AAPL', 'MSFT']);
    expect(asked.questions.map(({ query }) => query)).toEqual([{}, {}]);
    expect([...asked.fields]).toEqual(['bid', 'ask']);
    expect(first(quotes('symbols=AAPL')).key).toBe(asked.questions[0]?.key);
  });

  it('with what Yahoo does anyway are the same question, in another language another', () => {
    const plain = first(quotes('symbols=AAPL')).key;
    expect(first(quotes('symbols=AAPL&formatted=false&lang=en-US&region=US')).key).toBe(plain);
    expect(first(quotes('symbols=AAPL&lang=de-DE')).key).not.toBe(plain);
  });

  it('without a symbol, or of too many, are refused in Yahoo’s form', () => {
    expect(quotes('')).toEqual({
      error: {
        status: 400,
        contentType: 'application/json;charset=utf-8',
        body: '{"quoteResponse":{"result":null,"error":{"code":"argument-error","description":"Missing value for the \\"symbols\\" argument"}}}',
      },
    });
    const many = Array.from({ length: maxSymbols + 1 }, (_, at) => `S${at}`).join(',');
    expect(quotes(`symbols=${many}`)).toMatchObject({ error: { status: 400 } });
  });

  it.each(['../../etc', 'A/B', 'A B', '<script>', "'; drop", 'A'.repeat(33), '%00', 'A\nB'])(
    'leave out what cannot be a symbol: %j',
    (symbol) => {
      const asked = ask('quote', { symbols: `AAPL,${symbol}` });
      if ('error' in asked) throw new Error('refused');
      expect(asked.questions.map((each) => each.symbol)).toEqual(['AAPL']);
    },
  );
});

describe('charts', () => {
  it('until now are one question, whenever now is', () => {
    const asked = (to: number, at: number) => first(chart(`period1=1&period2=${to}`, 'AAPL', at));
    const one = asked(seconds, now);
    expect(asked(seconds + 20, now + 20_000).key).toBe(one.key);
    expect(asked(9_999_999_999, now).key).toBe(one.key);
    expect(one.past).toBe(false);
    // The first request fetches no less than the others want.
    expect(asked(seconds - 30, now).query['period2']).toBe(String(seconds));
  });

  it('until an hour ago are another, and of last week belong to the past', () => {
    expect(first(chart(`period1=1&period2=${seconds - 3_600}`)).key).toContain(`period2=${seconds - 3_600}`);
    expect(first(chart(`period1=1&period2=${seconds - 3_600}`)).past).toBe(false);
    expect(first(chart(`period1=1&period2=${seconds - 7 * 86_400}`)).past).toBe(true);
  });

  it('are the same however the events are listed and the flags spelled', () => {
    const key = first(chart('events=div|split&includePrePost=False')).key;
    expect(first(chart('events=split,div')).key).toBe(key);
    expect(first(chart('includePrePost=True')).key).not.toBe(key);
  });

  it('send values as clients write them: parts of seconds, numbers for flags, spaces in lists', () => {
    const sent = (query: string) => first(chart(query)).query;
    expect(sent('period1=1577836800.0&period2=1578009600.5')).toEqual({
      period1: '1577836800.0',
      period2: '1578009600.5',
    });
    expect(sent('includePrePost=1')).toEqual({ includePrePost: 'true' });
    expect(sent('includePrePost=0')).toEqual({});
    expect(sent('events=split,%20div')).toEqual({ events: 'split, div' });
    // yahooquery, of what it was not given.
    expect(sent('period1=None&numberOfPoints=null&range=1d')).toEqual({ range: '1d' });
    expect(ask('insights', 'symbol=AAPL&reportsCount=None')).toMatchObject({
      questions: [{ query: { symbol: 'AAPL' } }],
    });
    const summary = (query: string) => first(ask('summary', query, 'AAPL'));
    expect(summary('modules=price,+summaryDetail').query).toEqual({ modules: 'price,summaryDetail' });
    // Finance::Quote has no symbol in the path.
    const [inPath, beside] = [summary('modules=price'), first(ask('summary', 'symbols=aapl&modules=price'))];
    expect(beside).toEqual(inPath);
    expect(ask('summary', 'symbols=AAPL,MSFT&modules=price')).toMatchObject({ error: { status: 404 } });
  });

  it('know their own parameters and no others', () => {
    const { query } = first(chart('range=5d&interval=1d&crumb=x&url=http://evil&callback=alert&modules=price'));
    expect(query).toEqual({ range: '5d', interval: '1d' });
  });

  it.each(['interval=1d%0d%0aX: y', 'range=<b>', 'period1=abc', 'includePrePost=maybe', 'region=../x'])(
    'refuse %s',
    (query) => {
      expect(chart(query)).toMatchObject({ error: { status: 400, body: expect.stringContaining('"chart"') } });
    },
  );

  it('of no symbol are not found', () => {
    expect(chart('', 'a b')).toMatchObject({ error: { status: 404 } });
    expect(first(chart('', '^gspc')).path).toBe('/v8/finance/chart/%5EGSPC');
  });
});

describe('every route', () => {
  it.each(
    routes.flatMap(({ name, parameters }) =>
      Object.entries(parameters).flatMap(([parameter, { isRequired }]) => (isRequired ? [[name, parameter]] : [])),
    ),
  )('%s without %s is refused in words of Yahoo’s', (name = '', parameter = '') => {
    const others = Object.keys(routeNamed(name)?.parameters ?? {}).filter((each) => each !== parameter);
    const rest = Object.fromEntries(others.flatMap((each) => (each === 'serviceKey' ? [[each, 'ncp_fin']] : [])));
    const asked = ask(name, rest, 'AAPL', {});
    expect('error' in asked && asked.error.status).toBe(400);
    expect('error' in asked && asked.error.body).toMatch(/Missing required query parameter=\w+/);
  });

  it.each(routes.map(({ name }) => [name]))('%s sends no parameter that it does not know', (name) => {
    const known = { q: 'a', query: 'a', modules: 'price', scrIds: 'a', symbol: 'A', symbols: 'A', queryRef: 'a' };
    const asked = ask(
      name,
      { ...known, serviceKey: 'a', crumb: 'stolen', corsDomain: 'x', callback: 'alert', ssl_key: 'x' },
      'us',
      { query: {}, serviceConfig: {}, evil: 1 },
    );
    expect(JSON.stringify(first(asked))).not.toMatch(/stolen|corsDomain|callback|alert|evil|ssl_key/);
  });

  it('takes every type of statement in one request, and refuses what is longer or no word', () => {
    const types = Array.from({ length: 150 }, (_, at) => `quarterlyTypeOfStatement${at}`);
    const asked = first(ask('timeseries', { type: types.join(',') }, 'AAPL'));
    expect(asked.query['type']?.split(',')).toEqual(types);
    expect(asked.key.length).toBeLessThan(100);
    expect(ask('timeseries', { type: `a,${'b'.repeat(121)}` }, 'AAPL')).toMatchObject({ error: { status: 400 } });
    const most = Array.from({ length: 400 }, (_, at) => `quarterlyTypeOfFinancialStatements${at}`).join(',');
    expect(most.length).toBeGreaterThan(14_000);
    expect(first(ask('timeseries', { type: most }, 'AAPL')).query['type']).toBe(most);
    expect(ask('timeseries', { type: `${most},${most}` }, 'AAPL')).toMatchObject({ error: { status: 400 } });
    expect(ask('timeseries', { type: 'annualEBIT,<script>' }, 'AAPL')).toMatchObject({ error: { status: 400 } });
    // What yfinance asks for the number of shares with.
    expect(first(ask('timeseries', 'period1=1&period2=2', 'AAPL')).query).toEqual({ period1: '1', period2: '2' });
  });

  it('is the same question whatever the order of a list, and sends the client’s', () => {
    const modules = (list: string) => first(ask('summary', { modules: list }, 'AAPL'));
    expect(modules('price,quoteType').key).toBe(modules('quoteType,price').key);
    expect(modules('quoteType,price,price').query).toEqual({ modules: 'quoteType,price' });
    const types = (query: string) => first(ask('timeseries', query, 'AAPL')).key;
    expect(types('type=a&type=b')).toBe(types('type=b,a'));
  });

  it.each([
    ['options', 'a b'],
    ['recommendations', 'AAPL,../x'],
    ['trending', 'U.S'],
    ['sectors', 'a/b'],
    ['industries', ''],
  ])('%s finds nothing under %j', (name, inPath) => {
    expect(ask(name, '', inPath)).toMatchObject({ error: { status: 404 } });
  });

  it('has its own form of errors, and asks for what its path names', () => {
    expect(first(ask('recommendations', '', 'aapl,BMW.DE')).path).toBe(
      '/v6/finance/recommendationsbysymbol/AAPL,BMW.DE',
    );
    expect(first(ask('trending', '', 'gb')).path).toBe('/v1/finance/trending/GB');
    expect(first(ask('insights', 'symbol=aapl')).symbol).toBe('AAPL');
    expect(ask('options', 'date=tomorrow', 'AAPL')).toMatchObject({
      error: { body: expect.stringContaining('"optionChain"') },
    });
  });
});

describe('what is posted', () => {
  const body = { size: 5, query: { operator: 'and', operands: [{ operator: 'eq', operands: ['region', 'us'] }] } };

  it('is one question whatever its spaces and the order of its names, and another with other values', () => {
    const key = (text: unknown) => first(ask('screener', '', undefined, text)).key;
    expect(key(JSON.stringify(body, null, 2))).toBe(key({ query: body.query, size: 5 }));
    expect(key({ ...body, size: 6 })).not.toBe(key(body));
    expect(key({ ...body, query: { ...body.query, operands: [] } })).not.toBe(key(body));
    // The order of a list says something.
    const list = (...includeFields: string[]) => first(ask('visualization', '', undefined, { includeFields })).key;
    expect(list('ticker', 'eventname')).not.toBe(list('eventname', 'ticker'));
  });

  it('is sent with the names that the route knows, and nothing else', () => {
    expect(first(ask('screener', '', undefined, { ...body, token: 'secret' })).body).toBe(JSON.stringify(body));
  });

  it.each([
    ['no JSON', '{"size":', 400],
    ['nothing', '', 400],
    ['a list', '[]', 400],
    ['a number', '1', 400],
    ['nested without end', `{"query":${'['.repeat(30)}${']'.repeat(30)}}`, 400],
    ['too long', JSON.stringify({ query: 'x'.repeat(32_000) }), 413],
  ])('is refused when it is %s', (_what, text, status) => {
    expect(ask('screener', '', undefined, text)).toMatchObject({
      error: { status, body: expect.stringContaining('"finance"') },
    });
  });
});

it.each([
  ['^GSPC', '^GSPC'],
  ['^gspc', '^GSPC'],
  ['sp500', '^GSPC'],
  ['S&P 500', '^GSPC'],
  ['Dow Jones', '^DJI'],
  ['NASDAQ-100', '^NDX'],
  ['AAPL', null],
  ['', null],
  ['^<script>', null],
])('the index %j is %j', (name, symbol) => {
  expect(indexSymbol(name)).toBe(symbol);
});
