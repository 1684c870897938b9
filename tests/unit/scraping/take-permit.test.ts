import { expect, it } from 'vitest';
import type { Permit } from '../../../core/contracts/state.ts';
import type { State } from '../../../core/ports/state.ts';
import { permitHolder } from '../../../core/scraping/take-permit.ts';

/** A state that gives each permit after `answerMs`, good for five seconds, and counts them. */
function holder(first: number, answerMs = 0) {
  const clock = { now: 0 };
  let taken = 0;
  const permit = (): Permit => ({
    id: '00000000-0000-4000-8000-000000000000',
    takenAt: new Date(clock.now).toISOString(),
    notBefore: new Date(clock.now).toISOString(),
    expiresAt: new Date(clock.now + 5_000).toISOString(),
  });
  const call = async ({ count }: { readonly count: number }) => {
    taken += count;
    clock.now += answerMs;
    return { permits: Array.from({ length: count }, permit), why: null, retryAfterSeconds: 0 };
  };
  const permits = permitHolder(
    {
      sourceId: 'yahoo',
      state: { call } as unknown as State,
      now: () => clock.now,
      wait: async (ms) => {
        clock.now += ms;
      },
      purpose: 'task',
    },
    Array.from({ length: first }, permit),
  );
  return { permits, clock, taken: () => taken };
}

it('a permit that could not be used before the deadline is not taken', async () => {
  const { permits, clock, taken } = holder(1);
  expect(await permits.next(2, 40_000)).toBeNull();
  expect(taken()).toBe(0);
  clock.now = 40_001;
  expect(await permits.next(1, 40_000)).toMatchObject({ reason: 'quota_exhausted', detail: { code: 'minute_quota' } });
  expect(taken()).toBe(0);
});

it('one at the deadline is taken and used, and one in hand is used after it', async () => {
  const { permits, clock, taken } = holder(0);
  clock.now = 40_000;
  expect(await permits.next(2, 40_000)).toBeNull();
  expect(taken()).toBe(2);
  clock.now = 41_000;
  expect(await permits.next(1, 40_000)).toBeNull();
  expect(taken()).toBe(2);
});

it('one that is good is used, though the answer with it came after the deadline', async () => {
  const { permits, taken } = holder(0, 3_000);
  expect(await permits.next(1, 2_000)).toBeNull();
  expect(taken()).toBe(1);
});
