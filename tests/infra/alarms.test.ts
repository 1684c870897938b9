import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { inAlarms, together } from '../../lib/monitoring/expressions.ts';
import { headingAnchor } from '../../lib/monitoring/runbook-alarm.ts';
import { cloudStages, functionsOf, queuesOf, resourcesOf, synthesized } from './synthesize.ts';

const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
const anchors = new Set([...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => headingAnchor(heading ?? '')));

const dimensionSchema = z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]);
const metricSchema = z.object({ Namespace: z.string(), MetricName: z.string(), Dimensions: dimensionSchema });
const partSchema = z.object({
  Expression: z.string().optional(),
  MetricStat: z.object({ Metric: metricSchema }).optional(),
});
const alarmSchema = z.object({
  AlarmDescription: z.string(),
  TreatMissingData: z.string(),
  Namespace: z.string().optional(),
  MetricName: z.string().optional(),
  Dimensions: dimensionSchema,
  Metrics: z.array(partSchema).optional(),
});

const conditionsSchema = z.object({
  Conditions: z.record(z.string(), z.unknown()),
  Resources: z.record(z.string(), z.object({ Type: z.string(), Condition: z.string().optional() })),
});

/** The alarms of a stage, each with the metrics that it watches and its heading in the runbook. */
const alarmsOf = (stage: 'dev' | 'prod') =>
  resourcesOf(stage, 'AWS::CloudWatch::Alarm').map(({ stack, id, resource }) => {
    const read = alarmSchema.parse(resource.Properties);
    const alone = metricSchema.safeParse(read).data;
    const parts = (read.Metrics ?? []).flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
    return {
      place: `${stack}/${id}`,
      silenceIsBad: read.TreatMissingData === 'breaching',
      expressions: (read.Metrics ?? []).flatMap(({ Expression }) => Expression ?? []),
      metrics: (alone ? [alone] : parts).map(({ MetricName, Dimensions }) => ({
        name: MetricName,
        dimensions: JSON.stringify(Dimensions),
        count: Dimensions.length,
      })),
      anchor: /docs\/runbook\.md#(\S+)$/.exec(read.AlarmDescription)?.[1],
    };
  });

/** Functions that run at a deployment only, which fails and is rolled back when they fail. */
const atDeployment = ['migrate', 'prepare-database'];

/** A case: what goes wrong, the metric that shows it, and of what; and the heading that says what to do. */
type Case = readonly [what: string, metric: string, of: string, heading: string];

const casesOf = (stage: 'dev' | 'prod'): Case[] => [
  ...[...functionsOf(stage)]
    .filter(([name]) => !atDeployment.includes(name))
    .map(([name, { id }]): Case => {
      const heading = name === 'canary' ? 'The canary fails' : 'Function errors';
      return [`${name} fails`, 'Errors', id, heading];
    }),
  ...[...queuesOf(stage)].map(([name, { id }]): Case => {
    const dead = name.startsWith('scrape-') ? 'Dead letters: scrape queues' : 'Dead letters';
    return name.endsWith('-dead')
      ? [`a message in ${name}`, 'ApproximateNumberOfMessagesVisible', id, dead]
      : [`nobody reads ${name}`, 'ApproximateAgeOfOldestMessage', id, 'Messages wait'];
  }),
  ...sourcesOf(stage).map(({ id }): Case => [`${id} fails`, 'SourceFailing', id, 'A source fails']),
  ['events wait', 'EventsLagSeconds', stage, 'Events are not published'],
  ['a channel of alerts is switched off', 'AlertChannelsDisabled', stage, 'A channel of alerts was switched off'],
  ['a source is limited', 'SourcesLimited', stage, 'A source stays limited'],
  ['a source flaps', 'SourcesFlapping', stage, 'A source flaps'],
  ['quotes in the default partition', 'RowsInDefaultPartition', stage, 'Maintenance finds something'],
  ['calendars end', 'CalendarDaysLeft', stage, 'Maintenance finds something'],
  ['the database is near the most it may grow to', 'DatabaseBytes', stage, 'Maintenance finds something'],
  ['storage does not grow', 'FreeStorageSpace', 'DBInstanceIdentifier', 'Database storage'],
  ['the database has no CPU', 'CPUUtilization', 'DBInstanceIdentifier', 'Database is short of something'],
  ['credits are used up', 'CPUCreditBalance', 'DBInstanceIdentifier', 'Database is short of something'],
  ['the database has no memory', 'FreeableMemory', 'DBInstanceIdentifier', 'Database is short of something'],
  ['connections are used up', 'DatabaseConnections', 'DBInstanceIdentifier', 'Database is short of something'],
  ['Lambda refuses', 'Throttles', '', 'Lambda at its limits'],
  ['the account runs as many as it may', 'ConcurrentExecutions', '', 'Lambda at its limits'],
  ['a function nearly runs out of time', 'NearTimeout', stage, 'Lambda at its limits'],
  ['the API answers 5xx', '5XXError', `quotron-${stage}-api`, 'API errors'],
  ['the API is slow', 'Latency', `quotron-${stage}-api`, 'API errors'],
  ['CloudFront answers 5xx', '5xxErrorRate', 'DistributionId', 'Pages cannot be reached'],
  ['Yahoo fails the proxy', 'ProxyUpstreamFailures', stage, 'Yahoo proxy: upstream failures'],
];

/** Functions that a rule starts: one that is not started is silent, whatever the cause. */
const silent: ReadonlyMap<string, string> = new Map([
  ['schedule', 'No ticks'],
  ['monitor', 'No ticks'],
  ['relay-events', 'No ticks'],
  ['evaluate-alerts', 'No ticks'],
  ['deliver-alerts', 'No ticks'],
  ['maintain', 'Not maintained'],
  ['yahoo-proxy', 'Yahoo proxy: no heartbeat'],
  ['canary', 'The canary fails'],
]);

describe.each(cloudStages)('in %s', (stage) => {
  const alarms = alarmsOf(stage);
  const on = (metric: string, of: string) =>
    alarms.filter(({ metrics }) =>
      metrics.some(
        ({ name, dimensions, count }) =>
          name === metric && (of === '' ? count === 0 : new RegExp(`"${of}"`).test(dimensions)),
      ),
    );

  it('every alarm leads to a heading of the runbook that exists', () => {
    for (const { place, anchor } of alarms) expect(anchors, place).toContain(anchor);
  });

  it.each(casesOf(stage))('%s: one alarm says so', (_, metric, of, heading) => {
    expect(on(metric, of).map(({ anchor }) => anchor)).toEqual([headingAnchor(heading)]);
  });

  it('a rule that starts nothing is heard by the silence of what it should start', () => {
    const functions = [...functionsOf(stage)];
    const started = resourcesOf(stage, 'AWS::Events::Rule').flatMap(({ resource }) => {
      const targets = JSON.stringify(resource.Properties['Targets']);
      return functions.flatMap(([name, { id }]) => (targets.includes(`"${id}"`) ? [name] : []));
    });
    expect(started.sort()).toEqual([...silent.keys()].sort());
    for (const [name, heading] of silent) {
      const [alarm, ...others] = on('Invocations', functionsOf(stage).get(name)?.id ?? '');
      expect(others, name).toEqual([]);
      expect([alarm?.anchor, alarm?.silenceIsBad], name).toEqual([headingAnchor(heading), true]);
    }
  });

  it('alarms are few, each on as many metrics as CloudWatch takes, and on no search, which it refuses', () => {
    // One for each source is one that another one cannot hide.
    expect(alarms.length - sourcesOf(stage).length).toBeLessThanOrEqual(24);
    for (const { place, metrics, expressions } of alarms) {
      expect(metrics.length, place).toBeGreaterThan(0);
      expect(metrics.length, place).toBeLessThanOrEqual(10);
      expect(expressions.join(), place).not.toMatch(/SEARCH|METRICS/);
    }
  });
});

it('the laptop has no alarms: they would reach nobody', () => {
  expect(resourcesOf('local', 'AWS::CloudWatch::Alarm')).toEqual([]);
});

describe('metrics together', () => {
  const metric = new Metric({ namespace: 'n', metricName: 'm' });
  const of = (...parts: Parameters<typeof together>[1]) => {
    const made = together('MAX', parts, Duration.minutes(5));
    return made instanceof MathExpression ? made.expression : undefined;
  };

  it('are as good as nothing without data, parts of their limits, and 1 below the least', () => {
    expect(of({ metric })).toBe('FILL(m0, 0)');
    expect(of({ metric }, { metric, limit: 90 }, { metric, least: 20 })).toBe(
      'MAX([FILL(m0, 0), FILL(m1, 0) / 90, IF(FILL(m2, 20) < 20, 1, 0)])',
    );
    expect(of({ metric, least: 1, orSilent: true })).toBe('IF(FILL(m0, 0) < 1, 1, 0)');
  });

  it('are ten at the most, and more are several alarms', () => {
    const many = Array.from({ length: 23 }, () => ({ metric }));
    expect(() => of(...many)).toThrow(/1 to 10/);
    expect(() => of()).toThrow(/1 to 10/);
    expect(inAlarms(many).map((some) => some.length)).toEqual([10, 10, 3]);
  });
});

describe.each(cloudStages)('in %s', (stage) => {
  it('every alarm tells the topic of people that it goes off, and that it is over', () => {
    const actions = z.object({ AlarmActions: z.array(z.unknown()), OKActions: z.array(z.unknown()) });
    for (const { stack, id, resource } of resourcesOf(stage, 'AWS::CloudWatch::Alarm')) {
      const { AlarmActions, OKActions } = actions.parse(resource.Properties);
      for (const each of [AlarmActions, OKActions]) {
        expect(each, id).toHaveLength(1);
        expect(JSON.stringify(each), id).toMatch(
          stack === 'Operations' ? /"Ref":"Alarms/ : /Quotron-\w+-Operations.*Alarms/,
        );
      }
    }
    const subscriptions = resourcesOf(stage, 'AWS::SNS::Subscription')
      .map(({ resource }) => resource.Properties)
      // Queues follow the topic of events.
      .filter(({ Protocol }) => Protocol !== 'sqs');
    expect(subscriptions).toHaveLength(2);
    expect(subscriptions).toContainEqual(
      expect.objectContaining({ Protocol: 'email', Endpoint: 'operator@example.com' }),
    );
    const notify = functionsOf(stage).get('notify')?.id ?? '';
    expect(subscriptions).toContainEqual(
      expect.objectContaining({ Protocol: 'lambda', Endpoint: { 'Fn::GetAtt': [notify, 'Arn'] } }),
    );
  });

  it('CloudFront’s alarm is made where its metrics are, in one region, and the canary asks by its address everywhere', () => {
    const made = conditionsSchema.parse(synthesized(stage).stacks['Web']?.template.toJSON());
    expect(made.Conditions['MetricsAreHere']).toEqual({ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] });
    const alarms = Object.entries(made.Resources).filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm');
    expect(alarms.map(([id, { Condition }]) => [id.startsWith('PagesFail'), Condition]).sort()).toEqual([
      [false, undefined],
      [true, 'MetricsAreHere'],
    ]);
    expect(JSON.stringify(functionsOf(stage).get('canary')?.variables['CANARY_URL'])).toMatch(
      /Distribution.*DomainName/,
    );
  });

  it('only CloudWatch and AWS Budgets of the own account may publish there, and nobody without TLS', () => {
    const statement = z.object({
      Effect: z.string(),
      Principal: z.unknown(),
      Condition: z.unknown(),
    });
    const policy = z.object({ PolicyDocument: z.object({ Statement: z.array(statement) }) });
    const [made] = resourcesOf(stage, 'AWS::SNS::TopicPolicy');
    const { Statement } = policy.parse(made?.resource.Properties).PolicyDocument;
    const own = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
    expect(Statement.filter(({ Effect }) => Effect === 'Allow')).toEqual([
      expect.objectContaining({
        Principal: { Service: ['budgets.amazonaws.com', 'cloudwatch.amazonaws.com'] },
        Condition: own,
      }),
    ]);
    expect(Statement.filter(({ Effect }) => Effect === 'Deny')).toEqual([
      expect.objectContaining({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } }),
    ]);
  });

  it('the budget of the account is told at 50, 80 and 100 percent, and when it will be used up', () => {
    const budget = z.object({
      Budget: z.object({ BudgetLimit: z.object({ Amount: z.number(), Unit: z.literal('USD') }) }),
      NotificationsWithSubscribers: z.array(
        z.object({
          Notification: z.object({ NotificationType: z.string(), Threshold: z.number() }),
          Subscribers: z.array(z.object({ SubscriptionType: z.literal('SNS') })).length(1),
        }),
      ),
    });
    const [made] = resourcesOf(stage, 'AWS::Budgets::Budget');
    const { Budget, NotificationsWithSubscribers } = budget.parse(made?.resource.Properties);
    expect(Budget.BudgetLimit.Amount).toBeGreaterThan(0);
    expect(
      NotificationsWithSubscribers.map(({ Notification: { NotificationType, Threshold } }) => [
        NotificationType,
        Threshold,
      ]),
    ).toEqual([
      ['ACTUAL', 50],
      ['ACTUAL', 80],
      ['ACTUAL', 100],
      ['FORECASTED', 100],
    ]);
  });
});

it('a heading’s anchor is what GitHub makes of it', () => {
  expect(headingAnchor('Function errors: scrape-api')).toBe('function-errors-scrape-api');
  expect(headingAnchor('Dead letters: scrape queues')).toBe('dead-letters-scrape-queues');
});
