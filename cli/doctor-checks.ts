import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { availableParallelism, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import { isFree } from '../localstack/ports.ts';
import { messageOf } from '../localstack/problem.ts';
import { findPython } from '../localstack/python.ts';
import { portNames, portVariable, readSettings } from '../localstack/settings.ts';
import { holderIn, root, stateFolder } from '../localstack/state-folder.ts';
import type { LocalCloud } from './api.ts';

/** What a look at something came to. `none`: there is nothing to look at. */
export interface Finding {
  readonly state: 'ok' | 'warn' | 'fail' | 'none';
  readonly found: string;
  /** What to do about it. */
  readonly todo: string | null;
}

export interface Check extends Finding {
  readonly id: string;
  readonly title: string;
}

interface ToCheck {
  readonly id: string;
  readonly title: string;
  readonly look: () => Finding | Promise<Finding>;
}

const ok = (found: string): Finding => ({ state: 'ok', found, todo: null });
const warn = (found: string, todo: string): Finding => ({ state: 'warn', found, todo });
const fail = (found: string, todo: string): Finding => ({ state: 'fail', found, todo });
const none = (found: string): Finding => ({ state: 'none', found, todo: null });

const gigabyte = 1024 ** 3;
const patienceMs = 10_000;

/** All checks in their order. They change nothing. */
export function everyCheck(env: NodeJS.ProcessEnv, local: LocalCloud | undefined): readonly ToCheck[] {
  const folder = stateFolder(env);
  const running = holderIn(folder) !== null;
  const { url, key } = installation(env, local);
  return [
    { id: 'node', title: 'Node', look: node },
    { id: 'python', title: 'Python', look: () => python(env) },
    { id: 'settings', title: 'settings', look: () => settings(env) },
    { id: 'state', title: 'state folder', look: () => state(folder) },
    { id: 'disk', title: 'disk', look: () => disk(folder) },
    { id: 'memory', title: 'memory', look: memory },
    { id: 'ports', title: 'ports', look: () => ports(env, running) },
    { id: 'emulator', title: 'emulator', look: () => emulator(local, running) },
    { id: 'database', title: 'database', look: () => database(local, running) },
    { id: 'api', title: 'API', look: () => api(url) },
    { id: 'keys', title: 'API key', look: () => keys(url, key) },
    { id: 'internet', title: 'internet', look: internet },
  ];
}

function installation(env: NodeJS.ProcessEnv, local: LocalCloud | undefined) {
  const given = env['QUOTRON_URL']?.replace(/\/+$/, '');
  if (given && URL.canParse(given))
    return { url: given.endsWith('/api/v1') ? given : `${given}/api/v1`, key: env['QUOTRON_API_KEY'] };
  return { url: local?.apiUrl, key: local?.apiKeys.admin };
}

function node(): Finding {
  const pinned = join(root, 'node_modules', '.bin', 'node');
  const found = `${process.version} on ${process.platform}-${process.arch}`;
  return existsSync(pinned) ? ok(found) : fail(`${found}; no packages`, 'Run npm ci in the checkout.');
}

function python(env: NodeJS.ProcessEnv): Finding {
  if (env['AWS_ENDPOINT_URL']) return none('not needed: AWS_ENDPOINT_URL names an emulator');
  try {
    const { command, version } = findPython();
    const isMade = existsSync(join(root, '.quotron', 'venv', 'bin', 'python'));
    return ok(`${command} ${version}, ${isMade ? 'the emulator is installed' : 'npm start installs the emulator'}`);
  } catch (error) {
    return fail('none that can run the emulator', messageOf(error));
  }
}

function settings(env: NodeJS.ProcessEnv): Finding {
  try {
    readSettings(env);
    return ok('valid');
  } catch (error) {
    return fail('one is not valid', messageOf(error));
  }
}

function state(folder: string): Finding {
  const holder = holderIn(folder);
  const at = holder === null ? folder : `${folder}, in use by process ${holder.pid}`;
  const place = existsSync(folder) ? folder : join(folder, '..');
  try {
    accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch {
    const owner = existsSync(place) ? ` (it belongs to user ${statSync(place).uid})` : '';
    return fail(
      `${place} cannot be written${owner}`,
      'Start it as the user whom the folder belongs to, or set QUOTRON_STATE_DIR to a folder of your own.',
    );
  }
  return ok(existsSync(folder) ? at : `${folder} will be made`);
}

function disk(folder: string): Finding {
  const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : root);
  const free = (bavail * bsize) / gigabyte;
  const found = `${free.toFixed(1)} GB free`;
  const todo =
    'Make room: packages, emulator and data take some 2 GB. `npm run reset` drops the data of the local cloud.';
  if (free < 0.5) return fail(found, todo);
  return free < 2 ? warn(found, todo) : ok(found);
}

function memory(): Finding {
  const free = Math.max(process.availableMemory(), freemem()) / gigabyte;
  const found = `${free.toFixed(1)} of ${(totalmem() / gigabyte).toFixed(1)} GB free, ${availableParallelism()} processors`;
  const todo = 'A local cloud needs some 2 GB: close other programs, or give the container more.';
  if (free < 0.5) return fail(found, todo);
  return free < 1.5 ? warn(found, todo) : ok(found);
}

async function ports(env: NodeJS.ProcessEnv, running: boolean): Promise<Finding> {
  if (running) return none('in use by the local cloud that runs here');
  const taken: string[] = [];
  let fixed: ReturnType<typeof readSettings>['ports'];
  try {
    fixed = readSettings(env).ports;
  } catch {
    return none('a setting is not valid');
  }
  for (const name of portNames) {
    const port = fixed[name];
    if (port !== undefined && !(await isFree(port))) taken.push(`${portVariable(name)}=${port}`);
  }
  return taken.length === 0
    ? ok('those that are fixed are free; others are chosen')
    : fail(
        `taken: ${taken.join(', ')}`,
        'Stop the program that listens there, choose another port, or unset the variable.',
      );
}

const notRunning = 'no local cloud runs here';

async function emulator(local: LocalCloud | undefined, running: boolean): Promise<Finding> {
  if (!running || local?.emulatorUrl === undefined) return none(notRunning);
  const status = await statusOf(`${local.emulatorUrl}/_localstack/health`);
  return status === 200
    ? ok(local.emulatorUrl)
    : fail(
        `${local.emulatorUrl}: ${inWords(status)}`,
        'Start it again: Ctrl-C, npm start. Its log is emulator/emulator.log of the state folder.',
      );
}

async function database(local: LocalCloud | undefined, running: boolean): Promise<Finding> {
  const url = local?.databaseUrl;
  if (!running || url === undefined || !URL.canParse(url)) return none(notRunning);
  const { hostname, port } = new URL(url);
  const place = `${hostname}:${port || 5432}`;
  return (await connects(hostname, Number(port || 5432)))
    ? ok(`PostgreSQL at ${place}`)
    : fail(
        `nothing listens at ${place}`,
        local?.databaseGiven
          ? 'Start it, or correct DB_HOST and DB_PORT: it is a server of your own, which npm start uses.'
          : 'Start it again: Ctrl-C, npm start. Its log is in the folder postgres of the state folder.',
      );
}

async function api(url: string | undefined): Promise<Finding> {
  if (url === undefined) return none('no installation is known: npm start, or QUOTRON_URL');
  const status = await statusOf(`${url}/readyz`);
  if (status === 200) return ok(url);
  if (status === 503)
    return fail(`${url} is not ready`, 'The API answers, and its database does not: look at `quotron logs api`.');
  return fail(`${url}: ${inWords(status)}`, 'Is it running there (npm start)? Is QUOTRON_URL right?');
}

async function keys(url: string | undefined, key: string | undefined): Promise<Finding> {
  if (url === undefined) return none('no installation is known');
  if (!key) return fail('none', 'Set QUOTRON_API_KEY to a key of the installation at QUOTRON_URL.');
  const status = await statusOf(`${url}/session`, { 'x-api-key': key });
  if (status === 200) return ok('it is valid');
  if (status === 401)
    return fail('it is refused', 'The key is revoked, expired or of another installation: make another one.');
  return warn(`not known: ${inWords(status)}`, 'Put the API right first.');
}

async function internet(): Promise<Finding> {
  const status = await statusOf('https://registry.npmjs.org/-/ping');
  if (status !== null && status < 500) return ok('the package registry answers');
  return warn(
    `the package registry: ${inWords(status)}`,
    'Installing packages and `npm start -- --live` need it; simulated sources do not. Behind a proxy, set HTTPS_PROXY.',
  );
}

function inWords(status: number | null): string {
  return status === null ? 'no answer' : `HTTP ${status}`;
}

/** The status of an answer; `null` where there is none. */
async function statusOf(url: string, headers: Record<string, string> = {}): Promise<number | null> {
  try {
    const answer = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(patienceMs) });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return null;
  }
}

function connects(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: patienceMs });
    const settle = (connected: boolean) => {
      socket.destroy();
      resolve(connected);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
  });
}
