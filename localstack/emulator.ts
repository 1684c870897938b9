/**
 * The emulator of AWS, to which the same CDK app is deployed as to the real one.
 *
 *   AWS_ENDPOINT_URL       the one running there; it is neither started nor stopped
 *   `--emulator ministack` MiniStack, as a plain process (the default)
 *   `--emulator localstack` LocalStack in Docker
 */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { settingNames } from '../core/contracts/settings.ts';
import { endWithParent } from './end-with-parent.ts';
import { choosePort } from './ports.ts';
import { codeOf, LocalCloudError, messageOf } from './problem.ts';
import { identityOf, lastWords, spawnLogged, stopChild, until, watchEnd } from './processes.ts';
import { pythonWithEmulator } from './python.ts';
import { ownFolder, readState, root, writeState } from './state-folder.ts';

export const emulatorKinds = ['ministack', 'localstack'] as const;
export type EmulatorKind = (typeof emulatorKinds)[number];

export interface EmulatorOptions {
  /** Where its state is kept. */
  readonly dir: string;
  readonly kind: EmulatorKind;
  /** One that runs already: `AWS_ENDPOINT_URL`. */
  readonly url?: string | undefined;
  /** Must be free. Without it: the port of the last run, 4566, or any free one. */
  readonly port?: number | undefined;
  readonly say: (line: string) => void;
  /** A Python that has MiniStack. Without it: the one of `.quotron/venv`, made when missing. */
  readonly python?: string;
  /** Ends the start early. */
  readonly signal?: AbortSignal;
  /** Of MiniStack: where a server of OpenAI's shape answers for the models of Bedrock. Without one it makes a text up. */
  readonly modelUrl?: string;
}

/** Where an emulator is, and the access key id that it takes. */
export interface EmulatorAccess {
  readonly url: string;
  /** MiniStack behind its gate takes only the one of this start; other emulators take any. */
  readonly accessKeyId: string;
}

export interface RunningEmulator extends EmulatorAccess {
  readonly kind: EmulatorKind | 'external';
  /** Proves the dashboard's server to the gate; `null` for an emulator without one. */
  readonly gateSecret: string | null;
  readonly logFile: string | null;
  /** Resolves when it has ended: true if it was stopped on purpose. Never, for one that was not started here. */
  readonly ended: Promise<boolean>;
  stop(): Promise<void>;
}

/** The last version of LocalStack whose community image needs no token. */
const localstackImage = 'localstack/localstack:4.13.1';
/** MiniStack with our checks before it, in one process. */
const gate = join(root, 'localstack', 'ministack', 'gate.py');
const recordSchema = z.object({
  port: z.int(),
  pid: z.int().nullable(),
  identity: z.string().nullable(),
  /** Whether its state was made with permissions enforced: before, policies on secrets named no ARN. */
  enforced: z.boolean().default(false),
});

/** Starts the emulator, or uses the running one, and waits until it answers. */
export async function startEmulator(options: EmulatorOptions): Promise<RunningEmulator> {
  if (options.url) return await externalEmulator(options.url);
  return options.kind === 'ministack' ? await startMiniStack(options) : await startLocalStack(options);
}

/** Any emulator but MiniStack behind its gate takes this one. */
const anyAccessKeyId = 'test';
/** Nothing here checks signatures. */
const secretAccessKey = 'test';
const region = 'us-east-1';

/** Environment of a program that calls an emulator. */
export function emulatorEnvironment({ url, accessKeyId }: EmulatorAccess): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_S3: url,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
  };
}

/** Settings of an AWS SDK client that calls an emulator. */
export function emulatorClient({ url, accessKeyId }: EmulatorAccess) {
  return { endpoint: url, region, credentials: { accessKeyId, secretAccessKey } };
}

async function externalEmulator(given: string): Promise<RunningEmulator> {
  const url = given.replace(/\/+$/, '');
  const problem = await health(url);
  if (problem !== null) {
    throw new LocalCloudError(
      `AWS_ENDPOINT_URL is ${url}, but no emulator answers there (${problem}). Start it, correct the address, ` +
        'or unset AWS_ENDPOINT_URL and one is started for you.',
    );
  }
  return {
    url,
    accessKeyId: anyAccessKeyId,
    gateSecret: null,
    kind: 'external',
    logFile: null,
    ended: new Promise(() => undefined),
    stop: async () => undefined,
  };
}

async function startMiniStack(options: EmulatorOptions): Promise<RunningEmulator> {
  const python = options.python ?? (await pythonWithEmulator(options.say, options.signal));
  ownFolder(options.dir);
  const record = join(options.dir, 'emulator.json');
  const earlier = readState(record, recordSchema);
  await endLeftover(earlier?.identity ?? null);
  const port = await choosePort({
    what: 'the emulator',
    required: options.port,
    setting: 'QUOTRON_EMULATOR_PORT',
    preferred: [earlier?.port, 4566],
  });
  const folder = (name: string) => {
    const path = join(options.dir, name);
    ownFolder(path);
    return path;
  };
  // Its state names queues and APIs by an address with the port in it; with another port all of them would be wrong.
  if (earlier !== undefined && (earlier.port !== port || !earlier.enforced))
    rmSync(join(options.dir, 'state'), { recursive: true, force: true });
  // Unpacked functions of a killed run.
  rmSync(join(options.dir, 'tmp'), { recursive: true, force: true });
  const unpacked = folder('tmp');
  // It runs CommonJS from there, and the nearest package.json would be the project's with `module`.
  writeFileSync(join(unpacked, 'package.json'), '{"type":"commonjs"}\n');
  const logFile = join(options.dir, 'emulator.log');
  // 20 characters, as access key ids have.
  const accessKeyId = `QTRL${randomBytes(8).toString('hex').toUpperCase()}`;
  const gateSecret = randomBytes(24).toString('base64url');
  const child = spawnLogged(python, [gate], {
    logFile,
    cwd: root,
    env: {
      ...inherited(),
      // The key of whoever starts it may do everything, as that of an account; functions may do what their roles say.
      AUTH: 'true',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: region,
      QUOTRON_EMULATOR_KEY: accessKeyId,
      QUOTRON_GATE_SECRET: gateSecret,
      // The pinned Node first: it runs the functions. NODE_PATH is for CDK's own custom resources, which bundle no SDK.
      PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      NODE_PATH: join(root, 'node_modules'),
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      MINISTACK_HOST: '127.0.0.1',
      LAMBDA_EXECUTOR: 'local',
      ...(options.modelUrl !== undefined && { MINISTACK_BEDROCK_PROXY_URL: options.modelUrl }),
      PERSIST_STATE: '1',
      S3_PERSIST: '1',
      STATE_DIR: folder('state'),
      S3_DATA_DIR: folder('s3'),
      TMPDIR: unpacked,
      // Not in the folder above, which is deleted: unpacking the browser is half the work of a cycle.
      [settingNames.chromiumFolder]: tmpdir(),
      // Servers on fixed ports that nothing here uses, and over which two checkouts would conflict.
      SFTP_ENABLED: '0',
      IOT_MTLS_ENABLED: '0',
      // There is no Docker to search for orphans.
      DOCKER_HOST: 'unix:///nonexistent',
      LOG_LEVEL: 'WARNING',
      PYTHONUNBUFFERED: '1',
    },
  });
  endWithParent(child, 'SIGTERM', 15);
  const url = `http://127.0.0.1:${port}`;
  const identity = child.pid === undefined ? null : identityOf(child.pid);
  writeState(record, { port, pid: child.pid ?? null, identity, enforced: true });
  return await whenUp(
    { child, url, accessKeyId, gateSecret, kind: 'ministack', logFile, timeoutMs: 30_000, signal: options.signal },
    async () => {
      // SIGTERM lets it write its state; the functions' processes share its group and go with it.
      await stopChild(child, 'SIGTERM', 15_000);
      if (child.pid !== undefined) await killGroup(child.pid);
      // Only running functions need it.
      rmSync(unpacked, { recursive: true, force: true });
    },
  );
}

/**
 * The environment variables that the emulator inherits. Functions inherit them too, so a DATABASE_URL or AWS_PROFILE of
 * the shell must not be among them.
 */
function inherited(): Record<string, string> {
  const names = [
    'HOME',
    'LANG',
    'LC_ALL',
    'TZ',
    'USER',
    'LD_LIBRARY_PATH',
    'SSL_CERT_FILE',
    'NODE_EXTRA_CA_CERTS',
    'QUOTRON_TEST_RUN',
  ];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** After a kill -9 of the process that started it, the emulator and its functions may still run. */
async function endLeftover(identity: string | null): Promise<void> {
  if (identity === null) return;
  const pid = Number.parseInt(identity, 10);
  const now = identityOf(pid);
  // Someone else's process by now.
  if (now !== null && now !== identity) return;
  if (now !== null) {
    process.kill(pid, 'SIGTERM');
    await until(() => identityOf(pid) !== identity, 15_000);
  }
  await killGroup(pid);
}

/** Ends the rest of a process group, and waits until it is gone. */
async function killGroup(pid: number): Promise<void> {
  const gone = (name: NodeJS.Signals | 0) => {
    try {
      process.kill(-pid, name);
      return false;
    } catch (error) {
      if (codeOf(error) === 'ESRCH' || codeOf(error) === 'EPERM') return true;
      throw error;
    }
  };
  // Without a process that reaps orphans (a container without init), they stay as zombies: do not wait forever.
  if (!gone('SIGKILL')) await until(() => gone(0), 2_000);
}

async function startLocalStack(options: EmulatorOptions): Promise<RunningEmulator> {
  const docker = spawnSync('docker', ['info', '--format', '{{.ServerVersion}}'], { encoding: 'utf8', timeout: 20_000 });
  if (docker.status !== 0) {
    const why = docker.error === undefined ? docker.stderr.trim().split('\n').at(-1) : 'there is no docker command';
    throw new LocalCloudError(
      `LocalStack runs in Docker, and Docker does not answer (${why}). Start Docker, or leave \`--emulator localstack\` ` +
        'away: the default emulator needs none.',
    );
  }
  const record = join(options.dir, 'localstack.json');
  const earlier = readState(record, recordSchema);
  const name = `quotron-${createHash('sha256').update(options.dir).digest('hex').slice(0, 8)}`;
  spawnSync('docker', ['rm', '--force', name], { stdio: 'ignore' });
  const port = await choosePort({
    what: 'the emulator',
    required: options.port,
    setting: 'QUOTRON_EMULATOR_PORT',
    preferred: [earlier?.port, 4566],
  });
  writeState(record, { port, pid: null, identity: null, enforced: false });
  const data = join(options.dir, 'localstack');
  ownFolder(data);
  if (spawnSync('docker', ['image', 'inspect', localstackImage], { stdio: 'ignore' }).status !== 0)
    options.say(`downloading ${localstackImage}`);
  const logFile = join(options.dir, 'emulator.log');
  // The host's network: functions in containers reach the database and the simulator on 127.0.0.1, as everything does.
  const settings = {
    GATEWAY_LISTEN: `127.0.0.1:${port}`,
    LOCALSTACK_HOST: `127.0.0.1:${port}`,
    LAMBDA_DOCKER_NETWORK: 'host',
    SQS_ENDPOINT_STRATEGY: 'path',
    PERSISTENCE: '1',
    DISABLE_EVENTS: '1',
    DNS_ADDRESS: '0',
  };
  const child = spawnLogged(
    'docker',
    [
      ...['run', '--rm', '--name', name, '--network', 'host'],
      ...Object.entries(settings).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...['--volume', '/var/run/docker.sock:/var/run/docker.sock', '--volume', `${data}:/var/lib/localstack`],
      localstackImage,
    ],
    { logFile, env: process.env, cwd: root },
  );
  // Docker's client passes the signal on to the container.
  endWithParent(child, 'SIGTERM', 20);
  const url = `http://127.0.0.1:${port}`;
  return await whenUp(
    {
      child,
      url,
      accessKeyId: anyAccessKeyId,
      gateSecret: null,
      kind: 'localstack',
      logFile,
      timeoutMs: 300_000,
      signal: options.signal,
    },
    async () => {
      spawnSync('docker', ['stop', '--time', '20', name], { stdio: 'ignore' });
      await stopChild(child, 'SIGTERM', 10_000);
    },
  );
}

interface Starting extends EmulatorAccess {
  readonly child: ChildProcess;
  readonly gateSecret: string | null;
  readonly kind: EmulatorKind;
  readonly logFile: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

async function whenUp(
  { child, url, accessKeyId, gateSecret, kind, logFile, timeoutMs, signal }: Starting,
  stopIt: () => Promise<void>,
): Promise<RunningEmulator> {
  const { ended, stop, isGone } = watchEnd(child, stopIt);
  let problem: string | null = 'no answer';
  await until(async () => {
    if (isGone() || signal?.aborted) return true;
    problem = await health(url);
    return problem === null;
  }, timeoutMs);
  if (!isGone() && problem === null) return { url, accessKeyId, gateSecret, kind, logFile, ended, stop };
  await stop();
  signal?.throwIfAborted();
  const last = lastWords(logFile);
  throw new LocalCloudError(
    `The emulator (${kind}) ${isGone() ? 'ended at once' : `did not answer at ${url} within ${timeoutMs / 1000} s`}. Nothing can be ` +
      `deployed without it. Its last words: ${last || 'none'}. The whole log is in ${logFile}; \`npm run reset\` drops its state.`,
  );
}

/** Null when an emulator answers, else what is wrong. */
async function health(url: string): Promise<string | null> {
  try {
    const answer = await fetch(`${url}/_localstack/health`, { signal: AbortSignal.timeout(3_000) });
    await answer.body?.cancel();
    return answer.ok ? null : `it answers ${answer.status}`;
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return codeOf(cause) ?? messageOf(error);
  }
}
