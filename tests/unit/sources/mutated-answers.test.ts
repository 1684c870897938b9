import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Exchange } from '../../../core/contracts/blob.ts';
import type { JobKind } from '../../../core/contracts/words/job-kinds.ts';
import type { KnownListing } from '../../../core/market/instrument.ts';
import { checkBars } from '../../../core/prices/check-bars.ts';
import { checkQuotes } from '../../../core/prices/check-quotes.ts';
import type { PriorQuote } from '../../../core/prices/evidence.ts';
import { jumpFactor } from '../../../core/prices/thresholds.ts';
import { parserOf } from '../../../core/sources/catalogue.ts';
import type { Parsed } from '../../../core/sources/parser.ts';
import { enrich } from '../../../functions/ingest/enrich-answer.ts';
import { anyCharacter } from '../../support/any-character.ts';

const fetchedAt = Date.UTC(2026, 10, 20, 15);
const seconds = fetchedAt / 1000;

/** A good answer of a source, with the one price of it that is changed. */
interface Sample {
  readonly source: string;
  readonly kind: JobKind;
  readonly body: unknown;
  readonly url: string;
  readonly symbol: string;
  readonly price: number;
  readonly listing: KnownListing;
  /** The body with another price. */
  readonly withPrice: (price: unknown) => unknown;
}

const shares: KnownListing = {
  id: 1,
  assetClass: 'equity',
  mic: 'XNAS',
  currency: 'USD',
  minorFactor: 1,
  zone: 'America/New_York',
};
const coin: KnownListing = { ...shares, assetClass: 'crypto', mic: 'QCRY', zone: 'UTC' };

const yahooQuote = (price: unknown) => ({
  quoteResponse: {
    result: [
      {
        symbol: 'AAPL',
        quoteType: 'EQUITY',
        currency: 'USD',
        exchange: 'NMS',
        exchangeTimezoneName: 'America/New_York',
        exchangeDataDelayedBy: 0,
        marketState: 'REGULAR',
        longName: 'Apple Inc.',
        regularMarketPrice: price,
        regularMarketTime: seconds - 60,
        regularMarketPreviousClose: 241.53,
        regularMarketVolume: 53_614_054,
        bid: 244.5,
        ask: 244.7,
      },
    ],
    error: null,
  },
});
const day = 86_400;
const yahooChart = (close: unknown) => ({
  chart: {
    result: [
      {
        meta: {
          symbol: 'AAPL',
          currency: 'USD',
          exchangeName: 'NMS',
          instrumentType: 'EQUITY',
          exchangeTimezoneName: 'America/New_York',
          dataGranularity: '1d',
          currentTradingPeriod: { regular: { start: seconds - 1_800, end: seconds + 21_600 } },
        },
        timestamp: [seconds - 4 * day, seconds - 3 * day, seconds - 2 * day],
        events: { dividends: { a: { amount: 0.2, date: seconds - 3 * day } } },
        indicators: {
          quote: [
            {
              open: [243, 244, 245],
              high: [246, 246, 247],
              low: [242, 243, 244],
              close: [244, close, 245.5],
              volume: [1, 2, 3],
            },
          ],
        },
      },
    ],
    error: null,
  },
});
const avQuote = (price: unknown) => ({
  'Global Quote': {
    '01. symbol': 'AAPL',
    '02. open': '243.0000',
    '05. price': price,
    '06. volume': '100',
    '07. latest trading day': '2026-11-20',
    '08. previous close': '241.5300',
  },
});
const avBar = (close: unknown) => ({
  '1. open': '243.00',
  '2. high': '247.00',
  '3. low': '242.00',
  '4. close': close,
  '5. volume': '5',
});
const avSeries = (close: unknown) => ({
  'Meta Data': { '2. Symbol': 'AAPL', '5. Time Zone': 'US/Eastern' },
  'Time Series (Daily)': { '2026-11-19': avBar('244.00'), '2026-11-18': avBar(close), '2026-11-17': avBar('243.50') },
});
const coins = (price: unknown) => [
  {
    id: 'bitcoin',
    name: 'Bitcoin',
    current_price: price,
    total_volume: 10,
    last_updated: new Date(fetchedAt - 60_000).toISOString(),
  },
];

const samples: readonly Sample[] = [
  {
    source: 'yahoo',
    kind: 'quotes',
    body: yahooQuote(244.6),
    withPrice: yahooQuote,
    price: 244.6,
    symbol: 'AAPL',
    url: 'https://query2.finance.yahoo.com/',
    listing: shares,
  },
  {
    source: 'yahoo',
    kind: 'bars',
    body: yahooChart(245),
    withPrice: yahooChart,
    price: 245,
    symbol: 'AAPL',
    url: 'https://query2.finance.yahoo.com/',
    listing: shares,
  },
  {
    source: 'alpha-vantage',
    kind: 'quotes',
    body: avQuote('244.6000'),
    withPrice: avQuote,
    price: 244.6,
    symbol: 'AAPL',
    url: 'https://www.alphavantage.co/query',
    listing: shares,
  },
  {
    source: 'alpha-vantage',
    kind: 'bars',
    body: avSeries('244.5000'),
    withPrice: avSeries,
    price: 244.5,
    symbol: 'AAPL',
    url: 'https://www.alphavantage.co/query',
    listing: shares,
  },
  {
    source: 'coingecko',
    kind: 'quotes',
    body: coins(96_077.45),
    withPrice: coins,
    price: 96_077.45,
    symbol: 'bitcoin',
    url: 'https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin',
    listing: coin,
  },
];

function exchangeOf(sample: Sample, body: string): Exchange {
  return {
    request: { method: 'GET', url: sample.url, headers: {}, symbols: [sample.symbol] },
    response: { status: 200, headers: { 'content-type': 'application/json' }, body, truncated: false },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 1,
  };
}

/** The same value with one place in it changed: replaced, taken away, doubled or renamed. */
function mutate(value: unknown, at: number, how: number, by: unknown): unknown {
  let left = at;
  const walk = (node: unknown): unknown => {
    if (left-- === 0) return how === 0 ? by : how === 1 ? [node, node] : how === 2 ? String(node) : { value: node };
    if (Array.isArray(node)) {
      const made = node.map(walk);
      return how === 4 && left < 0 ? made.slice(1) : made;
    }
    if (typeof node !== 'object' || node === null) return node;
    const entries = Object.entries(node).map(([name, each]): [string, unknown] => [name, walk(each)]);
    return Object.fromEntries(how === 5 ? entries.filter((_, index) => index !== at % entries.length) : entries);
  };
  return walk(value);
}

const anyAnswer = (sample: Sample) =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.nat(60), fc.nat(5), fc.jsonValue())
        .map(([at, how, by]) => JSON.stringify(mutate(sample.body, at, how, by))),
    },
    // A price-like number where something else is expected, and the other way round.
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.nat(60), fc.double({ noNaN: true }))
        .map(([at, by]) => JSON.stringify(mutate(sample.body, at, 0, by))),
    },
    { weight: 2, arbitrary: fc.nat(2_000).map((length) => JSON.stringify(sample.body).slice(0, length)) },
    {
      weight: 2,
      arbitrary: fc.tuple(fc.nat(2_000), fc.string({ maxLength: 6, unit: anyCharacter })).map(([at, text]) => {
        const whole = JSON.stringify(sample.body);
        const place = at % whole.length;
        return whole.slice(0, place) + text + whole.slice(place + text.length);
      }),
    },
    { weight: 1, arbitrary: fc.json() },
    { weight: 1, arbitrary: fc.string({ unit: anyCharacter }) },
  );

/** What of an answer would be stored, where the stored price is the sample's own. */
async function stored(sample: Sample, parsed: Parsed): Promise<{ prices: string[]; rejected: number }> {
  const enriched = enrich(parsed, fetchedAt, 'exchanges[0]', (symbol) =>
    symbol === sample.symbol ? sample.listing : undefined,
  );
  const prior: PriorQuote = { price: sample.price, asOf: fetchedAt - 120_000 };
  const quotes = await checkQuotes(enriched.quotes, {
    priors: new Map([[1, prior]]),
    otherPrices: async () => new Map(),
  });
  const bars = enriched.bars.map((series) => checkBars(series, prior));
  return {
    prices: [
      ...quotes.accepted.map((row) => row.quote.price),
      ...bars.flatMap((each) => each.accepted.bars.map((bar) => bar.close)),
    ],
    rejected:
      enriched.rejected.length + quotes.rejected.length + bars.reduce((sum, each) => sum + each.rejected.length, 0),
  };
}

const cases = samples.map(async (sample) => {
  const parser = await parserOf(sample.source);
  return [`${sample.source} ${sample.kind}`, sample, parser] as const;
});

describe.each(await Promise.all(cases))('%s', (_name, sample, parser) => {
  const parse = (body: unknown) =>
    parser.parse(sample.kind, exchangeOf(sample, typeof body === 'string' ? body : JSON.stringify(body)));
  const rows = sample.kind === 'quotes' ? 1 : 3;

  it('the answer is good as it is', async () => {
    const { prices, rejected } = await stored(sample, parse(sample.body));
    expect([prices.length, rejected]).toEqual([rows, 0]);
    expect(prices.map(Number)).toContain(sample.price);
  });

  it('10,000 mutated answers give records, rejections or a failure, never a throw', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer(sample), async (body) => {
        const exchange = exchangeOf(sample, body);
        const parsed = parser.parse(sample.kind, exchange);
        expect(parser.failureIn(sample.kind, exchange)).toEqual(parsed.failure);
        if (parsed.failure) expect([parsed.quotes, parsed.bars]).toEqual([[], []]);
        // What is read must go through the checks, too.
        await stored(sample, parsed);
      }),
      { numRuns: 10_000 },
    );
  }, 120_000);

  /*
   * Precisely: of an answer whose price field was changed to any JSON value, every row that would be stored is either one
   * that the change did not touch, or has a price that is no jump: within the asset class's factor of the price that was
   * there (give or take what the previous close beside it differs). And a row that is not stored is named: by a rejection, a failure, or as missing.
   */
  it('a mutated price is stored only when the checks let it through, and else is told of', async () => {
    const others = rows === 1 ? [] : (await stored(sample, parse(sample.body))).prices;
    const limit = jumpFactor[sample.listing.assetClass];
    const price = fc.oneof(
      fc.double({ noNaN: true }),
      fc.double({ min: 0, max: 1_000_000, noNaN: true }),
      fc.double({ min: sample.price / 4, max: sample.price * 4, noNaN: true }),
      fc.constantFrom(0, -1, 1e-9, sample.price * 100, sample.price / 100, 'Infinity', '', null, true, [], {}),
      fc.jsonValue(),
    );
    const asText = sample.source === 'alpha-vantage';
    await fc.assert(
      fc.asyncProperty(price, async (mutated) => {
        const written = asText && typeof mutated === 'number' ? String(mutated) : mutated;
        const parsed = parse(sample.withPrice(written));
        const { prices, rejected } = await stored(sample, parsed);
        for (const each of prices) {
          if (others.includes(each)) continue;
          const value = Number(each);
          expect(value / sample.price).toBeLessThanOrEqual(limit * 1.02);
          expect(value / sample.price).toBeGreaterThanOrEqual(1 / (limit * 1.02));
        }
        // A day without a close and without anything else is a place that Yahoo keeps: here the others are given.
        if (prices.length < rows)
          expect(rejected + parsed.missing.length + (parsed.failure ? 1 : 0)).toBeGreaterThan(0);
      }),
      { numRuns: 3_000 },
    );
  }, 60_000);
});
