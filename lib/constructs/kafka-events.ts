import { Stack } from 'aws-cdk-lib';
import { FilterCriteria, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import { KafkaDlq } from 'aws-cdk-lib/aws-lambda-event-sources';
import { Construct } from 'constructs';
import { typePrefix } from '../../core/contracts/events/cloud-event.ts';
import { kafkaGroup, kafkaTopics } from '../../core/contracts/kafka.ts';
import { usualTries } from '../../core/contracts/queues.ts';
import { RunbookAlarm } from '../monitoring/runbook-alarm.ts';
import { pascalCase } from '../names.ts';
import type { StreamingStack } from '../stacks/streaming-stack.ts';
import type { CloudSettings } from '../stage-settings.ts';
import type { EventStream, FollowOptions } from './event-topic.ts';
import type { QuotronFunction } from './quotron-function.ts';

/** Events in one invocation. */
const eventsAtOnce = 100;

/** Seconds that a follower may be behind. */
const lagSeconds = 600;

/** Events on the stage's Kafka (MSK Serverless), whose topics are there before anything publishes or follows. */
export class KafkaEvents extends Construct implements EventStream {
  readonly kafkaTopic: string;
  private readonly settings: CloudSettings;
  private readonly streaming: StreamingStack;

  constructor(scope: Construct, id: string, of: { settings: CloudSettings; streaming: StreamingStack }) {
    super(scope, id);
    this.settings = of.settings;
    this.streaming = of.streaming;
    this.kafkaTopic = kafkaTopics(this.settings).events;
  }

  /** Lets `fn` publish, and sets where. */
  grantPublish(fn: QuotronFunction): void {
    const { cluster } = this.streaming;
    this.streaming.grantSignIn(fn);
    // An idempotent producer: what a retry sends again is dropped by the broker.
    fn.allow(['kafka-cluster:WriteDataIdempotently'], [cluster.attrArn]);
    fn.allow(
      ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'],
      [this.streaming.arnOf('topic', this.kafkaTopic)],
    );
    fn.addSetting('kafkaTopic', this.kafkaTopic);
  }

  /**
   * Lets `fn` follow from the first event that is kept. Lambda reads by a poller of its own (provisioned mode): only that
   * splits a batch that fails, ends its tries, and puts what failed on the topic of dead letters.
   */
  follow(fn: QuotronFunction, { name, types }: FollowOptions): undefined {
    const { cluster } = this.streaming;
    const { events, dead } = kafkaTopics(this.settings);
    const group = kafkaGroup(this.settings, name);
    fn.allow(['kafka:DescribeClusterV2', 'kafka:GetBootstrapBrokers'], [cluster.attrArn]);
    // Its poller has a network interface, made with the role of the function like that of the function itself.
    fn.allow(['ec2:DescribeVpcs', 'ec2:DescribeSecurityGroups'], ['*']);
    fn.allow(
      [
        'kafka-cluster:Connect',
        'kafka-cluster:DescribeClusterDynamicConfiguration',
        'kafka-cluster:WriteDataIdempotently',
      ],
      [cluster.attrArn],
    );
    fn.allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'], [this.streaming.arnOf('topic', events)]);
    fn.allow(['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'], [this.streaming.arnOf('topic', dead)]);
    fn.allow(['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'], [this.streaming.arnOf('group', group)]);
    fn.lambda.addEventSourceMapping(`Kafka${pascalCase(name)}`, {
      ...{ eventSourceArn: cluster.attrArn, kafkaTopic: events, kafkaConsumerGroupId: group },
      ...{ startingPosition: StartingPosition.TRIM_HORIZON, batchSize: eventsAtOnce },
      provisionedPollerConfig: { minimumPollers: 1, maximumPollers: 1 },
      ...{ bisectBatchOnError: true, retryAttempts: usualTries - 1, onFailure: new KafkaDlq(dead) },
      ...(types && {
        filters: [FilterCriteria.filter({ value: { type: types.map((type) => `${typePrefix}${type}`) } })],
      }),
    });
    new RunbookAlarm(Stack.of(fn), `${pascalCase(name)}Lag`, {
      metric: this.streaming.lagOf(group),
      threshold: lagSeconds,
      periods: 2,
      says: `${fn.name} (${this.settings.stage}) is ${lagSeconds / 60} minutes behind the events on Kafka.`,
      heading: 'A follower of Kafka is behind',
    });
  }
}
