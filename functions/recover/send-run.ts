import { scrapeQueueName } from '../../core/contracts/queues.ts';
import type { RecoveryContext } from './recovery-context.ts';

/** Sends those tasks of a run that were planned and not sent: by this delivery, or by one that was interrupted. */
export async function sendRun({ store, queue }: RecoveryContext, sourceId: string, runId: string): Promise<void> {
  const tasks = await store.unsent(runId);
  if (tasks.length === 0) return;
  await queue.send(scrapeQueueName(sourceId), tasks);
  await store.markSent(tasks);
}
