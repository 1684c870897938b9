import { SQSClient } from '@aws-sdk/client-sqs';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
import { sendAgain, sentTasks } from '../core/adapters/postgres/work/lost-messages.ts';
import { sqsQueueInspector } from '../core/adapters/sqs/queue-inspector.ts';
import { scrapeQueueName } from '../core/contracts/queues.ts';
import type { QueueInspector } from '../core/ports/queue-inspector.ts';
import { pascalCase } from '../lib/names.ts';
import type { Deployment } from './deploy.ts';
import { output } from './deploy.ts';
import { type EmulatorAccess, emulatorClient } from './emulator.ts';

/**
 * Sends the tasks again whose messages the emulator has lost: one that was killed knows its queues as they were when it was
 * last stopped. A source of which more tasks were sent than its queue has messages has lost some; which ones, no queue
 * says, and a message too many does no harm. Gives how many are sent again, by the next tick.
 */
export async function recoverMessages(pool: Pool, inspector: Pick<QueueInspector, 'counts'>): Promise<number> {
  const messages = new Map((await inspector.counts()).map(({ name, waiting, inFlight }) => [name, waiting + inFlight]));
  const losing = [...(await sentTasks(pool))].filter(
    ([sourceId, tasks]) => (messages.get(scrapeQueueName(sourceId)) ?? 0) < tasks,
  );
  return losing.length === 0
    ? 0
    : sendAgain(
        pool,
        losing.map(([sourceId]) => sourceId),
      );
}

/** The scrape queues of a deployment. */
export function scrapeQueuesOf(
  emulator: EmulatorAccess,
  deployment: Deployment,
  sourceIds: readonly string[],
): { readonly inspector: QueueInspector; close(): void } {
  const client = new SQSClient(emulatorClient(emulator));
  const urls = sourceIds.map((sourceId) => {
    const name = scrapeQueueName(sourceId);
    const of = pascalCase(name);
    return [name, { url: output(deployment, `Queue${of}`), deadUrl: output(deployment, `DeadQueue${of}`) }] as const;
  });
  return { inspector: sqsQueueInspector(Object.fromEntries(urls), client), close: () => client.destroy() };
}
