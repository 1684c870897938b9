import { type TimeLimits, timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { type FunctionName, timeoutSeconds } from '../../core/contracts/functions.ts';

/** How much shorter the time limits of tests are than those of functions, all in the same proportion. */
const shorter = 2.5;

/** The time limits of a function's pool, and its timeout, both in milliseconds and two fifths of the real ones. */
export function shortLimits(name: FunctionName): { readonly limits: TimeLimits; readonly timeoutMs: number } {
  const { connect, lock, statement, query, idleInTransaction, idle } = timeLimits(name);
  return {
    limits: {
      connect: connect / shorter,
      lock: lock / shorter,
      statement: statement / shorter,
      query: query / shorter,
      idleInTransaction: idleInTransaction / shorter,
      idle,
    },
    timeoutMs: (timeoutSeconds[name] * 1_000) / shorter,
  };
}
