import { describe, expect, it } from 'vitest';
import { totp } from '../../../core/auth/totp.ts';

/** The secrets of RFC 6238, Appendix B: "1234567890…" of the hash's length, here in base32. */
const secrets = {
  sha1: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  sha256: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA====',
  sha512: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA=',
} as const;

describe('codes of RFC 6238, Appendix B', () => {
  it.each([
    [59, '94287082', '46119246', '90693936'],
    [1_111_111_109, '07081804', '68084774', '25091201'],
    [1_111_111_111, '14050471', '67062674', '99943326'],
    [1_234_567_890, '89005924', '91819424', '93441116'],
    [2_000_000_000, '69279037', '90698825', '38618901'],
    [20_000_000_000, '65353130', '77737706', '47863826'],
  ])('at %d', (seconds, sha1, sha256, sha512) => {
    const code = (hash: keyof typeof secrets) => totp(secrets[hash], seconds * 1000, { digits: 8, hash });
    expect([code('sha1'), code('sha256'), code('sha512')]).toEqual([sha1, sha256, sha512]);
  });

  it('have six digits as a rule, and take a secret as sites print it', () => {
    expect(totp('gezd gnbv-gy3t qojq GEZD GNBV GY3T QOJQ', 59_000)).toBe('287082');
    expect(() => totp('not base32 at all!', 0)).toThrow(RangeError);
  });
});
