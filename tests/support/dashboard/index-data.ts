import type { ConstituentsView } from '../../../core/contracts/http/indices.ts';
import type { QuoteView } from '../../../core/contracts/http/market.ts';

const heavy: readonly (readonly [
  symbol: string,
  name: string,
  weight: number,
  price: number | null,
  change: number,
])[] = [
  ['NVDA', 'NVIDIA Corporation', 0.0712, 134.43, 0.0217],
  ['AAPL', 'Apple Inc.', 0.0705, 244.6, 0.0127],
  ['MSFT', 'Microsoft Corporation', 0.0621, 408.21, -0.0051],
  ['BRK-B', 'Berkshire Hathaway Inc. Class B', 0.0164, 478.7, 0],
  // Held back by the checks.
  ['JPM', 'JPMorgan Chase & Co.', 0.0136, null, 0],
];

/** The members of the S&P 500: a few that are known, and as many others as it takes. */
export function constituentsOf(quote: QuoteView, now = Date.now()): ConstituentsView {
  const others = Array.from({ length: 498 }, (_, at) => {
    const symbol = `Q${String.fromCharCode(65 + (at % 26), 65 + Math.floor(at / 26))}`;
    return [symbol, `Company number ${at + 6}`, 0.7662 / 498, 20 + at, at % 2 === 0 ? 0.004 : -0.003] as const;
  });
  const constituents = [...heavy, ...others].map(([symbol, name, weight, price, change], at) => ({
    rank: at + 1,
    instrument: {
      symbol,
      name,
      assetClass: 'equity' as const,
      mic: 'XNYS',
      exchange: 'NYSE',
      currency: 'USD',
      zone: 'America/New_York',
    },
    weight,
    price,
    previousClose: price === null ? null : price / (1 + change),
    change: price === null ? null : price - price / (1 + change),
    changeFraction: price === null ? null : change,
    currency: 'USD',
  }));
  const at = new Date(now - 95_000).toISOString();
  return {
    index: quote.instrument,
    source: 'slickcharts',
    date: at.slice(0, 10),
    count: constituents.length,
    weight: 1,
    fetchedAt: at,
    confirmedAt: at,
    licence: 'display',
    constituents,
  };
}
