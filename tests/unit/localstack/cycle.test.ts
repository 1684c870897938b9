import { expect, it } from 'vitest';
import { type CycleResult, tableOf } from '../../../localstack/cycle.ts';

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
    },
  ],
  indices: [],
  accepted: 12,
  stored: 12,
  rejected: 0,
  failures: [],
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
