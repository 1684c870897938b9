import * as z from 'zod';

/* Codes of PostgreSQL: appendix A of its manual. */

const databaseError = z.object({ code: z.string() });

/** Whether an error is the refusal of an appended row that was there already. */
export function isDuplicateKey(error: unknown): boolean {
  return databaseError.safeParse(error).data?.code === '23505';
}

/** Whether an error is that two transactions waited for each other, and this one was ended for it. */
export function isDeadlock(error: unknown): boolean {
  return databaseError.safeParse(error).data?.code === '40P01';
}

/** Whether an error is that a lock was waited for longer than `lock_timeout`. */
export function isLockTimeout(error: unknown): boolean {
  return databaseError.safeParse(error).data?.code === '55P03';
}
