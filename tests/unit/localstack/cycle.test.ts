import { expect, it } from 'vitest';
import { type CycleResult, outOfReach, tableOf, unknownInWords, unknownSymbols } from '../../../localstack/cycle.ts';

const result: CycleResult = {
  runs: [],
  rows: [
    {
      symbol: 'AAPL',
      price: '213.4',
      currency: 'USD',
      asOf: '2026-11-20T21:00:00.000Z',
      source: 'yahoo',
      stored: 12,
      rejected: 0,
      unknown: false,
    },
  ],
  indices: [],
  accepted: 12,
  stored: 12,
  rejected: 0,
  failures: [],
  answered: true,
  unfinished: 0,
};

it('lists indices in a table of their own: weight in percent, a dash for what nobody knows', () => {
  const indices = [
    {
      index: '^DJI',
      source: 'slickcharts',
      members: 30,
      heaviest: { symbol: 'GS', weight: '0.1103' },
      fetchedAt: '2026-11-22T10:00:00.000Z',
    },
    { index: '^GSPC', source: 'slickcharts', members: null, heaviest: null, fetchedAt: null },
  ];
  expect(
    tableOf({ ...result, indices })
      .split('\n')
      .slice(4, 8),
  ).toEqual([
    'index  members  heaviest member  source       fetched at',
    '─────  ───────  ───────────────  ───────────  ────────────────────────',
    '^DJI        30  GS 11.03 %       slickcharts  2026-11-22T10:00:00.000Z',
    '^GSPC        –  –                slickcharts  –',
  ]);
});

it('has no such table where no index was asked for', () => {
  expect(tableOf(result)).not.toContain('heaviest');
  expect(tableOf(result)).toContain('12 rows accepted');
});

const failed = (source: string, job: string, unreachable = true): CycleResult['failures'][number] => ({
  source,
  job,
  reason: unreachable ? 'down' : 'blocked',
  detail: { code: unreachable ? 'connection_failed' : 'unspecified' },
  message: 'It went wrong.',
  unreachable,
});
const row = (symbol: string, source: string) => ({
  ...{ symbol, source, price: null, currency: null, asOf: null },
  ...{ stored: 0, rejected: 0, unknown: false },
});
const offline: CycleResult = {
  ...{ ...result, accepted: 0, stored: 0, answered: false },
  rows: [row('AAPL', 'yahoo'), row('bitcoin', 'coingecko')],
  failures: [failed('coingecko', 'quotes'), failed('yahoo', 'quotes'), failed('yahoo', 'daily-bars')],
};

it('says in one line that no source could be reached, with the name of each', () => {
  const [line = '', ...others] = tableOf(offline).split('\n');
  expect(others).toEqual([]);
  for (const title of ['CoinGecko', 'Yahoo Finance']) expect(line.split(title)).toHaveLength(2);
  expect(outOfReach(offline)).toBe(line);
});

it('has one line for each source out of reach where others answer, and no row of dashes for their symbols', () => {
  const some = {
    ...result,
    rows: [...result.rows, row('bitcoin', 'coingecko')],
    failures: offline.failures.slice(0, 1),
  };
  const text = tableOf(some);
  expect(text).toContain('AAPL');
  expect(text).not.toContain('bitcoin');
  expect(text.match(/CoinGecko/g)).toHaveLength(1);
  expect(outOfReach(some)).toBeNull();
});

it('keeps the rows of a source that answered something, and one line for jobs that failed alike', () => {
  const alike = [
    failed('yahoo', 'quotes', false),
    failed('yahoo', 'daily-bars', false),
    failed('yahoo', 'quotes', false),
  ];
  const text = tableOf({ ...result, rows: [row('ZZZZ', 'yahoo')], failures: alike });
  expect(text).toMatch(/^ZZZZ +–/m);
  expect(text.match(/blocked/g)).toHaveLength(1);
});

it('calls a symbol unknown where a source has answered without it, and names those that all have', () => {
  const unknown = (symbol: string, source: string) => ({ ...row(symbol, source), unknown: true });
  const rows = [...result.rows, unknown('AAPL', 'coingecko'), unknown('ZZZ', 'yahoo'), unknown('^ZZ', 'yahoo')];
  const some = { ...result, rows };
  expect(tableOf(some)).toMatch(/ZZZ +unknown +– +yahoo/);
  expect(unknownSymbols(some)).toEqual(['ZZZ', '^ZZ']);
  expect(unknownInWords(some)).toMatch(/: ZZZ and \^ZZ\. .*: npx quotron watch remove ZZZ '\^ZZ'$/);
  // One that did not answer brings nothing either.
  expect(unknownSymbols({ ...some, rows: [unknown('ZZZ', 'yahoo'), row('ZZZ', 'alpha-vantage')] })).toEqual(['ZZZ']);
  expect(unknownSymbols({ ...some, rows: [row('ZZZ', 'alpha-vantage')] })).toEqual([]);
  expect(unknownInWords(result)).toBeNull();
});

it('shows the first 200 rows of a long list, and says how many more there are', () => {
  const rows = result.rows.flatMap((row) => Array.from({ length: 1_000 }, (_, n) => ({ ...row, symbol: `Q${n}` })));
  const lines = tableOf({ ...result, rows }).split('\n');
  expect(lines.filter((line) => line.startsWith('Q'))).toHaveLength(200);
  expect(lines).toContain('… and 800 more rows: --json has all.');
});
