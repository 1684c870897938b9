import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    /** Why a test was not run on this machine. The table of faults prints it. */
    notRunHere?: string;
  }
}

/**
 * Ends a test that cannot run on this machine, and says why. It counts as skipped, never as passed.
 *
 * @example
 * it('… [fault 15]', async (context) => {
 *   if (!hasUnshare) notRunHere(context, 'no user namespaces');
 */
export function notRunHere(context: TestContext, why: string): never {
  context.task.meta.notRunHere = why;
  return context.skip(`not run here: ${why}`);
}
