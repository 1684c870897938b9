import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { z } from 'zod';
import { apiKeySchema, newApiKeySchema } from '../../core/contracts/http/api-keys.ts';
import { backfillSchema } from '../../core/contracts/http/backfills.ts';
import { diagnosisViewSchema, noteBelow } from '../../core/contracts/http/diagnostics.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import {
  credentialsStateSchema,
  quarantineSchema,
  runAcceptedSchema,
  serviceSchema,
  sourceHealthSchema,
  sourceSchema,
} from '../../core/contracts/http/operations.ts';
import { recoverySchema } from '../../core/contracts/http/recovery.ts';
import { replaySchema } from '../../core/contracts/http/replays.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { isUnhealthy } from '../../core/contracts/words/health-status.ts';
import { bootstrapAdminKey } from '../../functions/migrate/standalone.ts';
import { root } from '../../localstack/state-folder.ts';
import { node } from '../support/cli-process.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const folder = mkdtempSync(join(tmpdir(), 'quotron-cli-'));
/** The command as `npx quotron` starts it, and without the step that finds the project's Node. */
const command = join(root, 'cli', 'quotron.mjs');
const entry = join(root, 'cli', 'quotron.ts');

beforeAll(() => cloud.noFaults());
afterEach(() => cloud.noFaults());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs it in a folder of its own; it finds the cloud by `local.json`. */
async function quotron(args: readonly string[], file = entry, more: Readonly<Record<string, string>> = {}) {
  const shell = Object.fromEntries(
    ['PATH', 'HOME', 'LANG', 'NODE_COMPILE_CACHE', 'QUOTRON_TEST_RUN'].flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const child = spawn(node, [file, ...args], {
    cwd: folder,
    env: { ...shell, QUOTRON_STATE_DIR: cloud.folder, ...more },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...said };
}

/** With `--json`: the code, and stdout by a schema. */
async function asked<S extends z.ZodType>(schema: S, ...args: string[]) {
  const { code, stdout, stderr } = await quotron([...args, '--json']);
  expect(stderr, args.join(' ')).toBe('');
  return { code, data: schema.parse(JSON.parse(stdout)) };
}

describe('the command on the running local cloud', () => {
  it('tests and runs a source: 0 with its rows, 1 and the reason while it is broken, 2 for a name that nobody has', async () => {
    const works = z.object({ works: z.boolean(), accepted: z.int(), reason: z.string().nullable() });
    const good = await asked(works, 'test', 'yahoo');
    expect(good).toMatchObject({ code: 0, data: { works: true, reason: null } });
    expect(good.data.accepted).toBeGreaterThan(0);

    await cloud.fault({ source: 'yahoo', fault: '403', kinds: ['quote'] });
    const bad = await quotron(['test', 'yahoo']);
    expect([bad.code, bad.stdout]).toEqual([1, expect.stringMatching(/does not work\.[\s\S]*blocked: /)]);
    await cloud.noFaults();

    const planned = await asked(runAcceptedSchema, 'run', 'yahoo', '--job', 'quotes');
    expect([planned.code, planned.data.runs.map(({ job }) => job)]).toEqual([0, ['quotes']]);
    expect((await quotron(['run', 'yahoo', '--job', 'quotes', '--wait'])).code).toBe(0);
    expect(await quotron(['run', 'nobody'])).toMatchObject({ code: 2, stdout: '' });
    expect(await quotron(['run', 'yahoo', '--job', 'none'])).toMatchObject({ code: 2 });
  });

  it('tells health and status, with 1 where they are not well', async () => {
    const health = await asked(healthSchema, 'health');
    expect(health.code).toBe(health.data.status === 'pass' ? 0 : 1);
    const yahoo = await asked(sourceHealthSchema, 'health', 'yahoo');
    expect(yahoo.code).toBe(isUnhealthy(yahoo.data.status) ? 1 : 0);
    const status = await asked(z.object({ healthy: z.boolean(), sources: z.array(sourceSchema) }), 'status');
    expect([status.code, status.data.sources.length]).toEqual([status.data.healthy ? 0 : 1, 5]);
    expect(status.data.healthy).toBe((await asked(healthSchema, 'health')).data.status === 'pass');
    const told = await quotron(['status'], command);
    expect(told.stdout).toMatch(/^source +status +why +score +last success +next run$/m);
    expect(await quotron(['health', 'nobody'])).toMatchObject({ code: 2 });
  });

  it('stops and starts sources and services', async () => {
    const stopped = await asked(sourceSchema, 'stop', 'yahoo', '--until', '2h');
    expect(stopped).toMatchObject({ code: 0, data: { paused: true, pausedUntil: expect.any(String) } });
    expect((await quotron(['stop', 'yahoo', '--until', '2001-01-01'])).code).toBe(2);
    expect(await asked(sourceSchema, 'start', 'yahoo')).toMatchObject({ code: 0, data: { paused: false } });
    expect(await asked(serviceSchema, 'stop', 'proxy', '--until', '2h')).toMatchObject({
      code: 0,
      data: { running: false, stoppedUntil: expect.any(String) },
    });
    expect((await quotron(['stop', 'proxy', '--until', '2001-01-01'])).code).toBe(2);
    const status = await asked(z.object({ stopped: z.array(z.string()) }), 'status');
    expect([status.code, status.data.stopped]).toEqual([1, ['proxy']]);
    expect(await asked(serviceSchema, 'start', 'proxy')).toMatchObject({ code: 0, data: { running: true } });
    expect(await quotron(['stop', 'nobody'])).toMatchObject({ code: 2 });
  });

  it('recovers a source and waits for the proof', async () => {
    const { code, data } = await asked(z.array(recoverySchema), 'recover', 'yahoo', '--wait', '--timeout', '60');
    const ends = data.map(({ sourceId, status }) => [sourceId, status]);
    expect([code, ends], JSON.stringify(data)).toEqual([0, [['yahoo', 'verified']]]);
    expect(await quotron(['recover', 'nobody'])).toMatchObject({ code: 2 });
  });

  it('shows what is in quarantine and has it read again', async () => {
    await cloud.fault({ source: 'yahoo', fault: 'drift', symbol: 'VOD.L' });
    await quotron(['test', 'yahoo']);
    await cloud.noFaults();
    const { code, data } = await asked(
      z.array(quarantineSchema),
      'quarantine',
      'list',
      '--source',
      'yahoo',
      '--reason',
      'schema',
    );
    expect([code, data[0]?.symbol]).toEqual([0, 'VOD.L']);
    const id = data[0]?.id ?? '';
    expect(await asked(quarantineSchema, 'quarantine', 'show', id)).toMatchObject({ code: 0, data: { id } });
    expect((await quotron(['quarantine', 'show', '999999999'])).code).toBe(1);
    const replayed = await asked(replaySchema, 'quarantine', 'replay', id, '--wait');
    // What was read is what it was, so nothing is accepted: that is said, and is no success.
    expect(replayed).toMatchObject({ code: 1, data: { status: 'done', read: 1, released: 0 } });
  });

  it('diagnoses into a file of the current folder, with 1 where something is wrong', async () => {
    const { code, data } = await asked(diagnosisViewSchema.extend({ file: z.string() }), 'diagnose');
    expect(data.file).toBe(join(folder, 'diagnostics_report.md'));
    expect(code).toBe(data.findings.some(({ effect }) => effect >= noteBelow) ? 1 : 0);
    expect(readFileSync(data.file, 'utf8')).toMatch(/^# Diagnostics report\n/);
    rmSync(data.file);
    // As `npx quotron` starts it: the file is where the person is, not in the checkout.
    const told = await quotron(['diagnose', '--output', 'told.md'], command);
    expect(told.stdout).toContain(`The report: ${join(folder, 'told.md')}`);
    expect(existsSync(join(folder, 'told.md'))).toBe(true);
  });

  it('creates, lists, shows and cancels backfills', async () => {
    const from = new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10);
    const made = await asked(backfillSchema, 'backfill', 'create', 'yahoo', 'AAPL', '--from', from);
    expect(made.code).toBe(0);
    const { id } = made.data;
    expect((await asked(z.array(backfillSchema), 'backfill', 'list')).data.map((each) => each.id)).toContain(id);
    expect((await asked(backfillSchema, 'backfill', 'status', id)).code).toBe(0);
    expect((await asked(backfillSchema, 'backfill', 'cancel', id)).code).toBe(0);
    expect((await quotron(['backfill', 'create', 'coingecko', 'BTC-USD', '--from', from])).code).toBe(2);
  });

  it('makes, lists and revokes keys; says whether credentials are set; finds nothing to migrate', async () => {
    const made = await asked(newApiKeySchema, 'keys', 'create', 'made by a test', '--expires', '1h');
    expect([made.code, made.data.scope]).toEqual([0, 'read']);
    const { id } = made.data;
    expect((await asked(z.array(apiKeySchema), 'keys', 'list')).data.map((key) => key.id)).toContain(id);
    expect(await asked(apiKeySchema, 'keys', 'revoke', id)).toMatchObject({
      code: 0,
      data: { revokedAt: expect.any(String) },
    });
    expect(await asked(credentialsStateSchema, 'credentials', 'status', 'alpha-vantage')).toMatchObject({ code: 0 });
    expect(await asked(z.object({ applied: z.array(z.string()) }), 'migrate')).toEqual({
      code: 0,
      data: { applied: [] },
    });
  });

  it('makes an admin key by the rights of the account alone, and names what such an account lacks', async () => {
    const client = new LambdaClient({
      endpoint: cloud.emulatorUrl,
      region: 'us-east-1',
      credentials: { accessKeyId: cloud.emulatorAccessKeyId, secretAccessKey: 'test' },
    });
    onTestFinished(() => client.destroy());
    const bootstrap = (stage: string) => bootstrapAdminKey({ ...localInstallation, stage }, 'of a test', client);
    const { key } = await bootstrap('local');
    const keys = z
      .array(apiKeySchema)
      .parse(
        JSON.parse(
          (await quotron(['keys', 'list', '--json'], entry, { QUOTRON_API_KEY: key, QUOTRON_URL: cloud.apiUrl }))
            .stdout,
        ),
      );
    const own = keys.find(({ prefix }) => key.startsWith(prefix));
    expect(own).toMatchObject({ scope: 'admin', revokedAt: null });
    expect((await asked(apiKeySchema, 'keys', 'revoke', own?.id ?? '')).code).toBe(0);

    await expect(bootstrap('nowhere')).rejects.toMatchObject({ why: { aws: 'ResourceNotFoundException' } });
  });

  it('serves the proxy until it is told to stop', async () => {
    const child = spawn(node, [entry, 'proxy', '--port', '0', '--upstream', `${cloud.upstreamsUrl}/yahoo`], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const line = await new Promise<string>((resolve) =>
      child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    const url = /http:\/\/127\.0\.0\.1:\d+\/yahoo/.exec(line)?.[0] ?? '';
    expect((await fetch(`${url}/quote/AAPL`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
