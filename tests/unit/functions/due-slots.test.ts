import fc from 'fast-check';
import { expect, it } from 'vitest';
import { catchUpLimit, dueSlots, nextSlot } from '../../../functions/schedule/due-slots.ts';

const minute = { everySeconds: 60 };
const at = (time: string) => Date.parse(`2026-11-22T${time}Z`);

it('a job that was never planned is due once, at its last slot', () => {
  expect(dueSlots({ everySeconds: 3600 }, null, at('10:20:00'))).toEqual([at('10:00:00')]);
});

it('a tick that comes again plans nothing', () => {
  expect(dueSlots(minute, at('10:00:00'), at('10:00:00'))).toEqual([]);
  expect(dueSlots(minute, at('10:00:00'), at('09:59:00'))).toEqual([]);
});

it('a dropped tick is made up for by the next', () => {
  expect(dueSlots(minute, at('10:00:00'), at('10:02:30'))).toEqual([at('10:01:00'), at('10:02:00')]);
});

it('after a long silence only the newest slots are made up for', () => {
  const slots = dueSlots(minute, at('00:00:00'), at('12:00:00'));
  expect(slots).toHaveLength(catchUpLimit);
  expect(slots.at(-1)).toBe(at('12:00:00'));
});

it('however ticks come, each slot is planned at most once, and none between close ticks is missed', () => {
  const gaps = fc.array(fc.integer({ min: -30_000, max: 150_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(gaps, (steps) => {
      let tick = at('00:00:00');
      let plannedTo: number = tick;
      const planned: number[] = [];
      for (const step of steps) {
        tick += step;
        planned.push(...dueSlots(minute, plannedTo, tick));
        plannedTo = Math.max(plannedTo, tick);
      }
      const expected: number[] = [];
      for (let slot = at('00:01:00'); slot <= plannedTo; slot += 60_000) expected.push(slot);
      expect(planned).toEqual(expected);
    }),
  );
});

it('the next slot is after now', () => {
  expect(nextSlot(minute, at('10:00:00'))).toBe(at('10:01:00'));
  expect(nextSlot(minute, at('10:00:59'))).toBe(at('10:01:00'));
});
