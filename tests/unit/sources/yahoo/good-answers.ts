import { fetchedAt, type GoodAnswer, listedShare } from '../../../support/good-answer.ts';

const seconds = fetchedAt / 1000;
const day = 86_400;

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

const common = {
  price: 244.6,
  symbol: 'AAPL',
  url: 'https://query2.finance.yahoo.com/',
  listing: listedShare,
} as const;

export const goodAnswers: readonly GoodAnswer[] = [
  { ...common, kind: 'quotes', body: yahooQuote, rows: 1 },
  { ...common, kind: 'bars', body: yahooChart, price: 245, rows: 3 },
];
