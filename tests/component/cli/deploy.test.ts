import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { awsDouble, callerOf, json, jsonError, signedInTo, stacksOf, xml, xmlError } from '../../support/aws-double.ts';
import { quotron } from '../../support/cli-in-process.ts';

const account = '111122223333';
let aws: Awaited<ReturnType<typeof awsDouble>>;
let folder: string;
let file: string;

beforeAll(async () => {
  aws = await awsDouble();
  folder = mkdtempSync(join(tmpdir(), 'quotron-deploy-'));
  file = join(folder, 'quotron.stages.json');
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** An account that has all that a deployment needs. */
beforeEach(() => {
  aws.answers.set('GetCallerIdentity', () => callerOf(account));
  aws.answers.set('DescribeStacks', () => stacksOf({ 'Another-Storage': 'CREATE_COMPLETE' }));
  aws.answers.set('GetParameter', () => json({ Parameter: { Value: '29' } }));
  aws.answers.set('GET /2016-08-19/account-settings', () => json({ AccountLimit: { ConcurrentExecutions: 1000 } }));
  aws.answers.set('DescribeAccountAttributes', () => rdsQuota(1, 40));
  aws.answers.set('GetServiceQuota', () => json({ Quota: { Value: 5 } }));
  aws.answers.set('ListResources', () => json({ ResourceDescriptions: [{ Identifier: 'vpc-1' }] }));
});
afterEach(() => {
  aws.answers.clear();
  aws.asked.length = 0;
  rmSync(file, { force: true });
});

const rdsQuota = (used: number, most: number) =>
  xml(
    'DescribeAccountAttributes',
    `<AccountQuotas><AccountQuota><AccountQuotaName>DBInstances</AccountQuotaName><Used>${used}</Used><Max>${most}</Max></AccountQuota></AccountQuotas>`,
  );

/** The command as somebody who is signed in to AWS. */
const deploy = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  quotron(['deploy', ...args], {
    HOME: folder,
    QUOTRON_STAGES_FILE: file,
    QUOTRON_ALARM_EMAIL: 'operator@example.com',
    ...signedInTo(aws.url),
    AWS_REGION: 'eu-central-1',
    ...env,
  });

describe('without a way to AWS, it says what to set', () => {
  it.each([
    ['no region', { AWS_REGION: '' }, 2, /--region eu-central-1/],
    ['no credentials', { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, 1, /AWS_PROFILE.*aws sso login/],
    ['an unknown profile', { AWS_ACCESS_KEY_ID: '', AWS_PROFILE: 'gone' }, 1, /profile gone .*--profile gone/],
  ])('%s', async (_, env, code, text) => {
    const done = await deploy(['--stage', 'dev'], env);
    expect(done).toMatchObject({ code, stdout: '' });
    expect(done.stderr).toMatch(text);
    expect(aws.asked).toEqual([]);
  });

  it.each([
    ['ExpiredToken', /have expired/],
    ['InvalidClientTokenId', /does not accept these credentials/],
    ['SignatureDoesNotMatch', /secret is mistyped/],
    ['AccessDenied', /sts:GetCallerIdentity/],
  ])('credentials that AWS answers with %s', async (code, text) => {
    aws.answers.set('GetCallerIdentity', () => xmlError(code, 403));
    const done = await deploy(['--stage', 'dev', '--yes']);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(text);
    expect(done.stderr).not.toContain('not-a-secret');
    expect(new Set(aws.operations())).toEqual(new Set(['GetCallerIdentity']));
  });
});

describe('a copy of a stage with a prefix of its own', () => {
  it.each([
    ['by the option', ['--prefix', 'acme'], {}],
    ['by the variable', [], { QUOTRON_PREFIX: 'acme' }],
  ])('%s: its own stacks are looked at, and no other ones', async (_, args, env) => {
    aws.answers.set('DescribeStacks', () =>
      stacksOf({ 'Quotron-dev-Api': 'UPDATE_IN_PROGRESS', 'Acme-dev-Api': 'DELETE_FAILED' }),
    );
    const done = await deploy(['--stage', 'dev', '--yes', ...args], env);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toContain('Acme-dev-Api is DELETE_FAILED');
    expect(done.stderr).toContain('quotron destroy --stage dev --prefix acme');
    expect(done.stderr).not.toContain('Quotron-dev-Api');
  });

  it('what is to be run by hand has its prefix, too', async () => {
    aws.answers.set('DescribeStacks', () => stacksOf({ 'Acme-dev-Api': 'UPDATE_ROLLBACK_FAILED' }));
    const done = await deploy(['--stage', 'dev', '--yes', '--prefix', 'acme']);
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('Run QUOTRON_PREFIX=acme npx cdk rollback Acme-dev-Api -c stage=dev, then deploy.');
  });

  it.each(['acme-eu', 'Acme'])('%s is refused before anything is asked', async (prefix) => {
    for (const [args, env] of [
      [['--prefix', prefix], {}],
      [[], { QUOTRON_PREFIX: prefix }],
    ] as const) {
      const done = await deploy(['--stage', 'dev', '--yes', ...args], env);
      expect(done.code).not.toBe(0);
      expect(done.stderr).toMatch(/small letters and digits/);
    }
    expect(aws.asked).toEqual([]);
  });
});

describe('a stage is deployed to one account and region', () => {
  const pinned = (place: object) => writeFileSync(file, JSON.stringify({ prod: place }));

  it('another account than the file says is refused before anything else is asked', async () => {
    pinned({ account: '999988887777', region: 'eu-central-1' });
    const done = await deploy(['--stage', 'prod', '--yes']);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(/account 111122223333 .*prod belongs into 999988887777/);
    expect(aws.operations()).toEqual(['GetCallerIdentity']);
  });

  it('the region is that of the file, whatever the environment says', async () => {
    pinned({ account, region: 'us-west-2' });
    aws.answers.set('GetParameter', () => jsonError('AccessDeniedException'));
    aws.answers.set('DescribeStacks', () => stacksOf({ 'Quotron-prod-Storage': 'UPDATE_IN_PROGRESS' }));
    const done = await deploy(['--stage', 'prod', '--yes']);
    expect(done.stderr).toContain('region us-west-2');
  });

  it.each([
    ['--account', '999988887777', 2],
    ['--region', 'us-west-2', 2],
  ])('%s that contradicts the file is a wrong call', async (option, value, code) => {
    pinned({ account, region: 'eu-central-1' });
    const done = await deploy(['--stage', 'prod', option, value, '--yes']);
    expect(done).toMatchObject({ code, stdout: '' });
    expect(aws.asked).toEqual([]);
  });

  it('an account that CI names is compared with the credentials', async () => {
    const done = await deploy(['--stage', 'prod', '--account', '999988887777', '--yes']);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(existsSync(file)).toBe(false);
  });

  it('a malformed file is named with what is wrong', async () => {
    writeFileSync(file, '{"prod": {"account": "12"}}');
    const done = await deploy(['--stage', 'prod', '--yes']);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(/quotron\.stages\.json is malformed[\s\S]*twelve digits/);
  });
});

describe('it looks at the account before it changes anything', () => {
  /** Of each check its mark and what to do. */
  const looked = async (env: NodeJS.ProcessEnv = {}, stage = 'prod') => {
    const done = await deploy(['--stage', stage], env);
    // There is no terminal to ask at, so a deployment that nothing stands against ends here too.
    expect(done.code === 1 || done.code === 2, done.stderr).toBe(true);
    expect(existsSync(file)).toBe(false);
    return done;
  };

  it('nothing stands against it: then it asks, and without a terminal needs --yes', async () => {
    const done = await looked();
    expect(done.code).toBe(2);
    expect(done.stderr).toMatch(/Deploy the stage prod to account 111122223333 in eu-central-1\?.*--yes/);
    expect(done.stderr).toMatch(/alarms +ok +to operator@example\.com; a budget of 80 dollars/);
  });

  it('prod without an address for alarms is refused', async () => {
    const done = await looked({ QUOTRON_ALARM_EMAIL: '' });
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('QUOTRON_ALARM_EMAIL is not set');
  });

  it('few concurrent executions are said, with what to ask for and how long that takes', async () => {
    aws.answers.set('GET /2016-08-19/account-settings', () => json({ AccountLimit: { ConcurrentExecutions: 10 } }));
    const done = await looked();
    expect(done.stderr).toMatch(/Lambda +look +10 executions at once; prod uses up to \d+/);
    expect(done.stderr).toMatch(/Ask for 1000: Service Quotas.*takes about a day/);
  });

  it.each([
    ['vpcs', () => aws.answers.set('GetServiceQuota', () => json({ Quota: { Value: 1 } })), /VPCs +fails +1 of 1/],
    ['databases', () => aws.answers.set('DescribeAccountAttributes', () => rdsQuota(40, 40)), /RDS +fails +40 of 40/],
    [
      'a stack that is at work',
      () => aws.answers.set('DescribeStacks', () => stacksOf({ 'Quotron-prod-Api': 'UPDATE_ROLLBACK_IN_PROGRESS' })),
      /stacks +fails[\s\S]*Wait until it has ended/,
    ],
    [
      'a stack that is stuck',
      () => aws.answers.set('DescribeStacks', () => stacksOf({ 'Quotron-prod-Api': 'UPDATE_ROLLBACK_FAILED' })),
      /npx cdk rollback Quotron-prod-Api -c stage=prod/,
    ],
    [
      'a removal that did not end',
      () => aws.answers.set('DescribeStacks', () => stacksOf({ 'Quotron-prod-Web': 'DELETE_FAILED' })),
      /quotron destroy --stage prod/,
    ],
  ])('no room, or no way: %s', async (_, change, text) => {
    change();
    const done = await looked();
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(text);
    expect(done.stderr).toContain('Nothing was deployed');
  });

  it('a missing bootstrap is made first, and asked for', async () => {
    aws.answers.set('GetParameter', () => jsonError('ParameterNotFound'));
    const done = await looked({}, 'dev');
    expect(done.stderr).toMatch(/CDK bootstrap +look +missing/);
    expect(done.stderr).toMatch(/Deploy the stage dev .*It makes the CDK bootstrap there/);
  });

  it('what the credentials may not ask is no obstacle', async () => {
    for (const operation of ['GetServiceQuota', 'DescribeAccountAttributes', 'GET /2016-08-19/account-settings'])
      aws.answers.delete(operation);
    const done = await looked();
    expect(done.code).toBe(2);
    for (const title of ['RDS', 'VPCs', 'Lambda']) expect(done.stderr).toMatch(new RegExp(`${title} .*not checked`));
  });

  it('a snapshot to restore must be there, and be one of PostgreSQL', async () => {
    aws.answers.set('DescribeDBSnapshots', () => xmlError('DBSnapshotNotFound', 404));
    const gone = await deploy(['--stage', 'prod', '--restore', 'rds:gone', '--yes']);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain('There is no snapshot rds:gone');
    aws.answers.set('DescribeDBSnapshots', () =>
      xml(
        'DescribeDBSnapshots',
        '<DBSnapshots><DBSnapshot><DBSnapshotIdentifier>a</DBSnapshotIdentifier><Engine>mysql</Engine><EngineVersion>8</EngineVersion><AllocatedStorage>20</AllocatedStorage><Status>available</Status></DBSnapshot></DBSnapshots>',
      ),
    );
    const other = await deploy(['--stage', 'prod', '--restore', 'a', '--yes']);
    expect(other.stderr).toMatch(/snapshot +fails +a: mysql 8, 20 GB/);
    expect(existsSync(file) && readFileSync(file, 'utf8')).toBe(false);
  });
});
