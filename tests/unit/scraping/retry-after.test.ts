import { describe, expect, it } from 'vitest';
import { holdAfter, retryAfterOf } from '../../../core/scraping/retry-after.ts';

const now = Date.parse('2026-11-24T17:00:00Z');
const answer = (retryAfter?: string, status = 429) => ({
  response: {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': retryAfter },
    body: '',
    truncated: false,
  },
});
const day = 86_400;

describe('what a source asks for by Retry-After', () => {
  it.each<[string, number | null]>([
    ['120', 120],
    ['0', 0],
    ['Tue, 24 Nov 2026 17:02:00 GMT', 120],
    ['Tue, 24 Nov 2026 16:00:00 GMT', 0],
    // Absurd: no pause is longer than a day.
    ['99999999999999999999', day],
    [`${'9'.repeat(400)}`, null],
    ['Fri, 31 Dec 9999 23:59:59 GMT', day],
    ['-5', 0],
    ['soon', null],
    ['', null],
  ])('%s is obeyed up to a day [fault 32]', (text, seconds) => {
    expect(retryAfterOf(answer(text), now)).toBe(seconds);
  });

  it('holds after a 429 in any case, and after a 503 only where it asks for it [fault 32]', () => {
    expect(holdAfter(answer('soon'), null, now)).toBe(60);
    expect(holdAfter(answer(), null, now)).toBe(60);
    expect(holdAfter(answer('30', 503), null, now)).toBe(30);
    expect(holdAfter(answer(undefined, 503), null, now)).toBe(null);
    expect(holdAfter(answer('30', 200), null, now)).toBe(null);
  });
});
