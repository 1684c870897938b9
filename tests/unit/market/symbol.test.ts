import { expect, it } from 'vitest';
import { canonicalSymbol } from '../../../core/market/symbol.ts';

it.each([
  ['BRK-B', 'BRK-B'],
  ['BRK.B', 'BRK-B'],
  ['brk/b', 'BRK-B'],
  [' aapl ', 'AAPL'],
  ['VOD.L', 'VOD.L'],
  ['7203.T', '7203.T'],
  ['^gspc', '^GSPC'],
  ['EUR/USD', 'EURUSD=X'],
  ['btc/usd', 'BTC-USD'],
  ['BTC-USD', 'BTC-USD'],
  ['GC=F', 'GC=F'],
  ['RDS/A', 'RDS-A'],
])('%s is %s', (written, canonical) => {
  expect(canonicalSymbol(written)).toBe(canonical);
});

it.each(['', ' ', "A'; DROP TABLE quote", '../etc', 'A B', '=1+1', '<b>', 'A'.repeat(40)])(
  '%j is no symbol',
  (written) => {
    expect(canonicalSymbol(written)).toBeNull();
  },
);
