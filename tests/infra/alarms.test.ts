import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { sourcesOf } from '../../core/sources/catalogue.ts';
import { headingAnchor } from '../../lib/monitoring/runbook-alarm.ts';
import { cloudStages, functionsOf, queuesOf, resourcesOf, stages } from './synthesize.ts';

const runbook = readFileSync(join(import.meta.dirname, '../../docs/runbook.md'), 'utf8');
const anchors = new Set([...runbook.matchAll(/^#+ (.+)$/gm)].map(([, heading]) => headingAnchor(heading ?? '')));

const alarmSchema = z.object({
  AlarmDescription: z.string(),
  MetricName: z.string(),
  Dimensions: z.array(z.object({ Name: z.string(), Value: z.unknown() })).default([]),
});

describe.each(stages)('in %s', (stage) => {
  const alarms = resourcesOf(stage, 'AWS::CloudWatch::Alarm').map(({ resource }) =>
    alarmSchema.parse(resource.Properties),
  );
  const on = (metric: string, id: string) =>
    alarms.filter(
      ({ MetricName, Dimensions }) => MetricName === metric && JSON.stringify(Dimensions).includes(`"${id}"`),
    );

  it('every alarm leads to a heading of the runbook that exists', () => {
    expect(alarms.length).toBeGreaterThan(0);
    for (const { AlarmDescription } of alarms) {
      const anchor = /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1];
      expect(anchors, AlarmDescription).toContain(anchor);
    }
  });

  it('every function has an alarm on its errors, every dead-letter queue one on its letters', () => {
    for (const [name, { id }] of functionsOf(stage)) expect(on('Errors', id), name).toHaveLength(1);
    for (const [name, { id }] of queuesOf(stage)) {
      const expected = name.endsWith('-dead') ? 1 : 0;
      expect(on('ApproximateNumberOfMessagesVisible', id), name).toHaveLength(expected);
    }
  });

  it.each(['SourceFailing', 'SourceLimited', 'SourceFlapping'])(
    'every source has an alarm on what the monitor reports it by %s',
    (metric) => {
      for (const { id } of sourcesOf(stage)) {
        const [alarm, ...others] = on(metric, id);
        expect(others, id).toEqual([]);
        expect(alarm?.Dimensions.map(({ Name, Value }) => [Name, Value]).sort(), id).toEqual([
          ['service', 'quotron'],
          ['source', id],
          ['stage', stage],
        ]);
      }
    },
  );

  it('a clock that stands still is heard', () => {
    for (const name of ['schedule', 'monitor']) {
      expect(on('Invocations', functionsOf(stage).get(name)?.id ?? ''), name).toHaveLength(1);
    }
  });
});

describe.each(cloudStages)('in %s', (stage) => {
  it('every alarm tells the topic of people that it goes off, and that it is over', () => {
    const actions = z.object({ AlarmActions: z.array(z.unknown()), OKActions: z.array(z.unknown()) });
    for (const { id, resource } of resourcesOf(stage, 'AWS::CloudWatch::Alarm')) {
      const { AlarmActions, OKActions } = actions.parse(resource.Properties);
      for (const each of [AlarmActions, OKActions]) {
        expect(each, id).toHaveLength(1);
        expect(JSON.stringify(each), id).toMatch(/Quotron-\w+-Operations.*Alarms/);
      }
    }
    const [subscription, ...others] = resourcesOf(stage, 'AWS::SNS::Subscription');
    expect(others).toEqual([]);
    expect(subscription?.resource.Properties).toMatchObject({ Protocol: 'email', Endpoint: 'operator@example.com' });
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
