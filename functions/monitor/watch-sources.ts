import type { OutcomeMessage } from '../../core/contracts/messages.ts';
import { judgedTasks, sourceHealth } from '../../core/health/source-health.ts';
import type { OutcomeStore } from '../../core/ports/outcome-store.ts';

/**
 * How long after it was sent a task may be without an outcome, in milliseconds. A worker gets 60 s, a lease 150 s, and
 * a crashed one is tried again.
 */
export const overdueAfterMs = 15 * 60_000;

/** Takes in one outcome and judges its source anew. */
export async function recordOutcome(outcome: OutcomeMessage, store: OutcomeStore, now: Date): Promise<void> {
  if (outcome.stage === 'scrape') await store.recordScrape(outcome);
  await judge(outcome.sourceId, store, now);
}

/** What the monitor does each minute: a source that says nothing has failed, and all are judged anew. */
export async function watchSources(
  sourceIds: readonly string[],
  store: OutcomeStore,
  now: Date,
): Promise<{ overdue: string[] }> {
  const overdue = await store.endOverdue(new Date(now.getTime() - overdueAfterMs), now);
  for (const sourceId of sourceIds) await judge(sourceId, store, now);
  return { overdue };
}

async function judge(sourceId: string, store: OutcomeStore, now: Date): Promise<void> {
  const { tasks, paused } = await store.finishedTasks(sourceId, judgedTasks);
  await store.keepHealth(sourceId, sourceHealth(tasks, paused), now);
}
