import { expect, it } from 'vitest';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import type { State } from '../../../core/ports/state.ts';
import { patientState } from '../../../functions/state/patient-state.ts';

const refusing = (times: number, code: string): { state: State; tries: () => number } => {
  const inner = memoryState(Date.now);
  let tries = 0;
  return {
    tries: () => tries,
    state: {
      call(request) {
        tries++;
        if (tries <= times) return Promise.reject(Object.assign(new Error('refused'), { code }));
        return inner.call(request);
      },
    },
  };
};
const call = (state: State, withinMs = 60_000) =>
  patientState(state, withinMs, 1).call({ op: 'getSession', sourceId: 'yahoo' });

it('waits for its turn while all connections of its role are taken', async () => {
  const { state, tries } = refusing(3, '53300');
  expect(await call(state)).toEqual({ session: null, held: null });
  expect(tries()).toBe(4);
});

it('gives up when they stay taken', async () => {
  const { state, tries } = refusing(1_000, '53300');
  await expect(call(state, 50)).rejects.toThrow('refused');
  expect(tries()).toBeGreaterThan(1);
});

it('does not try again what failed for another reason', async () => {
  const { state, tries } = refusing(1, '42P01');
  await expect(call(state)).rejects.toThrow('refused');
  expect(tries()).toBe(1);
});
