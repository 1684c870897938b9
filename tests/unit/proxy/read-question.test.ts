import { describe, expect, it } from 'vitest';
import { indexSymbol } from '../../../core/proxy/indices.ts';
import { maxSymbols, readOne, readQuotes } from '../../../core/proxy/read-question.ts';

const now = Date.UTC(2026, 10, 20, 15, 30);
const seconds = now / 1000;
const quotes = (query: string) => readQuotes(new URLSearchParams(query));
const chart = (query: string, symbol = 'AAPL', at = now) => readOne('chart', symbol, new URLSearchParams(query), at);
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
      const asked = readQuotes(new URLSearchParams({ symbols: `AAPL,${symbol}` }));
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

it('summaries and searches need their one parameter', () => {
  expect(readOne('summary', 'AAPL', new URLSearchParams(), now)).toMatchObject({ error: { status: 400 } });
  expect(readOne('search', null, new URLSearchParams(), now)).toMatchObject({
    error: { body: expect.stringContaining('Missing required query parameter=q') },
  });
  const modules = (text: string) => first(readOne('summary', 'AAPL', new URLSearchParams({ modules: text }), now)).key;
  expect(modules('price,quoteType')).toBe(modules('quoteType,price'));
});

it('a repeated parameter and a list are the same', () => {
  const types = (query: string) => first(readOne('timeseries', 'AAPL', new URLSearchParams(query), now)).key;
  expect(types('type=a&type=b')).toBe(types('type=b,a'));
});

it('a key is short, however long the request', () => {
  const modules = Array.from({ length: 60 }, (_, at) => `module${at}`)
    .join(',')
    .slice(0, 480);
  expect(first(readOne('summary', 'AAPL', new URLSearchParams({ modules }), now)).key.length).toBeLessThan(100);
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
