import { CfnOutput, ReferenceStrength, Stack } from 'aws-cdk-lib';
import { Alias } from 'aws-cdk-lib/aws-kms';
import { SubscriptionFilter, Topic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import type { EventType } from '../../core/contracts/events/event.ts';
import { physicalName, titleOf } from '../../core/contracts/installation.ts';
import { leastConcurrency } from '../executions.ts';
import type { StageSettings } from '../stage-settings.ts';
import type { QuotronFunction } from './quotron-function.ts';
import { QuotronQueue } from './quotron-queue.ts';

export interface FollowOptions {
  /** Of the follower's queue. */
  readonly name: string;
  /** Only events of these types; all without it. */
  readonly types?: readonly [EventType, ...EventType[]];
}

/** Where a stage's events go. */
export interface EventStream {
  /** Where they go on Kafka. */
  readonly kafkaTopic: string | undefined;
  /** Lets `fn` publish, and sets where. */
  grantPublish(fn: QuotronFunction): void;
  /** Lets `fn` follow. Gives the queue that it has for it; none of Kafka, whose topic is read by `fn` itself. */
  follow(fn: QuotronFunction, options: FollowOptions): QuotronQueue | undefined;
}

/** Events in one invocation: the most of a FIFO queue. */
const eventsAtOnce = 10;

/**
 * The topic of events, SNS FIFO: a group for each key, so followers get the events of a key in order. A follower has a FIFO
 * queue on it (docs/consuming-events.md). Output `EventsTopic` is its ARN.
 */
export class EventTopic extends Construct implements EventStream {
  readonly topic: Topic;
  readonly kafkaTopic = undefined;
  private readonly settings: StageSettings;

  constructor(scope: Construct, id: string, settings: StageSettings) {
    super(scope, id);
    this.settings = settings;
    this.topic = new Topic(this, 'Topic', {
      topicName: `${physicalName(settings, 'events')}.fifo`,
      displayName: `${titleOf(settings)}: events`,
      fifo: true,
      contentBasedDeduplication: false,
      enforceSSL: true,
      // AWS's own key costs nothing. Emulators have no such alias.
      ...(settings.stage !== 'local' && { masterKey: Alias.fromAliasName(this, 'Key', 'alias/aws/sns') }),
    });
    new CfnOutput(Stack.of(this), 'EventsTopic', { value: this.topic.topicArn });
  }

  /** Lets `fn` publish, and sets the topic's ARN. */
  grantPublish(fn: QuotronFunction): void {
    fn.allow(['sns:Publish'], [this.topic.topicArn]);
    fn.addSetting('eventsTopic', this.topic.topicArn);
  }

  /**
   * Lets `fn` follow: a FIFO queue of its own on the topic, with a dead-letter queue, both in the stack of `fn`. Its handler
   * gets events in their envelopes, in order of each key (`handleEvents`). Give the queue to the alarms on queues and to the
   * API, which shows and redrives dead letters.
   */
  follow(fn: QuotronFunction, { name, types }: FollowOptions): QuotronQueue {
    const made = new QuotronQueue(Stack.of(fn), {
      ...{ name, settings: this.settings, consumer: fn, fifo: true },
      ...{ batchSize: eventsAtOnce, maxConcurrency: leastConcurrency },
    });
    // A stage whose events go to Kafka has no such queue: with an export, which cannot go while the API imports it, a stage
    // could never change over. Exports that are there stay until the API no longer imports them.
    if (this.settings.stage !== 'local')
      for (const each of [made.queue, made.dead]) each.applyCrossStackReferenceStrength(ReferenceStrength.BOTH);
    this.topic.addSubscription(
      new SqsSubscription(made.queue, {
        // The body is the event, and not SNS's envelope around it.
        rawMessageDelivery: true,
        // What SNS cannot deliver, such as after somebody took away the queue's policy.
        deadLetterQueue: made.dead,
        ...(types && { filterPolicy: { type: SubscriptionFilter.stringFilter({ allowlist: [...types] }) } }),
      }),
    );
    return made;
  }
}
