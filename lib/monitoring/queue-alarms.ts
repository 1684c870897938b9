import { Duration } from 'aws-cdk-lib';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { inAlarms, together } from './expressions.ts';
import { RunbookAlarm } from './runbook-alarm.ts';

/** A queue and its dead-letter queue. */
interface WatchedQueue {
  readonly name: string;
  readonly queue: Queue;
  readonly dead: Queue;
}

export interface QueueAlarmsProps {
  readonly stage: string;
  readonly queues: readonly WatchedQueue[];
  /** The heading in docs/runbook.md for their dead letters. */
  readonly heading: string;
}

/** Seconds that a message may wait: in a queue that is read none waits for more than a minute or two. */
const waitSeconds = 900;

/** The alarms on queues: dead letters, and messages that nobody reads. */
export class QueueAlarms extends Construct {
  constructor(scope: Construct, id: string, { stage, queues, heading }: QueueAlarmsProps) {
    super(scope, id);
    const period = Duration.minutes(5);
    for (const [at, some] of inAlarms(queues).entries()) {
      const names = some.map(({ name }) => name).join(', ');
      // The first one has no number, so that a source more renames no alarm.
      const number = at === 0 ? '' : String(at + 1);
      new RunbookAlarm(this, `DeadLetters${number}`, {
        metric: together(
          'SUM',
          some.map(({ dead }) => ({
            metric: dead.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period }),
          })),
          period,
        ),
        periods: 2,
        bad: 1,
        says: `A message of ${names} (${stage}) failed five times and is in its dead-letter queue.`,
        heading,
      });
      new RunbookAlarm(this, `MessagesWait${number}`, {
        metric: together(
          'MAX',
          some.map(({ queue }) => ({
            metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period }),
          })),
          period,
        ),
        threshold: waitSeconds,
        periods: 2,
        says: `A message of ${names} (${stage}) has waited for a quarter of an hour: nothing reads the queue, or not fast enough.`,
        heading: 'Messages wait',
      });
    }
  }
}
