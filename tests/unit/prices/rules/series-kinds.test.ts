/**
 * Faults of vendors by kind, and good series that look odd, each in a dozen markets and in three states: nothing is known
 * before, the right quote is, the right series is stored.
 */
import { describe, expect, it } from 'vitest';
import { faultyPayments } from '../../../support/series-kinds/faulty-payments.ts';
import { faultyPrices } from '../../../support/series-kinds/faulty-prices.ts';
import { goodSeries } from '../../../support/series-kinds/good-series.ts';
import { judgeTold, type KnownBefore, knownBefore } from '../../../support/series-kinds/known-before.ts';

const seeds = Array.from({ length: 6 }, (_, index) => index + 1);
const slow = { timeout: 180_000 };

/**
 * Kinds of which some pass: what is told fits what the payer does otherwise, or a price moves more than what is wrong. Of
 * all others every one is found.
 */
const hardToSee: ReadonlyMap<string, number> = new Map([
  ['volume in lots from a day on', 0.6],
  ['volume in lots for three weeks', 0.6],
  ['a payment of a hundredth', 0.6],
  ['a payment of ten times', 0.5],
  ['a payment in the shares of before a split', 0.6],
  ['all payments in the shares of before a split', 0.7],
  ['all payments of a hundredth, in pence', 0.8],
  // Within a week a price moves by more than what is paid.
  ['a payment under a date a week late', 0],
]);

const kinds = [...faultyPrices, ...faultyPayments];

/** Of each kind the seeds whose fault passed. */
const missed = new Map<KnownBefore, Map<string, number[]>>();

describe.each(knownBefore)('where %s is known before', slow, (known) => {
  it.each(kinds)('a fault is found: %s', (name, make) => {
    const passed = seeds.filter((seed) => {
      const { judged, rejected } = judgeTold(make(seed), known);
      return rejected.length === 0 && (judged?.findings.length ?? 0) === 0;
    });
    const ofKnown = missed.get(known) ?? new Map<string, number[]>();
    missed.set(known, ofKnown.set(name, passed));
    expect(passed.length, `missed: ${passed.join(', ')}`).toBeLessThanOrEqual(
      seeds.length * (1 - (hardToSee.get(name) ?? 1)),
    );
  });

  it('35 of 37 faults are found', () => {
    const ofKnown = missed.get(known) ?? new Map<string, number[]>();
    expect(ofKnown.size).toBe(kinds.length);
    const shares = [...ofKnown.values()].map((passed) => 1 - passed.length / seeds.length);
    expect((37 * shares.reduce((sum, each) => sum + each, 0)) / shares.length).toBeGreaterThanOrEqual(35);
  });

  it.each(goodSeries)('a good series has no finding, and none of its rows is refused: %s', (_, make) => {
    const alarms = seeds.flatMap((seed) => {
      const right = make(seed);
      const { judged, rejected } = judgeTold({ told: right, right }, known);
      return [...rejected, ...(judged?.findings ?? []).filter(({ severity }) => severity !== 'info')];
    });
    expect(alarms).toEqual([]);
  });
});
