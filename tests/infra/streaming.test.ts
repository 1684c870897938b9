/** A stage whose events go to Kafka: MSK Serverless, who may do what there, and how it is read. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { neededExecutions } from '../../lib/executions.ts';
import { headingAnchor } from '../../lib/monitoring/runbook-alarm.ts';
import { permissionsOf } from '../permissions/of-templates.ts';
import { cloudStages, eventSourcesOf, functionsOf, onKafka, queuesOf, resourcesOf, synthesized } from './synthesize.ts';

const { streaming } = synthesized(onKafka).quotron;
if (!streaming) throw new Error('The stage has no stack of Kafka.');

const one = (type: string) => {
  const [found, ...others] = resourcesOf(onKafka, type);
  if (!found || others.length > 0) throw new Error(`There is not one ${type}.`);
  return found;
};
const kafkaMapping = () => {
  const [mapping, ...others] = resourcesOf(onKafka, 'AWS::Lambda::EventSourceMapping').filter(
    ({ resource }) => 'Topics' in resource.Properties,
  );
  if (!mapping || others.length > 0) throw new Error('There is not one event source of Kafka.');
  return mapping;
};
const permissions = permissionsOf(
  Object.values(synthesized(onKafka).stacks).map(({ template }): unknown => template.toJSON()),
  'dev',
);
const kafkaPermissions = (name: string) => (permissions.get(name) ?? []).filter((words) => words.startsWith('kafka'));

it.each(cloudStages)('%s has none unless its owner sets it', (stage) => {
  expect(synthesized(stage).quotron.streaming).toBeUndefined();
  expect(functionsOf(stage).has('relay-to-kafka')).toBe(false);
});

it('another word than sns and kafka stops the synthesis', () => {
  expect(() => stageSettings('dev', { QUOTRON_EVENTS: 'msk' })).toThrow('QUOTRON_EVENTS is "msk"');
});

describe('a stage with its events on Kafka', () => {
  it('has a cluster in both zones that only roles of IAM sign in to, and warns of its price', () => {
    expect(one('AWS::MSK::ServerlessCluster').resource.Properties).toMatchObject({
      ...{ ClusterName: 'quotron-dev-events', ClientAuthentication: { Sasl: { Iam: { Enabled: true } } } },
      VpcConfigs: [{ SubnetIds: [expect.anything(), expect.anything()], SecurityGroups: [expect.anything()] }],
    });
    Annotations.fromStack(streaming).hasWarning(
      '*',
      Match.stringLikeRegexp('cost \\d{3} US dollars a month more by list price'),
    );
  });

  it('has no topic of SNS, no queue of it, and no relay outside', () => {
    const topics = resourcesOf(onKafka, 'AWS::SNS::Topic').map(({ resource }) => resource.Properties['TopicName']);
    expect(topics).toEqual(['quotron-dev-alarms']);
    expect([...queuesOf(onKafka).keys()]).not.toContain('alert-events');
    expect(functionsOf(onKafka).has('relay-events')).toBe(false);
  });

  it('the relay is inside, in the group that reaches the brokers, and signs in by its role', () => {
    const relay = functionsOf(onKafka).get('relay-to-kafka');
    expect(relay?.VpcConfig?.SecurityGroupIds).toHaveLength(2);
    expect(JSON.stringify(relay?.VpcConfig?.SecurityGroupIds)).toContain('Streaming:ExportsOutputFnGetAttClients');
    expect(relay?.variables).toMatchObject({
      ...{ KAFKA_TOPIC: 'quotron-dev-events', KAFKA_SECURITY_PROTOCOL: 'SASL_SSL' },
      ...{ KAFKA_SASL_MECHANISM: 'AWS_MSK_IAM', KAFKA_BROKERS: expect.anything(), DB_USER: 'quotron_app' },
    });
    expect(relay?.variables).not.toHaveProperty('STATE_FUNCTION');
    expect(eventSourcesOf(onKafka).find(({ queueName }) => queueName === 'events')?.functionName).toBe(
      'relay-to-kafka',
    );
    for (const [name, { VpcConfig }] of functionsOf(onKafka))
      if (name !== 'relay-to-kafka') expect(VpcConfig?.SecurityGroupIds ?? [name], name).toHaveLength(1);
  });

  it('its group opens one port, to the brokers, and these take it from the relay and from pollers alone', () => {
    const inStreaming = (type: string) =>
      resourcesOf(onKafka, type)
        .filter(({ stack }) => stack === 'Streaming')
        .map(({ resource }) => resource.Properties);
    const ingress = inStreaming('AWS::EC2::SecurityGroupIngress');
    const egress = inStreaming('AWS::EC2::SecurityGroupEgress');
    expect([ingress.length, egress.length]).toEqual([2, 2]);
    for (const rule of [...ingress, ...egress]) {
      expect([rule['FromPort'], rule['ToPort'], rule['CidrIp']]).toEqual([9098, 9098, undefined]);
      expect(rule['SourceSecurityGroupId'] ?? rule['DestinationSecurityGroupId']).toBeDefined();
    }
  });

  it('needs no endpoint more, and no way out', () => {
    const endpoints = (stage: 'dev' | typeof onKafka) => resourcesOf(stage, 'AWS::EC2::VPCEndpoint').length;
    expect(endpoints(onKafka)).toBe(endpoints('dev'));
    for (const type of ['NatGateway', 'InternetGateway', 'EgressOnlyInternetGateway'])
      expect(resourcesOf(onKafka, `AWS::EC2::${type}`)).toEqual([]);
  });

  it('the topics are made by a function inside that reaches the brokers alone, before anything publishes or follows', () => {
    const [trigger] = Object.values(synthesized(onKafka).stacks['Streaming']?.resources ?? {}).filter(
      ({ Type }) => Type === 'Custom::Trigger',
    );
    expect(JSON.stringify(trigger?.Properties['HandlerArn'])).toContain('MakeTopicsFunctionCurrentVersion');
    const make = functionsOf(onKafka).get('make-topics');
    expect(make?.VpcConfig?.SecurityGroupIds).toEqual([
      { 'Fn::GetAtt': [expect.stringMatching(/^Clients/), 'GroupId'] },
    ]);
    expect(Object.keys(make?.variables ?? {}).filter((name) => name.startsWith('DB_'))).toEqual([]);
    const { pipeline } = synthesized(onKafka).quotron;
    expect(pipeline.dependencies).toContain(streaming);
    expect(kafkaMapping().stack).toBe('Pipeline');
  });

  it('alerts follow by a poller that splits what fails, tries five times, and writes dead letters', () => {
    expect(kafkaMapping().resource.Properties).toMatchObject({
      ...{ Topics: ['quotron-dev-events'], StartingPosition: 'TRIM_HORIZON', BatchSize: 100 },
      AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'quotron-dev-alert-events' },
      ...{ BisectBatchOnFunctionError: true, MaximumRetryAttempts: 4 },
      DestinationConfig: { OnFailure: { Destination: 'kafka://quotron-dev-events-dead' } },
      ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 1 },
    });
    const [filter] = z
      .object({ FilterCriteria: z.object({ Filters: z.array(z.object({ Pattern: z.string() })) }) })
      .parse(kafkaMapping().resource.Properties).FilterCriteria.Filters;
    expect(JSON.parse(filter?.Pattern ?? '')).toMatchObject({
      value: { type: expect.arrayContaining(['quotron.price.disputed']) },
    });
  });

  it('the relay writes one topic, whoever makes both writes none; the follower reads one in its group and writes the dead letters', () => {
    expect(kafkaPermissions('make-topics')).toEqual([
      'kafka-cluster:Connect on cluster of events',
      'kafka-cluster:CreateTopic on topic of dead events',
      'kafka-cluster:CreateTopic on topic of events',
      'kafka-cluster:DescribeTopic on topic of dead events',
      'kafka-cluster:DescribeTopic on topic of events',
    ]);
    expect(kafkaPermissions('relay-to-kafka')).toEqual([
      'kafka-cluster:Connect on cluster of events',
      'kafka-cluster:DescribeTopic on topic of events',
      'kafka-cluster:WriteData on topic of events',
      'kafka-cluster:WriteDataIdempotently on cluster of events',
    ]);
    expect(kafkaPermissions('evaluate-alerts')).toEqual([
      'kafka-cluster:AlterGroup on group of alert-events',
      'kafka-cluster:Connect on cluster of events',
      'kafka-cluster:DescribeClusterDynamicConfiguration on cluster of events',
      'kafka-cluster:DescribeGroup on group of alert-events',
      'kafka-cluster:DescribeTopic on topic of dead events',
      'kafka-cluster:DescribeTopic on topic of events',
      'kafka-cluster:ReadData on topic of events',
      'kafka-cluster:WriteData on topic of dead events',
      'kafka-cluster:WriteDataIdempotently on cluster of events',
      'kafka:DescribeClusterV2 on cluster of events',
      'kafka:GetBootstrapBrokers on cluster of events',
    ]);
    for (const [name] of functionsOf(onKafka))
      if (!['relay-to-kafka', 'make-topics', 'evaluate-alerts'].includes(name))
        expect(kafkaPermissions(name), name).toEqual([]);
  });

  it('what calls MSK at deployment may ask for the brokers of this cluster, and nothing else', () => {
    const policies = resourcesOf(onKafka, 'AWS::IAM::Policy').filter(({ id }) => id.startsWith('BrokersOfCluster'));
    expect(policies).toHaveLength(1);
    expect(policies[0]?.resource.Properties['PolicyDocument']).toMatchObject({
      Statement: [
        { Action: 'kafka:GetBootstrapBrokers', Resource: { 'Fn::GetAtt': [expect.stringMatching(/^Cluster/), 'Arn'] } },
      ],
    });
  });

  it.each([
    ['DeadEvents', 'MessagesInPerSec', 'quotron-dev-events-dead'],
    ['AlertEventsLag', 'EstimatedMaxTimeLag', 'quotron-dev-alert-events'],
  ])('%s: an alarm on it leads to a heading of the runbook', (id, metric, dimension) => {
    const alarm = resourcesOf(onKafka, 'AWS::CloudWatch::Alarm').find((each) => each.id.startsWith(id));
    expect(alarm?.resource.Properties).toMatchObject({ Namespace: 'AWS/Kafka', MetricName: metric });
    expect(JSON.stringify(alarm?.resource.Properties['Dimensions'])).toContain(dimension);
    const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
    const anchors = [...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => headingAnchor(heading ?? ''));
    expect(anchors).toContain(/runbook\.md#(\S+)$/.exec(String(alarm?.resource.Properties['AlarmDescription']))?.[1]);
    expect(alarm?.resource.Properties['AlarmActions']).toHaveLength(1);
  });

  it('the preflight of its deployment counts what a poller starts at once', () => {
    const most = eventSourcesOf(onKafka).reduce(
      (sum, { ScalingConfig }) => sum + (ScalingConfig?.MaximumConcurrency ?? 0),
      0,
    );
    expect(neededExecutions(stageSettings('dev', { QUOTRON_EVENTS: 'kafka' }))).toBe(most + 2 + 5);
  });
});

it('a stage can change over: the API holds nothing that Kafka takes away by an export', () => {
  const api = JSON.stringify(synthesized('dev').stacks['Api']?.template.toJSON());
  expect(api).toContain('PublishOutputFnGetAttAlertEventsQueue');
  expect(api).not.toMatch(/ImportValue":"[^"]*AlertEventsQueue/);
});
