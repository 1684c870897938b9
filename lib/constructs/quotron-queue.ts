import { CfnOutput, Duration, Names, Stack } from 'aws-cdk-lib';
import { Queue, QueueEncryption, RedrivePermission } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { physicalName } from '../../core/contracts/installation.ts';
import { mostReceives, visibilitySeconds } from '../../core/contracts/queues.ts';
import type { settingNames } from '../../core/contracts/settings.ts';
import { pascalCase } from '../names.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { QuotronFunction } from './quotron-function.ts';

export interface QuotronQueueProps {
  readonly name: string;
  readonly settings: StageSettings;
  /** The one function that reads the queue. */
  readonly consumer: QuotronFunction;
  readonly batchSize: number;
  /** Containers that may work on this queue at once: at least 2, the minimum of SQS event sources. */
  readonly maxConcurrency: number;
  /** Keeps the order of each message group. The physical names end in `.fifo`. */
  readonly fifo?: boolean;
}

/**
 * A queue with the function that reads it and its dead-letter queue (`<name>-dead`, 14 days).
 *
 * The visibility timeout is six times the consumer's timeout, as AWS advises, so that a message is not delivered again
 * while it is being processed; after `mostReceives` it is dead. Only the failed messages of a batch return
 * (`ReportBatchItemFailures`). Outputs `Queue<Name>` and `DeadQueue<Name>` are the URLs.
 */
export class QuotronQueue extends Construct {
  readonly name: string;
  readonly queue: Queue;
  readonly dead: Queue;

  constructor(scope: Construct, props: QuotronQueueProps) {
    super(scope, `${pascalCase(props.name)}Queue`);
    this.name = props.name;
    const fifo = props.fifo === true;
    const defaults = {
      ...{ encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true },
      ...(fifo && { fifo, contentBasedDeduplication: false }),
    };
    const [name, ending] = [physicalName(props.settings, props.name), fifo ? '.fifo' : ''];
    const queueName = `${name}${ending}`;
    // By name, because the queue already refers to its dead-letter queue, and a second reference would be circular.
    const source = Queue.fromQueueArn(
      this,
      'Source',
      Stack.of(this).formatArn({ service: 'sqs', resource: queueName }),
    );
    this.dead = new Queue(this, 'Dead', {
      ...defaults,
      queueName: `${name}-dead${ending}`,
      retentionPeriod: Duration.days(14),
      redriveAllowPolicy: { redrivePermission: RedrivePermission.BY_QUEUE, sourceQueues: [source] },
    });
    this.queue = new Queue(this, 'Queue', {
      ...defaults,
      queueName,
      visibilityTimeout: Duration.seconds(visibilitySeconds(props.consumer.name)),
      retentionPeriod: Duration.days(4),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: mostReceives(props.consumer.name) },
    });

    // Not by CDK's SqsEventSource, which allows more than Lambda asks of the role; the id is the one that it would give.
    props.consumer.lambda.addEventSourceMapping(`SqsEventSource:${Names.nodeUniqueId(this.queue.node)}`, {
      eventSourceArn: this.queue.queueArn,
      batchSize: props.batchSize,
      maxConcurrency: props.maxConcurrency,
      reportBatchItemFailures: true,
    });
    props.consumer.allow(['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], [this.queue.queueArn]);
    const stack = Stack.of(this);
    new CfnOutput(stack, `Queue${pascalCase(props.name)}`, { value: this.queue.queueUrl });
    new CfnOutput(stack, `DeadQueue${pascalCase(props.name)}`, { value: this.dead.queueUrl });
  }

  /** Lets `fn` send, and sets the URL as `setting`. */
  grantSend(fn: QuotronFunction, setting: keyof typeof settingNames): void {
    fn.allow(['sqs:SendMessage'], [this.queue.queueArn]);
    fn.addSetting(setting, this.queue.queueUrl);
  }
}

/** Lets `fn` send to all `queues`, and sets their URLs as a JSON object in `setting`, by the `key` of each. */
export function grantSendToAll(
  fn: QuotronFunction,
  setting: 'scrapeQueueUrls',
  queues: Readonly<Record<string, QuotronQueue>>,
): void {
  fn.allow(
    ['sqs:SendMessage'],
    Object.values(queues).map(({ queue }) => queue.queueArn),
  );
  const urls = Object.fromEntries(Object.entries(queues).map(([key, { queue }]) => [key, queue.queueUrl]));
  fn.addSetting(setting, Stack.of(fn).toJsonString(urls));
}

/** Lets `fn` count the messages of `queues`, read their dead letters and redrive them; sets names and URLs. */
export function grantRedrive(fn: QuotronFunction, queues: readonly QuotronQueue[]): void {
  const alive = queues.map(({ queue }) => queue.queueArn);
  const dead = queues.map((each) => each.dead.queueArn);
  // Each queue once: a role's own policy has little room, and CDK makes another kind of policy of the rest, which emulators lack.
  fn.allow(['sqs:GetQueueAttributes', 'sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility', 'sqs:DeleteMessage'], dead);
  fn.allow(['sqs:GetQueueAttributes', 'sqs:SendMessage'], alive);
  const urls = Object.fromEntries(
    queues.map(({ name, queue, dead }) => [name, { url: queue.queueUrl, deadUrl: dead.queueUrl }]),
  );
  fn.addSetting('queues', Stack.of(fn).toJsonString(urls));
}
