import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWithin } from '../../../core/coverage/day-ranges.ts';
import { addDays } from '../../../core/coverage/slots.ts';

const range = fc
  .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
  .map(([from, length]) => ({ from: addDays('2026-01-01', from), to: addDays('2026-01-01', from + length) }));

describe('days within ranges', () => {
  it('are those that one range has all of, whatever their order, and where they overlap', () => {
    fc.assert(
      fc.property(
        fc.array(range, { maxLength: 12 }),
        fc.array(range, { minLength: 1, maxLength: 20 }),
        (ranges, asked) => {
          for (const days of asked)
            expect(isWithin(ranges, days)).toBe(ranges.some(({ from, to }) => from <= days.from && days.to <= to));
        },
      ),
    );
  });

  it('are none of no range', () => {
    expect(isWithin([], { from: '2026-01-01', to: '2026-01-01' })).toBe(false);
  });
});
