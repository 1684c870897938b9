/** A function that follows events: its queue on the topic, by the rules of all queues. */
import { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { timeoutSeconds } from '../../core/contracts/functions.ts';
import { kafkaFollowerSchema } from '../../core/contracts/kafka.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import type { FollowOptions } from '../../lib/constructs/event-topic.ts';
import { QuotronFunction } from '../../lib/constructs/quotron-function.ts';
import { QueueAlarms } from '../../lib/monitoring/queue-alarms.ts';
import { builtDashboard, emptyApp } from './synthesize.ts';

/** A stage beside which a function follows, in a stack of its own; the alarms on its queue with it, on AWS. */
function following(stage: 'local' | 'dev', options: FollowOptions, kafka = false): Template {
  const app = emptyApp({ validated: true });
  const settings = stageSettings(stage, {
    QUOTRON_DATABASE_URL: 'postgres://quotron@127.0.0.1:5432/quotron',
    ...(kafka && { QUOTRON_KAFKA: '{"KAFKA_BROKERS":"127.0.0.1:9092","KAFKA_TOPIC":"quotron-local-events"}' }),
  });
  const { pipeline } = addQuotron(
    app,
    settings.stage === 'local' ? settings : { ...settings, webFolder: builtDashboard() },
  );
  const stack = new Stack(app, `Quotron-${stage}-Follower`);
  const fn = new QuotronFunction(stack, {
    ...{ name: 'summarise', settings, network: undefined, description: 'Follows', memoryMb: 256 },
  });
  const queue = pipeline.events.follow(fn, options);
  if (queue && stage !== 'local') new QueueAlarms(stack, 'Alarms', { stage, queues: [queue], heading: 'Dead letters' });
  app.synth();
  return Template.fromStack(stack);
}

const day = 86_400;

describe.each(['local', 'dev'] as const)('a follower of events in %s', (stage) => {
  const template = following(stage, { name: 'ideas', types: ['quotes.stored', 'price.disputed'] });

  it('has a FIFO queue, hidden for six times as long as it may take, and dead letters for 14 days', () => {
    expect(Object.keys(template.findResources('AWS::SQS::Queue'))).toHaveLength(2);
    template.hasResourceProperties('AWS::SQS::Queue', {
      ...{ QueueName: `quotron-${stage}-ideas.fifo`, FifoQueue: true, ContentBasedDeduplication: false },
      ...{ VisibilityTimeout: 6 * timeoutSeconds.summarise, SqsManagedSseEnabled: true },
      RedrivePolicy: { maxReceiveCount: 5, deadLetterTargetArn: Match.anyValue() },
    });
    template.hasResourceProperties('AWS::SQS::Queue', {
      ...{ QueueName: `quotron-${stage}-ideas-dead.fifo`, FifoQueue: true, MessageRetentionPeriod: 14 * day },
      RedriveAllowPolicy: {
        redrivePermission: 'byQueue',
        sourceQueueArns: [
          { 'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(`:quotron-${stage}-ideas.fifo$`)])] },
        ],
      },
    });
  });

  it('reads it two batches at once at the least, and gives failed events back alone', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      ...{ BatchSize: 10, FunctionResponseTypes: ['ReportBatchItemFailures'] },
      ScalingConfig: { MaximumConcurrency: 2 },
    });
  });

  it('gets events as they are, those of its types, and what cannot be delivered is a dead letter', () => {
    template.hasResourceProperties('AWS::SNS::Subscription', {
      ...{ Protocol: 'sqs', RawMessageDelivery: true },
      FilterPolicy: { type: ['quotes.stored', 'price.disputed'] },
      RedrivePolicy: { deadLetterTargetArn: Match.anyValue() },
    });
  });

  it('only the topic may send to its queues', () => {
    const policies = Object.values(template.findResources('AWS::SQS::QueuePolicy'));
    expect(policies).toHaveLength(2);
    for (const policy of policies) {
      expect(policy).toMatchObject({
        Properties: {
          PolicyDocument: {
            Statement: [
              // Without TLS nobody.
              { Effect: 'Deny', Principal: { AWS: '*' } },
              {
                ...{ Effect: 'Allow', Action: 'sqs:SendMessage', Principal: { Service: 'sns.amazonaws.com' } },
                Condition: { ArnEquals: { 'aws:SourceArn': expect.anything() } },
              },
            ],
          },
        },
      });
    }
  });
});

it('without types a follower gets all events', () => {
  following('dev', { name: 'ideas' }).hasResourceProperties('AWS::SNS::Subscription', { FilterPolicy: Match.absent() });
});

it('there are alarms on its dead letters and on events that wait', () => {
  const alarms = JSON.stringify(following('dev', { name: 'ideas' }).findResources('AWS::CloudWatch::Alarm'));
  expect(alarms).toContain('ApproximateNumberOfMessagesVisible');
  expect(alarms).toContain('ApproximateAgeOfOldestMessage');
});

it('on a Kafka beside the local cloud an output names the follower, for the poller', () => {
  const template = following('local', { name: 'ideas', types: ['quotes.stored'] }, true);
  template.resourceCountIs('AWS::SQS::Queue', 0);
  template.resourceCountIs('AWS::Lambda::EventSourceMapping', 0);
  const [output] = Object.values(template.findOutputs('KafkaFollowerIdeas'));
  expect(kafkaFollowerSchema.parse(JSON.parse(z.object({ Value: z.string() }).parse(output).Value))).toEqual({
    ...{ name: 'ideas', function: 'summarise', types: ['quotron.quotes.stored'] },
  });
});

it('with a Kafka the relay publishes there, and there is no topic of SNS', () => {
  const settings = stageSettings('local', {
    QUOTRON_DATABASE_URL: 'postgres://quotron@127.0.0.1:5432/quotron',
    QUOTRON_KAFKA: '{"KAFKA_BROKERS":"127.0.0.1:9092","KAFKA_TOPIC":"quotron-local-events"}',
  });
  const template = Template.fromStack(addQuotron(emptyApp(), settings).pipeline);
  template.resourceCountIs('AWS::SNS::Topic', 0);
  template.hasResourceProperties('AWS::Lambda::Function', {
    FunctionName: 'quotron-local-relay-to-kafka',
    Environment: {
      Variables: Match.objectLike({
        ...{ KAFKA_BROKERS: '127.0.0.1:9092', KAFKA_TOPIC: 'quotron-local-events', EVENTS_TOPIC: Match.absent() },
      }),
    },
  });
});
