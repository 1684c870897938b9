import { describe, expect, it } from 'vitest';
import { transportFailure } from '../../../../core/sources/reading/http-failure.ts';

const reasonOf = (status: number) =>
  transportFailure({ response: { status, headers: {}, truncated: false, body: '' }, error: null })?.reason;

describe('what a status says', () => {
  it.each([
    ['rate_limited', [420, 429]],
    ['blocked', [403, 430, 451, 999]],
    ['auth_expired', [302, 401, 419, 440, 498]],
    ['not_found', [404, 410]],
    ['bad_request', [400, 405, 406, 411, 413, 422]],
    ['timeout', [408]],
    ['down', [500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 530, 598, 599]],
    ['unexplained', [418, 600, 777, 998]],
  ] as const)('%s: %j', (reason, statuses) => {
    for (const status of statuses) expect(reasonOf(status), String(status)).toBe(reason);
  });
});
