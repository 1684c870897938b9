import { type SpawnOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findPython } from '../../localstack/python.ts';
import { root } from '../../localstack/state-folder.ts';

/** Fills a folder, which is moved to its place afterwards. */
type Install = (half: string, place: string) => Promise<void>;

const usualTimeoutMs = 170_000;

const underWay = new Map<string, Promise<string>>();

/** The folder of a version, filled by `install` the first time, once for all who want it at the same time. */
export function installed(name: string, version: string, install: Install): Promise<string> {
  const id = createHash('sha256').update(version).digest('hex').slice(0, 12);
  const folder = join(root, '.quotron', 'clients', `${name}-${id}`);
  const filled = underWay.get(folder) ?? fill(folder, install).finally(() => underWay.delete(folder));
  underWay.set(folder, filled);
  return filled;
}

/** Aside and moved, so that no half of one is used. */
async function fill(folder: string, install: Install): Promise<string> {
  if (existsSync(join(folder, '.installed'))) return folder;
  const half = `${folder}.${process.pid}`;
  mkdirSync(join(root, '.quotron', 'clients'), { recursive: true });
  try {
    await install(half, folder);
    mkdirSync(join(half, '.installed'));
    // Another process may have been quicker, and uses it by now.
    if (existsSync(join(folder, '.installed'))) return folder;
    rmSync(folder, { recursive: true, force: true });
    renameSync(half, folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return folder;
}

/** A virtual environment of Python with the packages of some requirements files, each by its hash. Gives its folder. */
export function installedPython(
  name: string,
  requirements: readonly string[],
  problem: string,
  timeoutMs = usualTimeoutMs,
): Promise<string> {
  const versions = requirements.map((file) => readFileSync(file, 'utf8')).join('\n');
  return installed(name, versions, async (half, place) => {
    await run(findPython().command, ['-m', 'venv', half], 'a virtual environment for the tests could not be made');
    await run(
      join(half, 'bin', 'python'),
      // Python compiles what it imports, a small part of pandas, when it does.
      [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', '--require-hashes'],
        ...requirements.flatMap((file) => ['--requirement', file]),
      ],
      `${problem} could not be installed from PyPI, so nothing can be tried with them. Check the network or the index in pip.conf`,
      { timeoutMs },
    );
    // Programs of packages begin with the path of their Python.
    for (const program of readdirSync(join(half, 'bin'))) {
      const file = join(half, 'bin', program);
      const text = lstatSync(file).isFile() ? readFileSync(file, 'latin1') : '';
      if (text.startsWith(`#!${half}/`)) writeFileSync(file, text.replace(half, place), 'latin1');
    }
  });
}

/**
 * A package of npm with its version, as it comes: without its scripts. `more` completes its folder. Gives the folder of its
 * packages.
 */
export async function installedFromNpm(
  name: string,
  wanted: string,
  problem: string,
  more?: (packages: string) => Promise<unknown>,
): Promise<string> {
  const folder = await installed(name, wanted, async (half) => {
    mkdirSync(half, { recursive: true });
    await run(
      process.platform === 'win32' ? 'npm.cmd' : 'npm',
      [
        ...[
          'install',
          '--prefix',
          half,
          '--no-save',
          '--ignore-scripts',
          '--no-audit',
          '--no-fund',
          '--loglevel=error',
        ],
        wanted,
      ],
      problem,
    );
    await more?.(join(half, 'node_modules'));
  });
  return join(folder, 'node_modules');
}

/** Gives what a command says on stdout. Throws with its last words when it fails. */
export function run(
  command: string,
  args: readonly string[],
  problem: string,
  { timeoutMs = usualTimeoutMs, ...options }: { readonly timeoutMs?: number } & Pick<SpawnOptions, 'cwd' | 'env'> = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const said = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      said.out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      said.err += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(said.out);
      else reject(new Error(`${problem} (exit code ${code}): ${(said.err || said.out).trim().slice(-1_500)}`));
    });
  });
}
