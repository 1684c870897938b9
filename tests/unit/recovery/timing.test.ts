import { expect, it } from 'vitest';
import { canaryLookSeconds, canaryPatienceSeconds, lookAgainSeconds } from '../../../core/recovery/timing.ts';

it('a run is looked at each second at first, and each five seconds later', () => {
  expect(lookAgainSeconds(canaryPatienceSeconds)).toBe(1);
  expect(lookAgainSeconds(canaryPatienceSeconds - 30)).toBe(5);
  expect(lookAgainSeconds(null)).toBe(5);
});

it('a canary that waits for its quota is looked at when that may be over, within a quarter of a minute', () => {
  expect(canaryLookSeconds(canaryPatienceSeconds, 7.2)).toBe(8);
  expect(canaryLookSeconds(canaryPatienceSeconds, 60)).toBe(15);
  expect(canaryLookSeconds(canaryPatienceSeconds, 0)).toBe(1);
});
