import { setTimeout as sleep } from 'node:timers/promises';
import { type RunDetailView, runDetailSchema } from '../core/contracts/http/operations.ts';
import { whyInWords } from '../core/contracts/words/causes.ts';
import type { Context } from './command.ts';
import { count, safe } from './output.ts';
import { CommandError } from './problems.ts';

const pauseMs = 700;
const progressEveryMs = 5_000;

/** Polls until something is done and prints progress. Throws a `CommandError` when it is not done in time. */
export async function waitFor<T>(
  of: {
    readonly what: string;
    readonly timeoutMs: number;
    readonly look: () => Promise<T | null>;
    readonly done: (found: T) => boolean;
    readonly says: (found: T | null) => string;
  },
  { out }: Context,
): Promise<T> {
  const started = Date.now();
  let lastProgress = 0;
  let last = '';
  for (;;) {
    const found = await of.look();
    if (found !== null && of.done(found)) return found;
    const waited = Date.now() - started;
    if (waited > of.timeoutMs)
      throw new CommandError(
        `${of.what} is not done after ${Math.round(waited / 1000)} s (${of.says(found)}). It continues; check with \`quotron status\`.`,
      );
    const says = of.says(found);
    if (says !== last || Date.now() - lastProgress > progressEveryMs) {
      out.progress(`${of.what}: ${says} (${Math.round(waited / 1000)} s)`);
      lastProgress = Date.now();
      last = says;
    }
    await sleep(pauseMs);
  }
}

/** Waits for a run to end. A run that was just requested does not exist until the planner has seen it. */
export function waitForRun(id: string, what: string, context: Context, timeoutMs: number): Promise<RunDetailView> {
  return waitFor(
    {
      what,
      timeoutMs,
      async look() {
        try {
          return await context.api.request('GET', `/runs/${id}`, runDetailSchema);
        } catch (error) {
          if (error instanceof CommandError && error.code === 'unknown_run') return null;
          throw error;
        }
      },
      done: (run) => run.finishedAt !== null,
      says: (run) =>
        run === null
          ? 'waiting for the planner'
          : `${run.parts.filter((part) => part.finishedAt !== null).length} of ${count(run.tasks, 'task')} done`,
    },
    context,
  );
}

/** The distinct failures of a run's tasks, one line each. */
export function failuresOf(run: RunDetailView): string[] {
  const lines = run.parts.flatMap((part) =>
    part.status === 'failed' ? [`${whyInWords(part) ?? 'unexplained'}: ${safe(part.message ?? 'no message')}`] : [],
  );
  return [...new Set(lines)];
}
