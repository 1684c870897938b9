import { describe, expect, it } from 'vitest';
import { hoursKnown, weekInWords, weekOf } from '../../../web/src/sources/week.ts';

const now = Date.parse('2026-11-20T15:30:00Z');
const hour = 3_600_000;
const begun = (ago: number) => new Date(Date.parse('2026-11-20T15:00:00Z') - ago * hour).toISOString();
const sample = (ago: number, status: 'healthy' | 'failed' | 'limited' | 'paused', lowest: number | null) => ({
  at: begun(ago),
  status,
  lowest,
});

describe('the week of a source', () => {
  it('joins hours in a row that ended in the same status, and leaves out those that nobody knows', () => {
    const samples = [
      sample(9, 'healthy', 90),
      sample(8, 'healthy', 80),
      sample(5, 'healthy', 95),
      sample(4, 'failed', 10),
      sample(3, 'failed', null),
    ];
    expect(weekOf(samples, [], now).spans.map(({ from, to, ...rest }) => [(to - from) / hour, rest])).toEqual([
      [2, { status: 'healthy', lowest: 80 }],
      [1, { status: 'healthy', lowest: 95 }],
      [2, { status: 'failed', lowest: 10 }],
    ]);
  });

  it('has 168 hours, the last of which is under way', () => {
    const samples = [168, 167, 0, -1].map((ago) => sample(ago, 'healthy', 90));
    const week = weekOf(samples, [], now);
    expect(week.from).toBe(Date.parse(begun(167)));
    expect(week.spans.map(({ from }) => from)).toEqual([week.from, Date.parse(begun(0))]);
    expect(hoursKnown(week)).toEqual({ known: 2, healthy: 2 });
  });

  it('believes the latest answer about the source for its hours, and keeps their lowest score', () => {
    const samples = [sample(1, 'healthy', 30), sample(0, 'healthy', 90)];
    const trend = [
      { at: begun(1), status: 'healthy' as const, score: 96 },
      { at: begun(0), status: 'failed' as const, score: 20 },
    ];
    expect(weekOf(samples, trend, now).spans.map(({ status, lowest }) => [status, lowest])).toEqual([
      ['healthy', 30],
      ['failed', 20],
    ]);
  });
});

it.each([
  [[], 'nothing yet'],
  [[sample(1, 'healthy', 93.6), sample(0, 'healthy', 97)], 'healthy throughout, lowest score 94'],
  [[sample(1, 'paused', null)], '1 h stopped'],
  [
    [sample(5, 'paused', null), sample(4, 'limited', 60), sample(3, 'failed', 9), sample(1, 'failed', 12)],
    '2 h failed, 1 h limited, 1 h stopped, lowest score 9',
  ],
])('%j in words is %s', (samples, words) => {
  expect(weekInWords(weekOf(samples, [], now))).toBe(words);
});
