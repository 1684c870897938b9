import { ExponentialBackoff, handleWhen, retry } from 'cockatiel';
import type { State } from '../../core/ports/state.ts';

/** SQLSTATE 53300: the role's connections, or all of them, are taken. */
const tooManyConnections = '53300';

/**
 * State that waits when all connections of the role are in use: the limit protects the database from a storm of
 * requests to the proxy, and the delayed calls must not fail because of it. Gives up after about five seconds.
 */
export function patientState(state: State, initialDelay = 50): State {
  const again = retry(
    handleWhen((error) => 'code' in error && error.code === tooManyConnections),
    { maxAttempts: 8, backoff: new ExponentialBackoff({ initialDelay, maxDelay: initialDelay * 20 }) },
  );
  return { call: (request) => again.execute(() => state.call(request)) };
}
