import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Aspects, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Alarm, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { describe, expect, it } from 'vitest';
import { stageSettings } from '../../bin/stages.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import { OwnConstructs } from '../../lib/aspects/own-constructs.ts';
import { addCloudRules } from '../../lib/cloud-rules.ts';
import { QuotronFunction } from '../../lib/constructs/quotron-function.ts';
import { StorageStack } from '../../lib/stacks/storage-stack.ts';
import { builtDashboard, emptyApp } from './synthesize.ts';

describe('what is made past its construct stops synth', () => {
  it.each([
    [
      'a function',
      (stack: Stack) =>
        new LambdaFunction(stack, 'Loose', {
          runtime: Runtime.NODEJS_24_X,
          handler: 'index.handler',
          code: Code.fromInline('exports.handler = () => {}'),
        }),
      /Quotron-x\/Loose.*AWS::Lambda::Function made without QuotronFunction/,
    ],
    ['a queue', (stack: Stack) => new Queue(stack, 'Loose'), /AWS::SQS::Queue made without QuotronQueue/],
    [
      'an alarm',
      (stack: Stack) =>
        new Alarm(stack, 'Loose', {
          metric: new Metric({ namespace: 'n', metricName: 'm' }),
          threshold: 1,
          evaluationPeriods: 1,
        }),
      /AWS::CloudWatch::Alarm made without RunbookAlarm/,
    ],
  ])('%s', (_what, make, message) => {
    const app = emptyApp();
    Aspects.of(app).add(new OwnConstructs());
    make(new Stack(app, 'Quotron-x'));
    expect(() => app.synth()).toThrow(message);
  });

  it('in a stage as bin makes it, too', () => {
    const app = emptyApp();
    const { pipeline } = addQuotron(app, stageSettings('local', { QUOTRON_DATABASE_URL: 'postgres://x' }));
    new Queue(pipeline, 'Loose');
    expect(() => app.synth()).toThrow(/made without QuotronQueue/);
  });
});

describe('a binding across the wall is refused', () => {
  const setUp = () => {
    const settings = stageSettings('prod', { QUOTRON_ALARM_EMAIL: 'operator@example.com' });
    const stack = new Stack(emptyApp(), 'Quotron-x');
    const storage = new StorageStack(stack, 'Storage', settings);
    const make = (name: 'scrape-api' | 'ingest' | 'state') =>
      new QuotronFunction(stack, {
        name,
        settings,
        network: storage.cloud?.network,
        description: 'For a test',
        memoryMb: 128,
      });
    return { storage, make };
  };

  it('the database for a function outside', () => {
    const { storage, make } = setUp();
    expect(() => storage.database.grantConnect(make('scrape-api'), 'app')).toThrow(/must have no way to the database/);
  });

  it('Secrets Manager for a function inside', () => {
    const { storage, make } = setUp();
    expect(() => storage.sessionKeys.grantRead(make('ingest'), 'browser')).toThrow(/cannot reach Secrets Manager/);
  });

  it('a call from inside', () => {
    const { make } = setUp();
    const state = make('state');
    expect(() => state.grantCall(make('ingest'), 'stateFunction')).toThrow(/cannot reach the Lambda API/);
    expect(() => state.grantCall(make('scrape-api'), 'stateFunction')).not.toThrow();
  });
});

describe('a stage that cannot be synthesized says why and what to do', () => {
  it('one that does not exist', () => {
    expect(() => stageSettings('staging', {})).toThrow('There is no stage "staging"');
  });

  it('a laptop without a database', () => {
    expect(() => stageSettings('local', {})).toThrow('QUOTRON_DATABASE_URL is not set');
  });

  it('a prod whose alarms reach nobody, an address that is none, a budget of nothing', () => {
    const email = { QUOTRON_ALARM_EMAIL: 'operator@example.com' };
    expect(() => stageSettings('prod', {})).toThrow('QUOTRON_ALARM_EMAIL is not set');
    expect(() => stageSettings('dev', { QUOTRON_ALARM_EMAIL: 'operator' })).toThrow('not an e-mail address');
    expect(() => stageSettings('prod', { ...email, QUOTRON_BUDGET_USD: '0' })).toThrow('above 0');
    expect(stageSettings('prod', { ...email, QUOTRON_BUDGET_USD: '120' })).toMatchObject({ budgetUsd: 120 });
    expect(stageSettings('dev', {})).toMatchObject({ alarmEmail: undefined });
  });

  it('a dashboard that has not been built', () => {
    const settings = stageSettings('dev', {});
    if (settings.stage === 'local') throw new Error('dev is no laptop');
    expect(() => addQuotron(emptyApp(), { ...settings, webFolder: '/nowhere' })).toThrow('npm run build:web');
    expect(() => addQuotron(emptyApp(), { ...settings, webFolder: builtDashboard() })).not.toThrow();
  });
});

describe('quotas that a stage sets', () => {
  const env = (sourceQuotas: string) => ({ QUOTRON_DATABASE_URL: 'postgres://x', QUOTRON_SOURCE_QUOTAS: sourceQuotas });

  it('are given to every function', () => {
    const { pipeline, api } = addQuotron(emptyApp(), stageSettings('local', env('yahoo=200/300000')));
    for (const stack of [pipeline, api]) {
      const functions = Template.fromStack(stack).findResources('AWS::Lambda::Function');
      expect(Object.keys(functions).length).toBeGreaterThan(1);
      for (const [id, each] of Object.entries(functions))
        expect(each, id).toMatchObject({
          Properties: { Environment: { Variables: { QUOTRON_SOURCE_QUOTAS: 'yahoo=200/300000' } } },
        });
    }
  });

  it.each(['yaho=200/300000', 'yahoo=200', 'yahoo=300000/200'])('stop the synth where they are none: %s', (quotas) => {
    expect(() => addQuotron(emptyApp(), stageSettings('local', env(quotas)))).toThrow('sourceQuotas');
  });
});

it('a synthesis names what cdk-nag finds, and fails for it', () => {
  const app = emptyApp();
  new Topic(new Stack(app, 'Quotron-x'), 'Loose');
  addCloudRules(app);
  const before = process.exitCode;
  let said = '';
  try {
    app.synth();
  } catch (error) {
    said = String(error);
  } finally {
    process.exitCode = before;
  }
  const report = readFileSync(join(app.outdir, 'validation-report.json'), 'utf8');
  expect(report).toContain('AwsSolutions');
  expect(report).toContain('AwsSolutions-SNS3');
  expect(said).toContain('AwsSolutions-SNS3');
});
