import type { StoredModel } from '../../../core/ports/model-store.ts';

const stored = (id: string, name: string, holdings: readonly (readonly [string, string, string | null])[]) => ({
  ...{ id, name, revision: 2 },
  holdings: holdings.map(([symbol, weight, sector]) => ({ symbol, weight, sector })),
  createdAt: new Date(Date.now() - 40 * 86_400_000),
  updatedAt: new Date(Date.now() - 3 * 3_600_000),
});

/** A model whose holdings all have a price, and one with two that nobody knows. */
export function usualModels(): StoredModel[] {
  return [
    stored('global-leaders', 'Global leaders', [
      ['AAPL', '0.22', 'Information Technology'],
      ['MSFT', '0.2', 'Information Technology'],
      ['NVDA', '0.13', 'Information Technology'],
      ['AMZN', '0.15', 'Consumer Discretionary'],
      ['BRK-B', '0.12', 'Financials'],
      ['VOD.L', '0.08', 'Communication Services'],
      ['BTC-USD', '0.05', null],
      ['SPY', '0.05', null],
    ]),
    stored('with-gaps', 'Small caps, draft', [
      ['AAPL', '0.5', 'Information Technology'],
      ['NVDAA', '0.3', 'Energy'],
      ['ZZTOP', '0.15', null],
    ]),
  ];
}
