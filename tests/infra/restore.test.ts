import { expect, it } from 'vitest';
import { stageSettings } from '../../bin/stages.ts';
import { templateSchema } from '../../cli/aws/assembly.ts';
import { changesOf } from '../../cli/aws/database-stays.ts';
import { addQuotron } from '../../lib/add-quotron.ts';
import { builtDashboard, emptyApp } from './synthesize.ts';

const place = { account: '111122223333', region: 'eu-central-1' };
const snapshot = 'rds:quotron-prod-2026-11-29-03-10';

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
interface Written {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, unknown>>;
}

const web = builtDashboard();

/** The templates of prod, by the stack's name: as it is, or restored from a snapshot. */
function templates(from: string | undefined): ReadonlyMap<string, Written> {
  const app = emptyApp();
  const stages = { prod: from === undefined ? place : { ...place, snapshot: from, storageGb: 64 } };
  const settings = stageSettings('prod', { QUOTRON_ALARM_EMAIL: 'operator@example.com' }, stages);
  if (settings.stage === 'local') throw new Error('prod is no local stage');
  addQuotron(app, { ...settings, webFolder: web });
  return new Map(
    app
      .synth()
      .stacks.map(({ stackName, template }): [string, Written] => [stackName.replace('Quotron-prod-', ''), template]),
  );
}

const [before, after] = [templates(undefined), templates(snapshot)];

/** Resources of a stack that are not the same in both: `Id Type`. */
function differing(stack: string): string[] {
  const [one, other] = [before.get(stack)?.Resources ?? {}, after.get(stack)?.Resources ?? {}];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])]
    .filter((id) => JSON.stringify(one[id]) !== JSON.stringify(other[id]))
    .map((id) => `${id.replace(/[0-9A-F]{8}([0-9a-f]{32})?$/, '')} ${(one[id] ?? other[id])?.Type}`)
    .sort();
}

it('a restore replaces the database, prepares it again, and touches nothing else', () => {
  expect(differing('Storage')).toEqual(['DatabaseInstance AWS::RDS::DBInstance']);
  expect(differing('Pipeline')).toEqual([
    // The new versions of both, by which the deployment's trigger runs again.
    'DatabasePreparationTrigger Custom::Trigger',
    'MigrateFunctionCurrentVersion AWS::Lambda::Version',
    'MigrateFunctionCurrentVersion AWS::Lambda::Version',
    'PrepareDatabaseFunction AWS::Lambda::Function',
    'PrepareDatabaseFunctionCurrentVersion AWS::Lambda::Version',
    'PrepareDatabaseFunctionCurrentVersion AWS::Lambda::Version',
    'PrepareDatabaseRoleDefaultPolicy AWS::IAM::Policy',
  ]);
  for (const stack of ['Operations', 'Api', 'Web']) expect(differing(stack), stack).toEqual([]);
});

it('the restored database has the snapshot’s name, owner and encryption, its size, and the password of the secret', () => {
  const instance = (of: typeof before) => of.get('Storage')?.Resources['DatabaseInstanceAA8A5FDE']?.Properties ?? {};
  const { DBSnapshotIdentifier, ...restored } = instance(after);
  const { DBName, MasterUsername, StorageEncrypted, AllocatedStorage, ...former } = instance(before);
  expect(DBSnapshotIdentifier).toBe(snapshot);
  expect([DBName, StorageEncrypted, AllocatedStorage]).toEqual(['quotron', true, '20']);
  expect(MasterUsername).toBeDefined();
  expect(restored).toEqual({ ...former, AllocatedStorage: '64' });
  expect(restored['MasterUserPassword']).toBeDefined();
});

it('no other stack imports what changes with the database: its address and its id are read at the next update', () => {
  const exported = JSON.stringify(before.get('Storage')?.Outputs ?? {});
  const exports = [...exported.matchAll(/"Export":\{"Name":"([^"]+)"/g)].map((match) => match[1] ?? '');
  expect(exports.length).toBeGreaterThan(3);
  expect(exports.filter((name) => /DatabaseInstance[0-9A-F]{8}/.test(name))).toEqual([]);
  for (const stack of ['Pipeline', 'Api']) {
    const text = JSON.stringify(before.get(stack));
    for (const of of ['EndpointAddress', 'EndpointPort', 'DbiResourceId'])
      expect(new RegExp(`"OutputName":"\\w*DatabaseInstance\\w*${of}`).test(text), `${stack} ${of}`).toBe(true);
  }
});

it('a database that would be replaced unasked is noticed: a restored one whose snapshot was forgotten, too', () => {
  const read = (of: typeof before) => templateSchema.parse(of.get('Storage'));
  const [plain, restored] = [read(before), read(after)];
  const restore = ['DBName', 'DBSnapshotIdentifier', 'MasterUsername', 'StorageEncrypted'];
  expect(changesOf(plain, plain)).toEqual([]);
  expect(changesOf(plain, restored).sort()).toEqual(restore);
  expect(changesOf(restored, plain).sort()).toEqual(restore);
  expect(changesOf(plain, { Resources: new Map() })).toEqual(['instance']);
  expect(changesOf(plain, undefined)).toEqual(['instance']);
});
