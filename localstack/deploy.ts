/**
 * Deploys stage `local` of the CDK app to the emulator, as it would be deployed to AWS.
 *
 *   1. nothing, when neither the code nor the addresses have changed since and the stacks are still there
 *   2. the bucket that assets are uploaded to
 *   3. synthesize and deploy
 *   4. read the outputs: what the functions, queues and the API are called
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, type Stack } from '@aws-sdk/client-cloudformation';
import { BucketAlreadyOwnedByYou, CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { z } from 'zod';
import type { FunctionName } from '../core/contracts/functions.ts';
import type { DatabaseUrls } from '../core/contracts/migrate.ts';
import { localAssetBucket } from '../lib/asset-bucket.ts';
import { sourceHash } from '../lib/source-hash.ts';
import { type EmulatorAccess, emulatorClient, emulatorEnvironment } from './emulator.ts';
import { LocalCloudError, messageOf } from './problem.ts';
import { ownFolder, readState, root, writeState } from './state-folder.ts';

export interface DeployOptions {
  /** Where the synthesized app and the record of the last deployment are kept. */
  readonly dir: string;
  readonly emulator: EmulatorAccess;
  readonly databaseUrls: DatabaseUrls;
  /** Source id to base URL; `null` for the real ones. */
  readonly sourceUrls: Readonly<Record<string, string>> | null;
  /** Ids of the sources whose data are made up. */
  readonly simulatedSources: readonly string[];
  /** Origins whose pages may read the API, separated by commas. */
  readonly corsOrigins: string | undefined;
  readonly sourceQuotas: string | undefined;
  readonly watchLimit: string | undefined;
  /** Settings of a Kafka to which events go (`KAFKA_…`); without them they go to SNS. */
  readonly kafka: Readonly<Record<string, string>> | null;
  /** Folder of the packed Chromium, where functions can read it; without it, it goes into their bundle. */
  readonly chromiumPack: string | undefined;
  readonly say: (line: string) => void;
  /** Ends the running programs. */
  readonly signal?: AbortSignal;
}

/** The outputs of the stacks, by key. */
export interface Deployment {
  readonly outputs: Readonly<Record<string, string>>;
  /** Whether anything had to be deployed. */
  readonly fresh: boolean;
}

const stackNames = ['Quotron-local-Storage', 'Quotron-local-Pipeline', 'Quotron-local-Api'];
const recordSchema = z.object({ fingerprint: z.string() });

/** Deploys the current code to the emulator. */
export async function deploy(options: DeployOptions): Promise<Deployment> {
  const record = join(options.dir, 'deployment.json');
  const client = new CloudFormationClient(emulatorClient(options.emulator));
  try {
    const wanted = fingerprint(options);
    if (readState(record, recordSchema)?.fingerprint === wanted) {
      const outputs = await outputsOf(client);
      if (outputs !== null) return { outputs, fresh: false };
    }
    rmSync(record, { force: true });
    await deployAnew(options);
    const outputs = await outputsOf(client);
    if (outputs === null) {
      throw new LocalCloudError(
        `CDK reports success, but the emulator at ${options.emulator.url} does not have all of ${stackNames.join(', ')}. ` +
          'Its state cannot be trusted: run `npm run reset` and start again.',
      );
    }
    writeState(record, { fingerprint: wanted });
    return { outputs, fresh: true };
  } finally {
    client.destroy();
  }
}

/** An output of the deployment; a missing one is a bug in the stacks. */
export function output(deployment: Deployment, key: string): string {
  const value = deployment.outputs[key];
  if (value === undefined) throw new Error(`the stacks have no output ${key}`);
  return value;
}

/** The name of a deployed function. */
export function functionOutput(name: FunctionName): string {
  return `Function${name
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}`;
}

/** Where the deployed API answers: ends in `/api/v1`. */
export function executeApiUrl(emulatorUrl: string, deployment: Deployment): string {
  return `${emulatorUrl}/_aws/execute-api/${output(deployment, 'RestApiId')}/${output(deployment, 'RestApiStage')}`;
}

async function deployAnew(options: DeployOptions): Promise<void> {
  ownFolder(options.dir);
  // CDK does not delete: assets of each earlier deployment would stay.
  const assembly = join(options.dir, 'cdk.out');
  // CDK notes the account of each access key that it used, for all to read. Ours opens the emulator.
  const home = join(options.dir, 'cdk-home');
  for (const folder of [assembly, home]) rmSync(folder, { recursive: true, force: true });
  await makeAssetBucket(options.emulator);
  const { AWS_PROFILE: _profile, AWS_SESSION_TOKEN: _token, ...shell } = process.env;
  const child = spawn(
    join(root, 'node_modules', '.bin', 'node'),
    [
      ...[join(root, 'node_modules', 'aws-cdk', 'bin', 'cdk'), 'deploy', '--all', '-c', 'stage=local'],
      ...['--output', assembly, '--require-approval', 'never', '--method', 'direct'],
      ...['--progress', 'events', '--concurrency', '2', '--asset-parallelism', '--no-notices', '--no-color'],
    ],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group: its children end with it, and Ctrl-C reaches it only through us.
      detached: true,
      env: {
        ...shell,
        ...emulatorEnvironment(options.emulator),
        PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
        CDK_HOME: home,
        CDK_DISABLE_CLI_TELEMETRY: 'true',
        CDK_DISABLE_VERSION_CHECK: 'true',
        // Half of synthesizing. The tests do it for every stage, and `cdk deploy` to an account does.
        CDK_VALIDATION: 'false',
        QUOTRON_DATABASE_URLS: JSON.stringify(options.databaseUrls),
        QUOTRON_SOURCE_URLS: options.sourceUrls === null ? '' : JSON.stringify(options.sourceUrls),
        QUOTRON_SIMULATED_SOURCES: options.simulatedSources.join(','),
        QUOTRON_CORS_ORIGINS: options.corsOrigins ?? '',
        QUOTRON_SOURCE_QUOTAS: options.sourceQuotas ?? '',
        QUOTRON_WATCH_LIMIT: options.watchLimit ?? '',
        QUOTRON_KAFKA: options.kafka === null ? '' : JSON.stringify(options.kafka),
        QUOTRON_CHROMIUM_PACK: options.chromiumPack ?? '',
      },
    },
  );
  const end = () => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL');
  };
  options.signal?.addEventListener('abort', end);
  if (options.signal?.aborted) end();
  let said = '';
  let under: string | undefined;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const stack = stackNames.findLast((name) => said.includes(`${name}: deploying`));
      if (stack === undefined || stack === under) return;
      under = stack;
      options.say(`stack ${stack}`);
    });
  }
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  options.signal?.removeEventListener('abort', end);
  options.signal?.throwIfAborted();
  if (code === 0) return;
  const last = said.trim().split('\n').slice(-12).join('\n    ');
  throw new LocalCloudError(
    `\`cdk deploy\` failed (exit code ${code}), so the local cloud is not deployed. What it said last:\n    ${last}`,
  );
}

async function makeAssetBucket(emulator: EmulatorAccess): Promise<void> {
  const s3 = new S3Client({ ...emulatorClient(emulator), forcePathStyle: true });
  try {
    await s3.send(new CreateBucketCommand({ Bucket: localAssetBucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  } finally {
    s3.destroy();
  }
}

/** The outputs of all stacks, or `null` unless all are there and whole. */
async function outputsOf(client: CloudFormationClient): Promise<Record<string, string> | null> {
  const stacks = await Promise.all(stackNames.map((name) => describe(client, name)));
  const outputs: Record<string, string> = {};
  for (const stack of stacks) {
    if (stack === null) return null;
    for (const { OutputKey, OutputValue } of stack.Outputs ?? []) {
      if (OutputKey !== undefined && OutputValue !== undefined) outputs[OutputKey] = OutputValue;
    }
  }
  return outputs;
}

async function describe(client: CloudFormationClient, name: string): Promise<Stack | null> {
  try {
    const { Stacks } = await client.send(new DescribeStacksCommand({ StackName: name }));
    const [stack] = Stacks ?? [];
    return stack?.StackStatus === 'CREATE_COMPLETE' || stack?.StackStatus === 'UPDATE_COMPLETE' ? stack : null;
  } catch (error) {
    // The error by which CloudFormation reports a missing stack.
    if (/does not exist/i.test(messageOf(error))) return null;
    throw error;
  }
}

/** Everything the deployment depends on: the deployed code, the lock file, and the given addresses. */
function fingerprint({ emulator, ...given }: DeployOptions): string {
  const { databaseUrls, sourceUrls, sourceQuotas, simulatedSources, watchLimit, corsOrigins, chromiumPack, kafka } =
    given;
  const chromium = process.env['QUOTRON_CHROMIUM'];
  const accepts = process.env['QUOTRON_ACCEPT_FINDINGS'];
  const publicStatus = process.env['QUOTRON_PUBLIC_STATUS'];
  const alerts = ['FROM', 'SMTP', 'HOSTS'].map(
    (what) => process.env[`QUOTRON_ALERT${what === 'HOSTS' ? '' : 'S'}_${what}`],
  );
  return sourceHash(
    ['cdk.json', 'package-lock.json', 'bin', 'lib', 'functions', 'core'],
    JSON.stringify({
      ...{ emulatorUrl: emulator.url, databaseUrls, sourceUrls, simulatedSources, watchLimit, corsOrigins },
      ...{ sourceQuotas, chromiumPack, chromium, accepts, publicStatus, alerts, kafka },
    }),
  );
}
