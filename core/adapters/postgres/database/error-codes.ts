import { errorCode } from '../../../ports/database-unavailable.ts';

/* Codes of PostgreSQL: appendix A of its manual. */

/** Whether an error is the refusal of an appended row that was there already. */
export function isDuplicateKey(error: unknown): boolean {
  return errorCode(error) === '23505';
}

/** Whether an error is that two transactions waited for each other, and this one was ended for it. */
export function isDeadlock(error: unknown): boolean {
  return errorCode(error) === '40P01';
}

/** Whether an error is that a lock was waited for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return errorCode(error) === '55P03';
}
