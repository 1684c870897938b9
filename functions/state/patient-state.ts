import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { State } from '../../core/ports/state.ts';

/** SQLSTATE 53300: the role's connections, or all of them, are taken. */
const tooManyConnections = '53300';

/** The longest pause between two tries, in milliseconds. */
const longestPauseMs = 500;

/** For the answer, once there is one. */
const marginMs = 500;

/**
 * For how many milliseconds tries may begin: the last one still has time to connect and to wait for its query, as long as
 * the pool lets it, before Lambda ends the function.
 */
export function patienceOf(limits: { readonly connect: number; readonly query: number }, timeoutMs: number): number {
  return timeoutMs - limits.connect - limits.query - longestPauseMs - marginMs;
}

/**
 * State that waits when all connections of the role are in use: the limit protects the database from a storm of
 * requests to the proxy, and the delayed calls must not fail because of it. Gives up after `withinMs`.
 */
export function patientState(state: State, withinMs: number, initialDelay = 50): State {
  return {
    call(request) {
      const until = performance.now() + withinMs;
      const again = retry(
        handleWhen((error) => 'code' in error && error.code === tooManyConnections && performance.now() < until),
        { backoff: new ExponentialBackoff({ initialDelay, maxDelay: longestPauseMs }) },
      );
      return again.execute(() => state.call(request));
    },
  };
}
