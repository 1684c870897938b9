import { describe, expect, it } from 'vitest';
import type { SeriesInput } from '../../../../core/prices/rules/series.ts';
import { dateOf, found, market, span, split } from '../../../support/calm-market.ts';
import { walk, withRows } from '../../../support/price-walks.ts';

describe('splits', () => {
  const missed = 'splits wrong split_not_applied';
  it.each<[string, SeriesInput, string[]]>([
    [
      'bars before it that lack it',
      withRows({ ...market, actions: [split(30, '5')] }, (at) => (at < 30 ? 5 : 1)),
      span(0, 30, missed),
    ],
    [
      'bars that lack it until days before',
      withRows({ ...market, actions: [split(30, '5')] }, (at) => (at < 24 ? 5 : 1)),
      span(0, 24, missed),
    ],
    [
      'bars that have it twice',
      withRows({ ...market, actions: [split(30, '3')] }, (at) => (at < 30 ? 1 / 3 : 1)),
      span(0, 30, 'splits wrong split_applied_twice'),
    ],
    [
      'bars after it that have it, too',
      withRows({ ...market, actions: [split(30, '4')] }, (at) => (at >= 30 && at < 33 ? 1 / 4 : 1)),
      span(30, 33, 'splits wrong split_applied_twice'),
    ],
    [
      'a reverse split',
      withRows({ ...market, actions: [split(30, '0.02')] }, (at) => (at < 30 ? 0.02 : 1)),
      span(0, 30, missed),
    ],
    [
      'a split of 11:10 on its day',
      withRows({ ...calm(), actions: [split(30, '1.1')] }, (at) => (at < 30 ? 1.1 : 1)),
      span(0, 30, missed),
    ],
    [
      'one bar that lacks it',
      withRows({ ...market, actions: [split(30, '10')] }, (at) => (at === 12 ? 10 : 1)),
      [`12 ${missed}`],
    ],
    [
      'one split under two dates',
      { ...market, actions: [split('2023-02-04', '50'), split('2023-02-06', '50')] },
      ['2023-02-04 splits wrong split_told_twice'],
    ],
    [
      'raw prices that do not show it',
      { ...market, basis: 'raw', actions: [split(30, '5')] },
      [`${dateOf(30)} splits doubt split_not_seen`],
    ],
    [
      'a quiet fall to a half far from the split of it, only to be noted',
      withRows({ ...market, actions: [split(10, '2')] }, (at) => (at < 40 ? 2 : 1)),
      ['40 splits info split_not_told'],
    ],
  ])('finds %s', (_, input, expected) => {
    expect(found(input)).toEqual(expected);
  });

  it.each<[string, SeriesInput]>([
    ['prices that have it', { ...market, actions: [split(30, '5'), split(50, '1.05')] }],
    [
      'raw prices that show it',
      withRows({ ...market, basis: 'raw', actions: [split(30, '5')] }, (at) => (at < 30 ? 5 : 1)),
    ],
    ['two splits of one ratio a year apart', { ...market, actions: [split(30, '2'), split('2024-02-14', '2')] }],
  ])('finds nothing in %s', (_, input) => {
    expect(found(input)).toEqual([]);
  });
});

function calm(): SeriesInput {
  return walk({ seed: 5, rows: 60, move: 0.004 });
}
