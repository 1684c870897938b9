import { CommandError } from '../problems.ts';

/** Ctrl-C, or a signal to end. */
class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Runs work that a first Ctrl-C aborts and a second one leaves at once. What has been done by then stays: `meanwhile` says
 * what that means, at the time.
 */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>, meanwhile: () => string): Promise<T> {
  const stopping = new AbortController();
  const stop = () => {
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort(new Interrupted());
  };
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of names) process.on(name, stop);
  try {
    return await work(stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    throw new CommandError(`Stopped. ${meanwhile()}`);
  } finally {
    for (const name of names) process.off(name, stop);
  }
}
