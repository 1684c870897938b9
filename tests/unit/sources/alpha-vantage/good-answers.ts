import { type GoodAnswer, listedShare } from '../../../support/good-answer.ts';

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

const common = {
  price: 244.6,
  asText: true,
  symbol: 'AAPL',
  url: 'https://www.alphavantage.co/query',
  listing: listedShare,
} as const;

export const goodAnswers: readonly GoodAnswer[] = [
  { ...common, kind: 'quotes', body: avQuote, rows: 1 },
  { ...common, kind: 'bars', body: avSeries, price: 244.5, rows: 3 },
];
