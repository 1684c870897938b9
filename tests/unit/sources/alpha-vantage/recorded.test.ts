import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../core/contracts/blob.ts';
import { alphaVantageParser } from '../../../../core/sources/alpha-vantage/parse.ts';
import { alphaVantage } from '../../../../core/sources/alpha-vantage/source.ts';
import { publishedBody, recordingsExist } from '../../../support/recordings.ts';

const { parse, requests } = alphaVantageParser;
const { toSource, toCanonical } = alphaVantage;

function answerOf(body: unknown, symbols: string[], fetchedAt = '2018-10-06T10:00:00.000Z'): Exchange {
  return {
    request: { method: 'GET', url: 'https://www.alphavantage.co/query', headers: {}, symbols },
    response: {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      truncated: false,
    },
    error: null,
    fetchedAt,
    latencyMs: 10,
  };
}

describe.runIf(recordingsExist)('recorded answers of Alpha Vantage', () => {
  it('MSFT of 2018-10-05: price, previous close and volume as text says, dated by its day in New York', () => {
    const parsed = parse('quotes', answerOf(publishedBody('alpha-vantage/global-quote-MSFT.json'), ['MSFT']));
    expect(parsed).toMatchObject({ failure: null, rejections: [], missing: [] });
    expect(parsed.quotes).toEqual([
      {
        subject: {
          symbol: 'MSFT',
          name: 'Microsoft Corporation',
          assetClass: 'equity',
          listing: { mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' },
        },
        quote: {
          price: '112.13',
          previousClose: '112.79',
          bid: null,
          ask: null,
          volume: '29062853',
          currency: 'USD',
          minorFactor: 1,
          session: null,
          delaySeconds: null,
          // The day ends at midnight in New York, four hours behind UTC.
          asOf: Date.parse('2018-10-06T03:59:59.999Z'),
          asOfBasis: 'fetched',
        },
      },
    ]);
  });

  it('fetched during its day it is no newer than the fetch', () => {
    const during = '2018-10-05T15:00:00.000Z';
    const parsed = parse('quotes', answerOf(publishedBody('alpha-vantage/global-quote-MSFT.json'), ['MSFT'], during));
    expect(parsed.quotes[0]?.quote.asOf).toBe(Date.parse(during));
  });

  it('a series of minutes is not taken for daily bars', () => {
    const parsed = parse('bars', answerOf(publishedBody('alpha-vantage/time-series-intraday-MSFT.json'), ['MSFT']));
    expect(parsed).toMatchObject({ failure: { reason: 'schema_drift' }, bars: [], quotes: [] });
  });
});

describe('answers of Alpha Vantage', () => {
  const series = (rows: Record<string, unknown>, symbol = 'AAPL') => ({
    'Meta Data': { '1. Information': 'Daily Prices', '2. Symbol': symbol, '5. Time Zone': 'US/Eastern' },
    'Time Series (Daily)': rows,
  });
  const row = { '1. open': '86.49', '2. high': '86.50', '3. low': '86.475', '4. close': '86.50', '5. volume': '10494' };

  it('daily bars begin at midnight of New York, in winter and in summer', () => {
    const parsed = parse('bars', answerOf(series({ '2025-01-15': row, '2025-07-15': row }), ['AAPL']));
    expect(parsed.bars).toHaveLength(1);
    expect(parsed.bars[0]).toMatchObject({ basis: 'raw', actions: [] });
    expect(parsed.bars[0]?.bars.map(({ date, startsAt }) => [date, new Date(startsAt).toISOString()])).toEqual([
      ['2025-01-15', '2025-01-15T05:00:00.000Z'],
      ['2025-07-15', '2025-07-15T04:00:00.000Z'],
    ]);
    expect(parsed.bars[0]?.bars[0]).toMatchObject({ open: '86.49', close: '86.5', volume: '10494', currency: 'USD' });
  });

  it('a bar that is none is rejected alone', () => {
    const bad = { ...row, '4. close': 'n/a' };
    const parsed = parse('bars', answerOf(series({ '2025-01-15': row, '2025-01-16': bad, yesterday: row }), ['AAPL']));
    expect(parsed.bars[0]?.bars).toHaveLength(1);
    expect(parsed.rejections.map(({ reason, path }) => [reason, path])).toEqual([
      ['schema', 'Time Series (Daily)["2025-01-16"]'],
      ['schema', 'Time Series (Daily)["yesterday"]'],
    ]);
  });

  it('a symbol whose venue and currency nobody has said comes without a listing', () => {
    const parsed = parse('bars', answerOf(series({ '2025-01-15': row }, 'SAP.DEX'), ['SAP.DEX']));
    expect(parsed.bars[0]).toMatchObject({
      subject: { listing: null, assetClass: 'other' },
      bars: [{ currency: null }],
    });
  });

  it.each([
    ['Note', 'Our standard API call frequency is 5 calls per minute and 500 calls per day.', 'rate_limited'],
    [
      'Information',
      'Please spread out your requests more sparingly (1 request per second), 25 requests per day',
      'rate_limited',
    ],
    ['Information', 'Words that nobody has seen before.', 'rate_limited'],
    ['Information', 'our standard API rate limit is 25 requests per day', 'quota_exhausted'],
    ['Error Message', 'the parameter apikey is invalid or missing.', 'auth_expired'],
    ['Information', 'The **demo** API key is for demo purposes only. Please claim your free API key', 'auth_expired'],
    ['Error Message', 'Invalid API call. Please retry or visit the documentation', 'bad_request'],
    ['Information', 'Thank you! This is a premium endpoint.', 'bad_request'],
  ])('a 200 with %s and no data is a failure: %s', (name, said, reason) => {
    for (const kind of ['quotes', 'bars'] as const) {
      const parsed = parse(kind, answerOf({ [name]: said }, ['AAPL']));
      expect(parsed).toMatchObject({ quotes: [], bars: [], failure: { reason } });
      expect(parsed.failure?.message).not.toContain(said);
    }
  });

  it('an unknown symbol has no data', () => {
    expect(parse('quotes', answerOf({ 'Global Quote': {} }, ['NOPE'])).failure?.reason).toBe('no_data');
  });

  it('a number that no database takes is rejected', () => {
    const quote = {
      '01. symbol': 'AAPL',
      '05. price': `1.${'1'.repeat(20_000)}`,
      '07. latest trading day': '2025-01-15',
    };
    expect(parse('quotes', answerOf({ 'Global Quote': quote }, ['AAPL'])).rejections).toHaveLength(1);
  });

  it('symbols are mapped there and back, and what it does not have is not asked for', () => {
    for (const [canonical, own] of [
      ['AAPL', 'AAPL'],
      ['BRK-B', 'BRK-B'],
      ['SAP.DE', 'SAP.DEX'],
      ['SHOP.TO', 'SHOP.TRT'],
    ] as const) {
      expect(toSource(canonical)).toBe(own);
      expect(toCanonical(own)).toBe(canonical);
    }
    for (const other of ['^GSPC', 'BTC-USD', 'EURUSD=X', 'GC=F', '7203.T', 'VOD.L']) expect(toSource(other)).toBeNull();
  });

  it('asks one symbol a request, and puts no key into it', () => {
    expect(requests({ kind: 'quotes', job: 'quotes', symbols: ['AAPL', 'MSFT'], now: 0 })).toEqual([
      { path: '/query', query: { function: 'GLOBAL_QUOTE', symbol: 'AAPL' }, symbols: ['AAPL'] },
      { path: '/query', query: { function: 'GLOBAL_QUOTE', symbol: 'MSFT' }, symbols: ['MSFT'] },
    ]);
  });
});
