import { ingestQueueName } from '../contracts/queues.ts';
import { setting } from './settings.ts';

/** The URLs of the queues of raw blobs, by the queue's name. */
export function ingestQueueUrls(): Record<string, string> {
  return {
    [ingestQueueName('api')]: setting('ingestQueueUrl'),
    [ingestQueueName('browser')]: setting('ingestPagesQueueUrl'),
  };
}
