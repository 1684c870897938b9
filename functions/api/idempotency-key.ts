import { ProblemError } from '../../core/http/problem.ts';
import type { Call } from '../../core/http/route.ts';

/** The request's `Idempotency-Key`, if it has one: the same key again is the same request. Throws for one that is none. */
export function idempotencyKey(call: Call): string | undefined {
  const key = call.header('idempotency-key');
  if (key === undefined || /^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new ProblemError('invalid_request', 'header.idempotency-key: must have 1 to 128 visible ASCII characters', {
    errors: [{ path: 'header.idempotency-key', message: 'must have 1 to 128 visible ASCII characters' }],
  });
}
