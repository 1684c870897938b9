/** Genuine LocalStack without Docker, from `tests/cloud/localstack`: installed once into `.quotron`, run for one test. */
import { type ChildProcess, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { endWithParent } from '../../localstack/end-with-parent.ts';
import { choosePort } from '../../localstack/ports.ts';
import { LocalCloudError } from '../../localstack/problem.ts';
import {
  descendantsOf,
  isAlive,
  lastWords,
  signal,
  spawnLogged,
  stopChild,
  until,
} from '../../localstack/processes.ts';
import { root } from '../../localstack/state-folder.ts';

const here = join(import.meta.dirname, 'localstack');
const folder = join(root, '.quotron', 'localstack');
/** Clients of the SDK that CDK's own functions find in Lambda's runtime, and the checkout has no use for. */
const sdk = join(folder, 'lambda-sdk');
/** LocalStack 4.13 runs on these. */
const pythons = ['python3.11', 'python3.12', 'python3.13'];

export interface RunningLocalStack {
  readonly url: string;
  stop(): Promise<void>;
}

/** Its Python, with all packages. Throws with what to do where it cannot be installed. */
export function installLocalStack(say: (line: string) => void): string {
  const python = join(folder, 'venv', 'bin', 'python');
  const stamp = join(folder, 'installed');
  const wanted = hashOf(['requirements.txt', 'lambda-sdk/package-lock.json', ...plugin]);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  const found = pythons.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined)
    throw new LocalCloudError(
      `LocalStack cannot be installed: it needs one of ${pythons.join(', ')}, and none is here. Nothing was deployed. ` +
        'Install one, or leave this test to a machine that has one: `npm test` needs none of it.',
    );
  say(`installs LocalStack for ${found}, half a gigabyte, once`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Building the plugin writes into its folder.
  for (const part of ['plugin', 'lambda-sdk']) cpSync(join(here, part), join(folder, part), { recursive: true });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
  for (const [command, args] of [
    [found, ['-m', 'venv', join(folder, 'venv')]],
    [python, [...pip, '--require-hashes', '-r', join(here, 'requirements.txt')]],
    [python, [...pip, join(folder, 'plugin')]],
    ['npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', sdk]],
  ] as const) {
    const done = spawnSync(command, args, { encoding: 'utf8' });
    if (done.status === 0) continue;
    const last = `${done.stdout}${done.stderr}`.trim().split('\n').slice(-4).join(' | ');
    throw new LocalCloudError(
      `LocalStack cannot be installed (${command} ${args.join(' ')}). Nothing was deployed. Check the network, or the index in ` +
        `pip.conf and .npmrc, and the disk: it takes half a gigabyte. Last words: ${last || 'none'}`,
    );
  }
  writeFileSync(stamp, wanted);
  return python;
}

const plugin = [
  'pyproject.toml',
  ...[
    '__init__.py',
    '__main__.py',
    'bootstrap.mjs',
    'bootstrap.py',
    'custom_resource.py',
    'executor.py',
    'plugin.py',
  ].map((name) => join('ls_local', name)),
].map((name) => join('plugin', name));

function hashOf(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(join(here, file)));
  return hash.digest('hex');
}

/** Starts it with an empty state and waits until it answers. */
export async function startLocalStack(python: string, home: string): Promise<RunningLocalStack> {
  const port = await choosePort({ what: 'LocalStack', required: undefined, setting: '', preferred: [4570] });
  const address = `127.0.0.1:${port}`;
  const logFile = join(home, 'localstack.log');
  mkdirSync(join(home, 'home'));
  const child = spawnLogged(python, ['-m', 'ls_local'], {
    logFile,
    cwd: home,
    env: {
      PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: join(home, 'home'),
      TMPDIR: home,
      FILESYSTEM_ROOT: join(home, 'files'),
      GATEWAY_LISTEN: address,
      LOCALSTACK_HOST: address,
      // Nothing is told to anybody, nothing is downloaded.
      DISABLE_EVENTS: '1',
      SKIP_SSL_CERT_DOWNLOAD: '1',
      DNS_ADDRESS: '0',
      API_ENDPOINT: 'http://127.0.0.1:1',
      LAMBDA_RUNTIME_EXECUTOR: 'local',
      SQS_ENDPOINT_STRATEGY: 'path',
      CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES: '1',
      LOCAL_LAMBDA_NODE_PATH: [join(root, 'node_modules'), join(sdk, 'node_modules')].join(delimiter),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_REGION: 'us-east-1',
    },
  });
  endWithParent(child, 'SIGTERM', 15);
  const url = `http://${address}`;
  const up = await until(async () => child.exitCode !== null || (await answers(url)), 120_000, 250);
  if (up && child.exitCode === null) return { url, stop: () => stop(child) };
  await stop(child);
  throw new LocalCloudError(
    `LocalStack did not start. Nothing was deployed. Its last words: ${lastWords(logFile) || 'none'}`,
  );
}

async function answers(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/_localstack/health`, { signal: AbortSignal.timeout(3_000) });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

/** With its functions, which have process groups of their own. */
async function stop(child: ChildProcess): Promise<void> {
  const functions = child.pid === undefined ? [] : descendantsOf(child.pid);
  await stopChild(child, 'SIGTERM', 15_000);
  for (const pid of functions) signal(pid, 'SIGKILL');
  await until(() => !functions.some(isAlive), 5_000);
}
