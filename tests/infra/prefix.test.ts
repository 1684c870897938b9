import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { stageSettings } from '../../bin/stages.ts';
import { physicalName, prefixSchema, stackPrefix } from '../../core/contracts/installation.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import { inventoryOf } from '../../lib/cost/inventory.ts';
import { builtDashboard, emptyApp } from './synthesize.ts';

const templateSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({ Type: z.string(), Properties: z.record(z.string(), z.unknown()).default({}) }),
  ),
  Outputs: z.record(z.string(), z.object({ Export: z.object({ Name: z.string() }).optional() })).default({}),
});

/** The stacks of `dev` with all options that make resources, by prefix. */
function stacksOf(prefix: string): Map<string, unknown> {
  const app = emptyApp();
  const settings = stageSettings('dev', {
    ...{ QUOTRON_PREFIX: prefix, QUOTRON_ALARM_EMAIL: 'operator@example.com', QUOTRON_ALERTS_FROM: 'a@example.com' },
    ...{ QUOTRON_CLOUDWATCH_DASHBOARD: 'on', QUOTRON_WAF: 'on' },
  });
  if (settings.stage === 'local') throw new Error('dev is no laptop');
  addQuotron(app, { ...settings, summaryModel: 'amazon.nova-lite-v1:0', webFolder: builtDashboard() });
  app.synth();
  return new Map(
    app.node.children.filter(Stack.isStack).map((stack) => [stack.stackName, Template.fromStack(stack).toJSON()]),
  );
}

/** Properties that end in `Name` and name nothing of ours: a setting of AWS, or a thing of another service. */
const noNames: ReadonlySet<string> = new Set([
  ...['MetricName', 'DBName', 'ServiceName', 'StageName', 'AttributeName', 'HeaderName', 'ParameterName'],
  // In a role, in an output of a stack, and of AWS.
  ...['PolicyName', 'OutputName', 'VendorName'],
  // Of Postgres, in an instance that is of one installation.
  'MasterUsername',
  // In a REST API that is of one installation.
  'PathName',
]);

/** All texts that name resources: what CloudFormation is told, and not what it makes by itself. */
function namesIn(value: unknown, key = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((each: unknown) => namesIn(each));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([name, each]: [string, unknown]) => namesIn(each, name));
  return typeof value === 'string' && /[a-z]Name$/.test(key) && !noNames.has(key) ? [value] : [];
}

describe('two copies of a stage in one account and region', () => {
  const [first, second] = [stacksOf('quotron'), stacksOf('acme')];
  const texts = [...second.values()].map((template) => JSON.stringify(template));
  const parsed = (stacks: typeof first) => [...stacks.values()].map((template) => templateSchema.parse(template));
  const resources = (stacks: typeof first) => parsed(stacks).flatMap(({ Resources }) => Object.values(Resources));

  it('have stacks of their own, made of the same', () => {
    const parts = ['Operations', 'Storage', 'Pipeline', 'Api', 'Web'];
    expect([...first.keys()]).toEqual(parts.map((part) => `Quotron-dev-${part}`));
    expect([...second.keys()]).toEqual(parts.map((part) => `Acme-dev-${part}`));
    const types = (stacks: typeof first) => resources(stacks).map(({ Type }) => Type);
    expect(types(second)).toEqual(types(first));
    expect(inventoryOf([...second.values()])).toEqual(inventoryOf([...first.values()]));
  });

  it('share no name, export, secret or parameter', () => {
    const named = (stacks: typeof first) => resources(stacks).flatMap(({ Properties }) => namesIn(Properties));
    const names = named(first);
    expect(names.length).toBeGreaterThan(60);
    expect(named(second)).toHaveLength(names.length);
    expect(named(second).filter((name) => names.includes(name))).toEqual([]);
    const exported = (stacks: typeof first) =>
      parsed(stacks).flatMap(({ Outputs }) => Object.values(Outputs).flatMap(({ Export }) => Export?.Name ?? []));
    expect(exported(first).length).toBeGreaterThan(0);
    expect(exported(second).filter((name) => exported(first).includes(name))).toEqual([]);
    // Those two have no name of ours: CloudFormation makes one of the stack's.
    for (const { Type, Properties } of resources(second))
      if (/^AWS::(SecretsManager::Secret|SSM::Parameter)$/.test(Type)) expect(Properties['Name']).toBeUndefined();
  });

  it('do not reach each other: no policy, metric or address of one has a name of the other', () => {
    for (const text of texts) {
      expect(text).not.toMatch(/quotron[-/]dev/i);
      expect(text).not.toMatch(/"Name":"service","Value":"quotron"/);
    }
    expect(texts.join()).toMatch(/"Name":"service","Value":"acme"/);
    expect(texts.join()).toMatch(/role\/Acme-dev-\*/);
    expect(texts.join()).toMatch(/:acme-dev-\*/);
  });

  it('no prefix makes names that those of another one begin with', () => {
    for (const [prefix, other] of [
      ['acme', 'acme2'],
      ['quotron', 'quotrondev'],
    ] as const)
      for (const nameOf of [stackPrefix, (of: Parameters<typeof stackPrefix>[0]) => physicalName(of, '')])
        expect(nameOf({ prefix: other, stage: 'dev' }).startsWith(nameOf({ prefix, stage: 'dev' }))).toBe(false);
    expect(prefixSchema.safeParse('quotron-dev').success).toBe(false);
  });
});
