/**
 * Programs that the tests compare with, from their registries: the real clients of Yahoo Finance, and the package that
 * knows the exchanges' calendars. Each in a folder of `.quotron/clients` that is named after its versions and used again
 * by the next run. `npm test` installs them before the tests begin.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { findPython } from '../../localstack/python.ts';
import { root } from '../../localstack/state-folder.ts';

const here = import.meta.dirname;
/** Both stand on pandas: one environment has it once. */
const requirements = [join(here, 'requirements.txt'), join(root, 'core/market/calendars/requirements.txt')];
const yahooFinance2 = 'yahoo-finance2@4.0.2';

const bars = z.array(z.object({ date: z.string(), close: z.number().nullable(), volume: z.number().nullable() }));

/** What `yfinance_client.py` prints. */
const yfinanceSchema = z.object({
  price: z.number(),
  currency: z.string(),
  name: z.string(),
  sector: z.string().nullable(),
  lastPrice: z.number(),
  history: bars,
});

/** What `yahoo-finance2-client.mjs` prints. */
const yahooFinance2Schema = z.object({
  price: z.number(),
  currency: z.string(),
  symbols: z.array(z.string()),
  summaryPrice: z.number(),
  found: z.array(z.string()),
  history: bars,
});

/** A Python of its own with yfinance and exchange_calendars (PyPI). Gives its path. */
export async function installPython(): Promise<string> {
  const versions = requirements.map((file) => readFileSync(file, 'utf8')).join('\n');
  const folder = await installed('python', versions, async (half) => {
    await run(findPython().command, ['-m', 'venv', half], 'a virtual environment for the tests could not be made');
    await run(
      join(half, 'bin', 'python'),
      // Python compiles what it imports, a small part of pandas, when it does.
      [
        ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', '--require-hashes'],
        ...requirements.flatMap((file) => ['--requirement', file]),
      ],
      'yfinance and exchange_calendars could not be installed from PyPI, so nothing can be tried with them. Check the network or the index in pip.conf',
    );
  });
  return join(folder, 'bin', 'python');
}

/** yfinance (PyPI), installed. `base` is what stands in place of Yahoo's hosts, with the key in its path. */
export async function installYfinance() {
  const python = await installPython();
  return async (base: string, symbol: string) => {
    // Its cookies and time zones: a client of its own each time.
    const cache = mkdtempSync(join(tmpdir(), 'quotron-yfinance-'));
    try {
      const said = await run(
        python,
        ['-W', 'ignore', join(here, 'yfinance_client.py'), base, cache, symbol],
        'yfinance failed',
      );
      return yfinanceSchema.parse(JSON.parse(said));
    } finally {
      rmSync(cache, { recursive: true, force: true });
    }
  };
}

/** yahoo-finance2 (npm), installed. */
export async function installYahooFinance2() {
  const folder = await installed('yahoo-finance2', yahooFinance2, async (half) => {
    mkdirSync(half, { recursive: true });
    await run(
      process.platform === 'win32' ? 'npm.cmd' : 'npm',
      [
        'install',
        '--prefix',
        half,
        '--no-save',
        '--ignore-scripts',
        '--no-audit',
        '--no-fund',
        '--loglevel=error',
        yahooFinance2,
      ],
      'yahoo-finance2 could not be installed from npm, so it cannot be tried through the proxy. Check the network or the registry',
    );
  });
  const module = join(folder, 'node_modules', 'yahoo-finance2', 'esm', 'src', 'index.js');
  return async (base: string, key: string, symbol: string) => {
    const said = await run(
      process.execPath,
      [join(here, 'yahoo-finance2-client.mjs'), module, base, key, symbol],
      'yahoo-finance2 failed',
    );
    return yahooFinance2Schema.parse(JSON.parse(said));
  };
}

/** The folder of a version, filled by `install` the first time. Filled aside and moved, so that no half of one is used. */
async function installed(name: string, version: string, install: (folder: string) => Promise<void>): Promise<string> {
  const id = createHash('sha256').update(version).digest('hex').slice(0, 12);
  const folder = join(root, '.quotron', 'clients', `${name}-${id}`);
  if (existsSync(join(folder, '.installed'))) return folder;
  const half = `${folder}.${process.pid}`;
  mkdirSync(join(root, '.quotron', 'clients'), { recursive: true });
  try {
    await install(half);
    mkdirSync(join(half, '.installed'));
    rmSync(folder, { recursive: true, force: true });
    renameSync(half, folder);
  } finally {
    rmSync(half, { recursive: true, force: true });
  }
  return folder;
}

/** Gives what a command says on stdout. Throws with its last words when it fails. */
function run(command: string, args: readonly string[], problem: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 170_000, killSignal: 'SIGKILL' });
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
