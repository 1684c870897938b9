import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { awsDouble, callerOf, json, signedInTo, stacksOf, xml, xmlError } from '../../support/aws-double.ts';
import { quotron } from '../../support/cli-in-process.ts';

const account = '111122223333';
const place = { account, region: 'eu-central-1' };
let aws: Awaited<ReturnType<typeof awsDouble>>;
let folder: string;
let file: string;
/** Stacks that are there, with their status. */
let stacks: Map<string, string>;
let databaseStatus: string | null;

/** Small templates, each reading the one that the real ones read. */
const templates: Readonly<Record<string, unknown>> = {
  Operations: { Resources: { Alarms: { Type: 'AWS::SNS::Topic' } } },
  Storage: {
    Resources: {
      Database: {
        Type: 'AWS::RDS::DBInstance',
        DeletionPolicy: 'Retain',
        Properties: { DBInstanceClass: 'db.t4g.small', AllocatedStorage: '20' },
      },
      Subnets: { Type: 'AWS::RDS::DBSubnetGroup', DeletionPolicy: 'Retain' },
      Raw: { Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain' },
      Full: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: { AlarmActions: [{ 'Fn::ImportValue': 'Quotron-prod-Operations:ExportsOutputRefAlarms' }] },
      },
    },
  },
  Api: {
    Resources: {
      Function: {
        Type: 'AWS::Lambda::Function',
        Properties: { Bucket: { 'Fn::ImportValue': 'Quotron-prod-Storage:ExportsOutputRefRaw' } },
      },
      Role: { Type: 'AWS::IAM::Role', DeletionPolicy: 'Retain' },
    },
  },
};
const partOf = (stack: unknown) => /Quotron-prod-(\w+)/.exec(String(stack))?.[1] ?? '';
const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
const event = (stack: string, id: string, status: string) =>
  `<member><EventId>${id}</EventId><StackId>${stack}</StackId><StackName>s</StackName><LogicalResourceId>s</LogicalResourceId><PhysicalResourceId>${stack}</PhysicalResourceId><ResourceType>AWS::CloudFormation::Stack</ResourceType><ResourceStatus>${status}</ResourceStatus><Timestamp>2026-11-30T10:00:00Z</Timestamp></member>`;

beforeAll(async () => {
  aws = await awsDouble();
  folder = mkdtempSync(join(tmpdir(), 'quotron-destroy-'));
  file = join(folder, 'quotron.stages.json');
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A stage prod, in an account where everything works at once. */
beforeEach(() => {
  stacks = new Map(['Operations', 'Storage', 'Api'].map((part) => [`Quotron-prod-${part}`, 'UPDATE_COMPLETE']));
  databaseStatus = 'available';
  const deleted = new Set<string>();
  writeFileSync(file, JSON.stringify({ prod: place }));
  aws.answers.set('GetCallerIdentity', () => callerOf(account));
  aws.answers.set('DescribeStacks', () => stacksOf(Object.fromEntries(stacks)));
  aws.answers.set('GetTemplate', ({ StackName }) =>
    xml('GetTemplate', `<TemplateBody>${escaped(JSON.stringify(templates[partOf(StackName)]))}</TemplateBody>`),
  );
  aws.answers.set('ListStackResources', ({ StackName }) =>
    xml(
      'ListStackResources',
      `<StackResourceSummaries>${['Database', 'Subnets', 'Raw']
        .map(
          (id) =>
            `<member><LogicalResourceId>${id}</LogicalResourceId><PhysicalResourceId>${partOf(StackName)}-${id}</PhysicalResourceId></member>`,
        )
        .join('')}</StackResourceSummaries>`,
    ),
  );
  aws.answers.set('DescribeStackEvents', ({ StackName }) => {
    const stack = String(StackName);
    const over = deleted.has(stack) ? event(stack, `${stack}-2`, 'DELETE_COMPLETE') : '';
    return xml(
      'DescribeStackEvents',
      `<StackEvents>${over}${event(stack, `${stack}-1`, 'UPDATE_COMPLETE')}</StackEvents>`,
    );
  });
  aws.answers.set('DeleteStack', ({ StackName }) => {
    deleted.add(String(StackName));
    stacks.delete(`Quotron-prod-${partOf(StackName)}`);
    return xml('DeleteStack', '');
  });
  aws.answers.set('UpdateTerminationProtection', () => xml('UpdateTerminationProtection', '<StackId>s</StackId>'));
  aws.answers.set('DescribeDBInstances', () =>
    databaseStatus === null
      ? xmlError('DBInstanceNotFound', 404)
      : xml(
          'DescribeDBInstances',
          `<DBInstances><DBInstance><DBInstanceStatus>${databaseStatus}</DBInstanceStatus><AllocatedStorage>64</AllocatedStorage></DBInstance></DBInstances>`,
        ),
  );
  aws.answers.set('CreateDBSnapshot', () => xml('CreateDBSnapshot', ''));
  aws.answers.set('DescribeDBSnapshots', () =>
    xml(
      'DescribeDBSnapshots',
      '<DBSnapshots><DBSnapshot><Engine>postgres</Engine><EngineVersion>18.1</EngineVersion><AllocatedStorage>64</AllocatedStorage><Status>available</Status></DBSnapshot></DBSnapshots>',
    ),
  );
  aws.answers.set('ModifyDBInstance', () => xml('ModifyDBInstance', ''));
  aws.answers.set('DeleteDBInstance', () => {
    databaseStatus = null;
    return xml('DeleteDBInstance', '');
  });
  aws.answers.set('DeleteDBSubnetGroup', () => xml('DeleteDBSubnetGroup', ''));
  aws.answers.set('DescribeLogGroups', ({ logGroupNamePrefix }) =>
    json({
      logGroups:
        logGroupNamePrefix === '/aws/lambda/Quotron-prod-Api-'
          ? [{ logGroupName: '/aws/lambda/Quotron-prod-Api-x' }]
          : [],
    }),
  );
  aws.answers.set('DeleteLogGroup', () => json({}));
});
afterEach(() => {
  aws.answers.clear();
  aws.asked.length = 0;
});

const destroy = (...args: string[]) =>
  quotron(['destroy', ...args], {
    HOME: folder,
    QUOTRON_STAGES_FILE: file,
    ...signedInTo(aws.url),
  });
/** What changed something, in its order. */
const changes = () =>
  aws.asked
    .filter(({ operation }) => /^(Delete|Create|Modify|Update)/.test(operation))
    .map(({ operation, of }) => {
      const on = of['StackName'] ?? of['DBInstanceIdentifier'] ?? of['DBSubnetGroupName'] ?? of['logGroupName'];
      return `${operation} ${partOf(on) || on}`;
    });

it('says what goes, what stays and what that costs, and removes nothing without a yes', async () => {
  const done = await destroy('--stage', 'prod');
  expect(done).toMatchObject({ code: 2, stdout: '' });
  expect(done.stderr).toMatch(/Quotron-prod-Api +1 function and 1 other/);
  // A t4g.small for a month, with 64 GB.
  expect(done.stderr).toMatch(/database \(db\.t4g\.small, 64 GB\): Storage-Database +30\.72 \$/);
  expect(done.stderr).toMatch(/last snapshot of the database: quotron-prod-final-\d{8}-\d{4} +6\.08 \$/);
  expect(done.stderr).toMatch(/Type prod to remove it: .*--yes/);
  expect(changes()).toEqual([]);
});

it('prod keeps the stack of its data and whom its alarms reach, after a snapshot', async () => {
  const done = await destroy('--stage', 'prod', '--yes');
  expect(done.code, done.stderr).toBe(0);
  expect(changes()).toEqual(['CreateDBSnapshot Storage-Database', 'DeleteStack Api', 'DeleteLogGroup Api']);
  expect([...stacks.keys()]).toEqual(['Quotron-prod-Operations', 'Quotron-prod-Storage']);
  expect(done.stdout).toMatch(/waits for the next deployment.*--restore quotron-prod-final-/);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ prod: place });
});

it('--delete-database takes the last snapshot with the deletion, then the stacks, and forgets where the stage was', async () => {
  const done = await destroy('--stage', 'prod', '--delete-database', '--yes', '--json');
  expect(done.code, done.stderr).toBe(0);
  expect(changes()).toEqual([
    'DeleteStack Api',
    'ModifyDBInstance Storage-Database',
    'DeleteDBInstance Storage-Database',
    'DeleteDBSubnetGroup Storage-Subnets',
    'UpdateTerminationProtection Storage',
    'DeleteStack Storage',
    'DeleteStack Operations',
    'DeleteLogGroup Api',
  ]);
  const of = (operation: string) => aws.asked.find((asked) => asked.operation === operation)?.of;
  expect(of('ModifyDBInstance')).toMatchObject({ DeletionProtection: 'false' });
  const { FinalDBSnapshotIdentifier: snapshot, SkipFinalSnapshot } = of('DeleteDBInstance') ?? {};
  expect([snapshot, SkipFinalSnapshot]).toEqual([expect.stringMatching(/^quotron-prod-final-\d{8}-\d{4}$/), undefined]);
  const result: { snapshot: string; staying: { id: string }[] } = JSON.parse(done.stdout);
  expect(result.snapshot).toBe(snapshot);
  expect(result.staying.map(({ id }) => id)).toEqual(expect.arrayContaining(['Storage-Raw', snapshot]));
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({});
});

it('a stack that cannot be deleted is named with AWS’s reason, and the place is kept for the next try', async () => {
  aws.answers.set('DeleteStack', () => xml('DeleteStack', ''));
  let looks = 0;
  aws.answers.set('DescribeStackEvents', ({ StackName }) => {
    const stack = String(StackName);
    looks++;
    const failed =
      looks < 2
        ? ''
        : `${event(stack, `${stack}-3`, 'DELETE_FAILED')}<member><EventId>${stack}-2</EventId><StackId>${stack}</StackId><StackName>s</StackName><LogicalResourceId>Function</LogicalResourceId><PhysicalResourceId>f</PhysicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType><ResourceStatus>DELETE_FAILED</ResourceStatus><ResourceStatusReason>eni-1 is in use</ResourceStatusReason><Timestamp>2026-11-30T10:00:00Z</Timestamp></member>`;
    return xml('DescribeStackEvents', `<StackEvents>${failed}</StackEvents>`);
  });
  const done = await destroy('--stage', 'prod', '--yes');
  expect(done).toMatchObject({ code: 1, stdout: '' });
  expect(done.stderr).toMatch(/Quotron-prod-Api could not be deleted:\nApi\/Function: eni-1 is in use\nRun this again/);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ prod: place });
});

it('is refused where there is nothing, where a deployment is at work, and for dev with --delete-database', async () => {
  stacks.set('Quotron-prod-Api', 'UPDATE_IN_PROGRESS');
  expect((await destroy('--stage', 'prod', '--yes')).stderr).toContain('Quotron-prod-Api is UPDATE_IN_PROGRESS');
  stacks.clear();
  expect((await destroy('--stage', 'prod', '--yes')).stderr).toContain('There is nothing of the stage prod');
  expect((await destroy('--stage', 'dev', '--delete-database')).code).toBe(2);
  expect(changes()).toEqual([]);
  expect(existsSync(file)).toBe(true);
});
