import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunReason } from '../../../core/contracts/words/run-reasons.ts';
import type { Breaker } from '../../../core/health/breaker.ts';
import {
  type BreakerInput,
  closedBreaker,
  firstMs,
  mostMs,
  nextBreaker,
  openFor,
  opensAfter,
  shownBreaker,
} from '../../../core/health/breaker.ts';

const now = Date.parse('2026-11-24T16:00:00Z');
const success: BreakerInput = { ok: true, reason: null, trial: false, attempt: 1 };
const failure = (reason: RunReason | null = 'down', more: Partial<BreakerInput> = {}): BreakerInput => ({
  ok: false,
  reason,
  trial: false,
  attempt: 1,
  ...more,
});
/** The breaker after these ends, without jitter. */
const breakerAfter = (ends: readonly BreakerInput[], from: Breaker = closedBreaker) =>
  ends.reduce((breaker, end) => nextBreaker(breaker, end, now, () => 1), from);
const open = breakerAfter([failure(), failure(), failure()]);
const halfOpen: Breaker = { ...open, state: 'half_open', until: now + 240_000 };

describe('a closed breaker', () => {
  it('opens at the third failure in a row, for a minute, and says why', () => {
    expect(breakerAfter([failure(), failure('timeout')])).toMatchObject({ state: 'closed', failures: 2 });
    expect(breakerAfter([failure(), failure(), failure('blocked')])).toEqual({
      state: 'open',
      until: now + firstMs,
      reason: 'blocked',
      opened: 1,
      failures: 0,
    });
  });

  it.each(['not_found', 'no_data', 'bad_request'] as const)('takes %s for an answer', (reason) => {
    expect(breakerAfter([failure(), failure(), failure(reason), failure()])).toMatchObject({
      state: 'closed',
      failures: 1,
    });
  });

  it.each(['rate_limited', 'quota_exhausted'] as const)('leaves %s to the hold of the source', (reason) => {
    expect(breakerAfter(Array.from({ length: 9 }, () => failure(reason)))).toEqual(closedBreaker);
    expect(breakerAfter([failure(), failure(), failure(reason), failure()])).toMatchObject({ state: 'open' });
  });

  it('does not blame the source for a task that no worker ever had', () => {
    expect(breakerAfter(Array.from({ length: 9 }, () => failure('timeout', { attempt: 0 })))).toEqual(closedBreaker);
  });

  it('begins its count again with a success', () => {
    expect(breakerAfter([failure(), failure(), success, failure(), failure()])).toMatchObject({
      state: 'closed',
      failures: 2,
    });
  });
});

describe('one that is not closed', () => {
  it('is closed by a trial that succeeds, and forgets how often it had opened', () => {
    for (const breaker of [open, halfOpen])
      expect(breakerAfter([{ ...success, trial: true }], breaker)).toEqual(closedBreaker);
  });

  it('opens for twice as long when its trial fails, once for all parts of the trial', () => {
    const again = breakerAfter([failure('down', { trial: true })], halfOpen);
    expect(again).toMatchObject({ state: 'open', until: now + 2 * firstMs, opened: 2 });
    expect(breakerAfter([failure('down', { trial: true })], again)).toBe(again);
  });

  it('takes no notice of what was under way when it opened', () => {
    for (const breaker of [open, halfOpen]) {
      expect(breakerAfter([failure()], breaker)).toBe(breaker);
      expect(breakerAfter([success], breaker)).toBe(breaker);
    }
  });

  it('is told as half-open once its time is over', () => {
    expect(shownBreaker(open, now)).toBe('open');
    expect(shownBreaker(open, now + firstMs)).toBe('half_open');
    expect(shownBreaker(closedBreaker, now)).toBe('closed');
  });
});

describe('how long it stays open', () => {
  it('doubles up to half an hour', () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((times) => openFor(times, () => 1) / 60_000)).toEqual([1, 2, 4, 8, 16, 30, 30]);
    expect(openFor(5_000, () => 1)).toBe(mostMs);
  });

  it('is spread over the last quarter', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (times, random) => {
        const whole = openFor(times, () => 1);
        const ms = openFor(times, () => random);
        expect(ms >= 0.75 * whole && ms <= whole).toBe(true);
      }),
    );
  });
});

it('for any history: open has a time and a reason, closed has neither, and it never opens before the third failure', () => {
  const reasons = ['down', 'timeout', 'no_data', 'rate_limited', 'stale'] as const;
  const end = fc.record({
    ok: fc.boolean(),
    reason: fc.constantFrom(...reasons),
    trial: fc.boolean(),
    attempt: fc.nat(2),
  });
  fc.assert(
    fc.property(fc.array(end, { maxLength: 40 }), (ends) => {
      let breaker = closedBreaker;
      let sick = 0;
      for (const each of ends) {
        if (!each.ok && each.attempt > 0 && ['down', 'timeout', 'stale'].includes(each.reason)) sick += 1;
        breaker = nextBreaker(breaker, each, now, () => 0.5);
        expect(breaker.state === 'open').toBe(breaker.until !== null && breaker.reason !== null);
        if (breaker.state === 'open') expect(sick).toBeGreaterThanOrEqual(opensAfter);
        else expect(breaker).toMatchObject({ opened: 0 });
      }
    }),
  );
});
