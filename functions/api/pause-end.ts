import type * as z from 'zod';
import type { stopRequestSchema } from '../../core/contracts/http/operations.ts';
import { invalidRequest } from '../../core/http/problem.ts';

const longestPauseMs = 366 * 24 * 3600_000;

/**
 * When what is stopped goes on by itself; `null` for never. Throws `invalid_request` for a time that is over, which would
 * start it, and for one far away, which is a slip of the pen.
 */
export function pauseEnd(body: z.infer<typeof stopRequestSchema> | undefined, now: number): Date | null {
  if (!body?.until) return null;
  const until = new Date(body.until);
  if (until.getTime() > now && until.getTime() <= now + longestPauseMs) return until;
  throw invalidRequest('body.until', 'must lie ahead, and within a year');
}
