import { describe, expect, it } from 'vitest';
import { heldFor } from '../../../core/recovery/held.ts';

const now = Date.UTC(2026, 10, 20, 15);
const minute = 60_000;
const hour = 60 * minute;

describe('whether a recovery held', () => {
  it('is not known for an hour, unless something goes wrong sooner', () => {
    expect(heldFor(now, [], now + hour - 1)).toBeNull();
    expect(heldFor(now, [], now + hour)).toBe(true);
    expect(heldFor(now, [now + minute], now + 2 * minute)).toBe(false);
    expect(heldFor(now, [now - minute, now + hour + 1], now + 2 * hour)).toBe(true);
  });
});
