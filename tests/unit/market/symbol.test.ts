import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalSymbol, symbolPattern } from '../../../core/market/symbol.ts';

it.each([
  ['BRK-B', 'BRK-B'],
  ['BRK.B', 'BRK-B'],
  ['brk/b', 'BRK-B'],
  [' aapl ', 'AAPL'],
  ['VOD.L', 'VOD.L'],
  ['7203.T', '7203.T'],
  ['^gspc', '^GSPC'],
  ['EUR/USD', 'EURUSD=X'],
  ['USD/JPY', 'USDJPY=X'],
  ['JPY=X', 'USDJPY=X'],
  ['usdjpy=x', 'USDJPY=X'],
  ['USD=X', 'USD=X'],
  ['KWD/USD', 'KWDUSD=X'],
  ['VND/USD', 'VNDUSD=X'],
  ['USD/ARS', 'USDARS=X'],
  ['DEM/EUR', 'DEMEUR=X'],
  ['XAU/USD', 'XAUUSD=X'],
  ['NIFTY_FIN_SERVICE.NS', 'NIFTY_FIN_SERVICE.NS'],
  ['btc/usd', 'BTC-USD'],
  ['BTC-USD', 'BTC-USD'],
  ['GC=F', 'GC=F'],
  ['RDS/A', 'RDS-A'],
])('%s is %s', (written, canonical) => {
  expect(canonicalSymbol(written)).toBe(canonical);
});

it.each([
  '',
  ' ',
  "A'; DROP TABLE quote",
  '../etc',
  'A B',
  '=1+1',
  '_A',
  '<b>',
  'A'.repeat(40),
  `${'A'.repeat(40)}/B`,
  'ß',
  'ıx',
])('%j is no symbol', (written) => {
  expect(canonicalSymbol(written)).toBeNull();
});

it('the documented pattern has every symbol, and all of it are symbols but pairs without a currency', () => {
  fc.assert(
    fc.property(fc.oneof(fc.stringMatching(symbolPattern), fc.string({ maxLength: 8 })), (text) => {
      const isSymbol = canonicalSymbol(text) !== null;
      if (isSymbol) expect(text).toMatch(symbolPattern);
      else if (!/\/[A-Za-z]{3}\s*$/.test(text)) expect(text).not.toMatch(symbolPattern);
    }),
    { numRuns: 1_000 },
  );
});
