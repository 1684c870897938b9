import { expect, it } from 'vitest';
import { keptFor } from '../../../functions/api/kept-for.ts';

function counting() {
  let reads = 0;
  return { read: async () => ++reads, failing: () => Promise.reject(new Error(`read ${++reads}`)) };
}

it('shares what is being read, and gives it again until its time is over or the clock goes back', async () => {
  const kept = keptFor<number>(5_000);
  const { read } = counting();
  const asked = (now: number, key = 'all') => kept(key, now, read);
  expect(await Promise.all([asked(10_000), asked(10_000)])).toEqual([1, 1]);
  expect(await asked(14_999)).toBe(1);
  expect(await asked(14_999, 'some')).toBe(2);
  expect(await asked(15_000)).toBe(3);
  expect(await asked(14_999)).toBe(4);
});

it('does not keep what could not be read, and forgets no later answer for it', async () => {
  const kept = keptFor<number>(5_000);
  const { read, failing } = counting();
  await expect(kept('all', 0, failing)).rejects.toThrow('read 1');
  expect(await kept('all', 0, read)).toBe(2);
  const slow = Promise.withResolvers<number>();
  const late = kept('all', 6_000, () => slow.promise);
  expect(await kept('all', 12_000, read)).toBe(3);
  slow.reject(new Error('too late'));
  await expect(late).rejects.toThrow('too late');
  expect(await kept('all', 12_000, read)).toBe(3);
});
