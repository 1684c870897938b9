import { type FunctionName, timeoutSeconds } from './functions.ts';
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
 * The queue of raw blobs to ingest. Those of web pages, and the parts of imports with them, have their own, read one by one:
 * what takes long to read keeps no prices of an API waiting.
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

/** An event that failed so often is a dead letter: as AWS advises at the least. */
export const usualTries = 5;

/** For so long all executions of an account may be in use, and no message is a dead letter for that. */
export const longestThrottleSeconds = 900;

/** For how long a message that a function has received is hidden from its other readers: AWS advises six times its timeout. */
export function visibilitySeconds(reader: FunctionName): number {
  return 6 * timeoutSeconds[reader];
}

/**
 * A message that its reader has received so often and is still there is a dead letter. One that Lambda refuses for want of
 * executions is received, too: Lambda tries it again until its visibility timeout is over, and then it shows again. So where
 * messages are hidden for a short time, they are received more often, and the last two times are after the longest throttle: a
 * first try in a container that has to start may fail.
 */
export function mostReceives(reader: FunctionName): number {
  return Math.max(usualTries, Math.ceil(longestThrottleSeconds / visibilitySeconds(reader)) + 2);
}
