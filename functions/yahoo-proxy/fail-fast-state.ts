import type { Clock } from '../../core/ports/clock.ts';
import { DatabaseUnavailableError } from '../../core/ports/database-unavailable.ts';
import type { State } from '../../core/ports/state.ts';

/** How long calls are refused after one failed: the rest of a request. */
const refusedMs = 2_000;

/**
 * State that refuses calls for a moment after one failed because the database is away. A request of a client makes up to
 * four, and each would wait for as long as `state` may; one wait is enough to know, and there may be a stale answer.
 */
export function failFastState(state: State, now: Clock): State {
  let awayUntil = Number.NEGATIVE_INFINITY;
  return {
    async call(request) {
      if (now() < awayUntil) throw new DatabaseUnavailableError();
      try {
        return await state.call(request);
      } catch (error) {
        if (error instanceof DatabaseUnavailableError) awayUntil = now() + refusedMs;
        throw error;
      }
    },
  };
}
