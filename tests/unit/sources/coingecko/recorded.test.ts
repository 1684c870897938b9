import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../../core/contracts/blob.ts';
import { coingeckoParser } from '../../../../core/sources/coingecko/parse.ts';
import { coingecko } from '../../../../core/sources/coingecko/source.ts';
import { publishedBody, recordingsExist } from '../../../support/recordings.ts';

const { parse, requests } = coingeckoParser;
const { toSource, toCanonical } = coingecko;
const url = 'https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin';

function answerOf(body: unknown, of: { status?: number; url?: string; symbols?: string[] } = {}): Exchange {
  return {
    request: { method: 'GET', url: of.url ?? url, headers: {}, symbols: of.symbols ?? ['bitcoin'] },
    response: {
      status: of.status ?? 200,
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      truncated: false,
    },
    error: null,
    fetchedAt: '2022-09-23T15:00:00.000Z',
    latencyMs: 10,
  };
}

describe.runIf(recordingsExist)('the published answer of CoinGecko', () => {
  it('bitcoin: 18717.93 USD at the time it was last updated', () => {
    const parsed = parse('quotes', answerOf(publishedBody('coingecko/coins-markets.json')));
    expect(parsed).toMatchObject({ failure: null, rejections: [], missing: [] });
    expect(parsed.quotes).toEqual([
      {
        subject: {
          symbol: 'bitcoin',
          name: 'Bitcoin',
          assetClass: 'crypto',
          listing: { mic: 'QCRY', currency: 'USD', minorFactor: 1, zone: 'UTC' },
        },
        quote: {
          price: '18717.93',
          previousClose: null,
          bid: null,
          ask: null,
          volume: '33734565363',
          currency: 'USD',
          minorFactor: 1,
          session: null,
          delaySeconds: null,
          asOf: Date.parse('2022-09-23T14:59:10.845Z'),
          asOfBasis: 'exchange',
        },
      },
    ]);
  });
});

describe('answers of CoinGecko', () => {
  const coin = {
    id: 'bitcoin',
    name: 'Bitcoin',
    current_price: 1,
    total_volume: 2,
    last_updated: '2022-09-23T14:59:10.845Z',
  };
  const limited = { status: { error_code: 429, error_message: "You've exceeded the Rate Limit." } };

  it('too many requests is that, as a 429 and inside a 200', () => {
    expect(parse('quotes', answerOf(limited, { status: 429 })).failure?.reason).toBe('rate_limited');
    expect(parse('quotes', answerOf(limited)).failure?.reason).toBe('rate_limited');
  });

  it('an error in place of coins is a bad request, an empty list no data', () => {
    expect(parse('quotes', answerOf({ error: 'invalid vs_currency' })).failure?.reason).toBe('bad_request');
    expect(parse('quotes', answerOf([])).failure?.reason).toBe('no_data');
  });

  it('a coin without a price or a time is rejected alone', () => {
    const parsed = parse(
      'quotes',
      answerOf(
        [coin, { ...coin, id: 'ethereum', current_price: null }, { ...coin, id: 'solana', last_updated: 'now' }],
        {
          symbols: ['bitcoin', 'ethereum', 'solana', 'ripple'],
        },
      ),
    );
    expect(parsed.quotes).toHaveLength(1);
    expect(parsed.rejections.map(({ symbol, detail }) => [symbol, detail])).toEqual([
      ['ethereum', 'Missing or of another type: current_price.'],
      ['solana', 'Missing or of another type: last_updated.'],
    ]);
    expect(parsed.missing).toEqual(['ripple']);
  });

  it('prices are not read when the request does not say in which currency they are', () => {
    for (const other of [url.replace('usd', 'eur'), 'https://api.coingecko.com/', 'no url'])
      expect(parse('quotes', answerOf([coin], { url: other }))).toMatchObject({
        quotes: [],
        failure: { reason: 'bad_request' },
      });
  });

  it('ids are no symbols: they are mapped by a table, there and back', () => {
    expect([toSource('BTC-USD'), toSource('ETH-USD')]).toEqual(['bitcoin', 'ethereum']);
    expect([toCanonical('bitcoin'), toCanonical('avalanche-2')]).toEqual(['BTC-USD', 'AVAX-USD']);
    for (const other of ['AAPL', 'BTC-EUR', 'EURUSD=X', 'NOPE-USD', 'constructor-USD'])
      expect(toSource(other)).toBeNull();
  });

  it('asks for many coins at once, in dollars', () => {
    const [asked] = requests({ kind: 'quotes', job: 'quotes', symbols: ['bitcoin', 'ethereum'], now: 0 });
    expect(asked).toMatchObject({
      path: '/api/v3/coins/markets',
      query: { vs_currency: 'usd', ids: 'bitcoin,ethereum' },
    });
  });
});
