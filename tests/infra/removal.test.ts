import { describe, expect, it } from 'vitest';
import { templateSchema } from '../../cli/aws/assembly.ts';
import { contentsInWords, type LiveStack, planRemoval } from '../../cli/aws/removal-plan.ts';
import { cloudStages, synthesized } from './synthesize.ts';

/** The stacks of a stage as CloudFormation would have them, in no helpful order. */
function live(stage: 'dev' | 'prod'): LiveStack[] {
  return Object.entries(synthesized(stage).stacks).map(([part, { template }]) => {
    const json = template.toJSON();
    const parsed = templateSchema.parse(json);
    return {
      state: { part, name: `Quotron-${stage}-${part}`, id: part, status: 'CREATE_COMPLETE', outputs: new Map() },
      template: parsed,
      text: JSON.stringify(json),
      physicalIds: new Map([...parsed.Resources.keys()].map((id) => [id, `physical-${id}`])),
    };
  });
}

const parts = (stacks: readonly LiveStack[]) => stacks.map(({ state }) => state.part);
/** Whether a stack reads another one: CloudFormation then refuses to delete that. */
const reads = ({ text }: LiveStack, { state }: LiveStack) =>
  text.includes(`"${state.name}:`) || text.includes(`"${state.name}"`);

describe.each(cloudStages)('in %s', (stage) => {
  it.each([false, true])('no stack goes while one that is there reads it (with the database: %s)', (deleteDatabase) => {
    const { going, kept } = planRemoval({ prefix: 'quotron', stage }, live(stage), deleteDatabase, null);
    expect([...parts(going), ...parts(kept)].sort()).toEqual(parts(live(stage)).sort());
    for (const [at, stack] of going.entries())
      for (const other of [...going.slice(at + 1), ...kept])
        expect(reads(other, stack), `${other.state.part} reads ${stack.state.part}`).toBe(false);
  });
});

it('of dev nothing of its own stays: the bootstrap and API Gateway’s role are the account’s, and cost nothing', () => {
  const plan = planRemoval({ prefix: 'quotron', stage: 'dev' }, live('dev'), false, 20);
  expect(plan.kept).toEqual([]);
  expect(plan.staying.map(({ what }) => what).sort()).toEqual([
    'CDK bootstrap of the account and region',
    'role of API Gateway for its logs',
    'setting of API Gateway for its logs',
  ]);
  expect(plan.staying.reduce((sum, { usd }) => sum + (usd ?? 0), 0)).toBe(0);
  expect([plan.takesSnapshot, plan.deletesDatabase]).toEqual([false, false]);
});

it('of prod the database stays in its stack, with all that it needs and whom its alarms reach; what that costs is said', () => {
  const plan = planRemoval({ prefix: 'quotron', stage: 'prod' }, live('prod'), false, 120);
  expect(parts(plan.kept).sort()).toEqual(['Operations', 'Storage']);
  const storage = plan.kept.find(({ state }) => state.part === 'Storage');
  const types = [...(storage?.template.Resources.values() ?? [])].map(({ Type }) => Type);
  for (const type of ['DBInstance', 'DBSubnetGroup', 'DBParameterGroup'].map((each) => `AWS::RDS::${each}`))
    expect(types).toContain(type);
  for (const type of ['AWS::EC2::VPC', 'AWS::EC2::SecurityGroup', 'AWS::SecretsManager::Secret'])
    expect(types).toContain(type);
  const database = plan.staying.find(({ what }) => what.startsWith('database'));
  expect(database?.what).toContain('120 GB');
  expect(database?.usd).toBeCloseTo(0.032 * 730 + 120 * 0.115, 2);
  expect([plan.takesSnapshot, plan.deletesDatabase]).toEqual([true, false]);
});

it('with --delete-database prod leaves a snapshot, raw answers and secrets, each with how to remove it', () => {
  const plan = planRemoval({ prefix: 'quotron', stage: 'prod' }, live('prod'), true, 120);
  expect(plan.kept).toEqual([]);
  expect(plan.staying.some(({ what }) => what.startsWith('database'))).toBe(false);
  const buckets = plan.staying.filter(({ note }) => note.includes('aws s3 rb'));
  expect(buckets).toHaveLength(1);
  const secrets = plan.staying.filter(({ note }) => note.includes('delete-secret'));
  expect(secrets.length).toBeGreaterThanOrEqual(3);
  for (const { usd } of secrets) expect(usd).toBe(0.4);
  expect([plan.takesSnapshot, plan.deletesDatabase, plan.database]).toEqual([
    true,
    true,
    'physical-DatabaseInstanceAA8A5FDE',
  ]);
});

it('a removal that was interrupted continues: with what is left', () => {
  const left = live('prod').filter(({ state }) => ['Storage', 'Operations'].includes(state.part));
  expect(parts(planRemoval({ prefix: 'quotron', stage: 'prod' }, left, true, null).going)).toEqual([
    'Storage',
    'Operations',
  ]);
  expect(planRemoval({ prefix: 'quotron', stage: 'prod' }, left, false, null).going).toEqual([]);
});

it('what a stack holds is said by the words that people know', () => {
  const operations = live('dev').find(({ state }) => state.part === 'Operations');
  expect(operations && contentsInWords(operations)).toMatch(/1 topic/);
});
