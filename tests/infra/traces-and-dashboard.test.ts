import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { functionNames, optionalFunctions } from '../../core/contracts/functions.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import { builtDashboard, cloudStages, emptyApp, functionsOf, resourcesOf, stages } from './synthesize.ts';

const email = { QUOTRON_ALARM_EMAIL: 'operator@example.com' };

describe.each(cloudStages)('in %s', (stage) => {
  it('the functions that the API starts are traced, and in prod all', () => {
    const traced = resourcesOf(stage, 'AWS::Lambda::Function').flatMap(({ resource: { Properties } }) => {
      const name = String(Properties['FunctionName']).replace(`quotron-${stage}-`, '');
      return JSON.stringify(Properties['TracingConfig']) === '{"Mode":"Active"}' ? [name] : [];
    });
    // What rules and queues start is nearly all recorded, and costs accordingly.
    const all = [...functionsOf(stage).keys()];
    expect(traced.sort()).toEqual((stage === 'prod' ? all : ['api', 'set-credentials', 'yahoo-proxy']).sort());
  });
});

it.each(stages)('there is no dashboard of CloudWatch in %s, unless its settings ask for it', (stage) => {
  expect(resourcesOf(stage, 'AWS::CloudWatch::Dashboard')).toEqual([]);
});

it('the dashboard of CloudWatch shows every function and queue, and the database', () => {
  const settings = stageSettings('prod', { ...email, QUOTRON_CLOUDWATCH_DASHBOARD: 'on' });
  if (settings.stage === 'local') throw new Error('prod is a stage on AWS');
  const { api, pipeline } = addQuotron(emptyApp(), { ...settings, webFolder: builtDashboard() });
  const dashboards = Template.fromStack(api).findResources('AWS::CloudWatch::Dashboard');
  const [body, ...others] = Object.values(dashboards).map((each) => JSON.stringify(z.unknown().parse(each)));
  expect(others).toEqual([]);
  const deployed = functionNames.filter((name) => !optionalFunctions.includes(name));
  for (const name of [...deployed, ...pipeline.queues.map((queue) => queue.name)])
    expect(body, name).toContain(`quotron-prod-${name}`);
  expect(body).toContain('DatabaseInstance');
});

it.each([
  [{ QUOTRON_CLOUDWATCH_DASHBOARD: 'yes' }, /QUOTRON_CLOUDWATCH_DASHBOARD is "yes"/],
  [{ QUOTRON_ACCOUNT_CONCURRENCY: '0' }, /QUOTRON_ACCOUNT_CONCURRENCY is "0"/],
])('a setting that is mistyped is refused: %j', (env, why) => {
  expect(() => stageSettings('dev', env)).toThrow(why);
});
