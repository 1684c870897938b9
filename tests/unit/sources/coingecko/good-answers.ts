import { fetchedAt, type GoodAnswer, listedShare } from '../../../support/good-answer.ts';

const coins = (price: unknown) => [
  {
    id: 'bitcoin',
    name: 'Bitcoin',
    current_price: price,
    total_volume: 10,
    last_updated: new Date(fetchedAt - 60_000).toISOString(),
  },
];

export const goodAnswers: readonly GoodAnswer[] = [
  {
    kind: 'quotes',
    body: coins,
    price: 96_077.45,
    symbol: 'bitcoin',
    url: 'https://api.coingecko.com/api/v3/coins/markets?vs_currency=usd&ids=bitcoin',
    listing: { ...listedShare, assetClass: 'crypto', mic: 'QCRY', zone: 'UTC' },
    rows: 1,
  },
];
