import { expect, it } from 'vitest';
import { upToMilliseconds } from '../../../core/contracts/http/envelope.ts';

it.each([
  ['2026-11-22T19:40:00.000Z', '2026-11-22T19:40:00.000Z'],
  ['2026-11-22T19:40:00.123Z', '2026-11-22T19:40:00.123Z'],
  ['2026-11-22T19:40:00.123000Z', '2026-11-22T19:40:00.123Z'],
  ['2026-11-22T19:40:00.1234Z', '2026-11-22T19:40:00.124Z'],
  ['2026-11-22T19:40:00.000001Z', '2026-11-22T19:40:00.001Z'],
  ['2026-11-22T19:40:00.098999Z', '2026-11-22T19:40:00.099Z'],
  ['2026-12-31T23:59:59.999Z', '2026-12-31T23:59:59.999Z'],
  ['2026-12-31T23:59:59.999001Z', '2027-01-01T00:00:00.000Z'],
])('an instant in milliseconds is the same or the next one: %s', (exact, written) => {
  expect(upToMilliseconds(exact)).toBe(written);
});
