import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { awsDouble, callerOf, json, jsonError, signedInTo } from '../../support/aws-double.ts';
import { quotron } from '../../support/cli-in-process.ts';

const account = '111122223333';
let aws: Awaited<ReturnType<typeof awsDouble>>;
let folder: string;
const inFolder = (name: string) => join(folder, name);

beforeAll(async () => {
  aws = await awsDouble();
  folder = mkdtempSync(join(tmpdir(), 'quotron-second-copy-'));
});
afterAll(async () => {
  await aws.stop();
  rmSync(folder, { recursive: true, force: true });
});

const invoked = (name: string) => `POST /2015-03-31/functions/${name}/invocations`;
const line = { eventId: '1', timestamp: Date.parse('2026-11-20T15:00:00Z'), message: 'it runs' };

/** An account with `dev` of the usual prefix and of `acme`. */
beforeEach(() => {
  aws.answers.set('GetCallerIdentity', () => callerOf(account));
  for (const prefix of ['quotron', 'acme'])
    aws.answers.set(invoked(`${prefix}-dev-migrate`), () => json({ applied: [], adminKeyAdded: true, adminKeys: 1 }));
  aws.answers.set('FilterLogEvents', (of) =>
    /^\/aws\/lambda\/(quotron|acme)-dev-/.test(String(of['logGroupName']))
      ? json({ events: [line] })
      : jsonError('ResourceNotFoundException'),
  );
});
afterEach(() => {
  aws.answers.clear();
  aws.asked.length = 0;
  rmSync(inFolder('stages.json'), { force: true });
});

const signedIn = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  quotron(args, {
    HOME: folder,
    QUOTRON_STAGES_FILE: inFolder('stages.json'),
    ...signedInTo(aws.url),
    AWS_REGION: 'eu-central-1',
    ...env,
  });

/** Names of functions, in what was asked. */
const functionsAsked = () =>
  new Set(
    aws.asked.flatMap(({ operation, of }) =>
      operation === 'FilterLogEvents' ? String(of['logGroupName']).replace('/aws/lambda/', '') : operation,
    ),
  );

describe.each([
  ['logs', ['logs', 'migrate', '--since', '3650d']],
  ['keys bootstrap', ['keys', 'bootstrap']],
])('quotron %s', (command, words) => {
  const nameOf = (prefix: string) => (command === 'logs' ? `${prefix}-dev-migrate` : invoked(`${prefix}-dev-migrate`));

  it.each([
    ['of the usual prefix', [], {}, 'quotron'],
    ['of the option', ['--prefix', 'acme'], {}, 'acme'],
    ['of the variable', [], { QUOTRON_PREFIX: 'acme' }, 'acme'],
    ['of the option before the variable', ['--prefix', 'acme'], { QUOTRON_PREFIX: 'other' }, 'acme'],
    ['of the usual prefix where the variable is empty', [], { QUOTRON_PREFIX: '' }, 'quotron'],
  ])('asks the copy %s, and no other one', async (_, args, env, prefix) => {
    const done = await signedIn([...words, '--stage', 'dev', ...args], env);
    expect(done).toMatchObject({ code: 0 });
    expect(functionsAsked()).toEqual(new Set(['GetCallerIdentity', nameOf(prefix)]));
  });

  it.each(['acme-eu', 'Acme', '../x'])('refuses the prefix %s before anything is asked', async (prefix) => {
    for (const [args, env] of [
      [['--prefix', prefix], {}],
      [[], { QUOTRON_PREFIX: prefix }],
    ] as const) {
      const done = await signedIn([...words, '--stage', 'dev', ...args], env);
      expect(done).toMatchObject({ code: 2, stdout: '' });
      expect(done.stderr).toMatch(/small letters and digits/);
    }
    expect(aws.asked).toEqual([]);
  });

  it('refuses a stage that there is not, before anything is asked', async () => {
    expect(await signedIn([...words, '--stage', 'prd'])).toMatchObject({ code: 2 });
    expect(aws.asked).toEqual([]);
  });

  it('asks nothing of another account than that of the stage', async () => {
    writeFileSync(
      inFolder('stages.json'),
      JSON.stringify({ dev: { account: '999988887777', region: 'eu-central-1' } }),
    );
    const done = await signedIn([...words, '--stage', 'dev']);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(/dev belongs into 999988887777/);
    expect(aws.operations()).toEqual(['GetCallerIdentity']);
  });

  it('asks the account and region that it is told, and no other one', async () => {
    const region = ['--region', 'eu-central-1'];
    expect(await signedIn([...words, '--stage', 'dev', ...region], { AWS_REGION: '' })).toMatchObject({ code: 0 });
    aws.asked.length = 0;
    const other = await signedIn([...words, '--stage', 'dev', '--account', '999988887777']);
    expect(other).toMatchObject({ code: 1, stdout: '' });
    expect(aws.operations()).toEqual(['GetCallerIdentity']);
  });

  it('says so where the account has no such copy', async () => {
    aws.answers.set(invoked('nobody-dev-migrate'), () => jsonError('ResourceNotFoundException', 404));
    const done = await signedIn([...words, '--stage', 'dev', '--prefix', 'nobody']);
    expect(done).toMatchObject({ code: 1, stdout: '' });
    expect(done.stderr).toMatch(/check AWS_PROFILE, AWS_REGION, --stage and --prefix/);
  });
});

it('quotron keys bootstrap prints a key of the form of one', async () => {
  const done = await signedIn(['keys', 'bootstrap', '--stage', 'dev', '--json']);
  expect(z.object({ key: z.string() }).parse(JSON.parse(done.stdout)).key).toMatch(/^qtr_live_/);
});
