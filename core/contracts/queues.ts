import type { settingNames } from './settings.ts';

/** How many messages a queue and its dead-letter queue have. About right: SQS counts so. */
export interface QueueCounts {
  readonly name: string;
  readonly waiting: number;
  readonly inFlight: number;
  readonly dead: number;
}

/** The scrape queue of a source. One per source, so that one that hangs starves no other. */
export function scrapeQueueName(sourceId: string): string {
  return `scrape-${sourceId}`;
}

/**
 * The queue of raw blobs to ingest. Those of web pages have their own, read one by one: a page that takes long to read
 * keeps no prices of an API waiting.
 */
export function ingestQueueName(kind: 'api' | 'browser'): string {
  return kind === 'browser' ? 'ingest-pages' : 'ingest';
}

/**
 * The queues without which the function `api` does not start, each with the setting of its URL. Whoever starts it reads them
 * here.
 */
export const apiQueues = {
  ticks: 'ticksQueueUrl',
  ingest: 'ingestQueueUrl',
  'ingest-pages': 'ingestPagesQueueUrl',
  recoveries: 'recoveriesQueueUrl',
  exports: 'exportsQueueUrl',
} as const satisfies Readonly<Record<string, keyof typeof settingNames>>;

/** While a service is stopped, its messages are requeued with this delay. */
export const stoppedDelaySeconds = 30;

/** A message that was received so often and is still there is a dead letter. */
export const mostReceives = 5;
