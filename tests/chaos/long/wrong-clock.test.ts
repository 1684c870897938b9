import { execFile } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { migrate } from '../../../core/adapters/postgres/database/migrate.ts';
import { createPool } from '../../../core/adapters/postgres/database/pool.ts';
import { type RunningDatabase, startDatabase } from '../../../localstack/database.ts';
import { notRunHere } from '../../support/fault-table/not-run-here.ts';
import { migrationsDirectory } from '../../support/postgres.ts';

/* The clock of the processes themselves, Postgres included, moved by libfaketime. The short form injects it. */

const run = promisify(execFile);
const worker = new URL('../../support/planning-worker.ts', import.meta.url).pathname;
const day = 86_400_000;
let folder: string;
let database: RunningDatabase | undefined;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-clock-'));
});
afterAll(async () => {
  await database?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Where a package of the distribution has it, or the one of PyPI for this user's Python. */
async function findLibrary(): Promise<string | null> {
  const [installed] = globSync('/usr/lib/{,*/}faketime/libfaketime.so.1');
  if (installed) return installed;
  const asked = await run('python3', [
    '-c',
    'import pathlib, libfaketime; print(next(pathlib.Path(libfaketime.__file__).parent.rglob("libfaketime.so.1")))',
  ]).catch(() => null);
  const found = asked?.stdout.trim();
  return found && existsSync(found) ? found : null;
}

/** Starts Postgres with its clock moved. */
async function serverAt(library: string, shift: string): Promise<RunningDatabase> {
  await database?.stop();
  const faked = shift === '' ? {} : { LD_PRELOAD: library, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  Object.assign(process.env, faked);
  try {
    database = await startDatabase({ dir: folder, persistent: true });
    return database;
  } finally {
    for (const name of Object.keys(faked)) delete process.env[name];
  }
}

const planned = z.object({ now: z.number(), clock: z.number(), runs: z.int(), aheadMs: z.number() });

async function plan(library: string, shift: string) {
  const { url } = database ?? (await serverAt(library, shift));
  const faked = shift === '' ? {} : { LD_PRELOAD: library, FAKETIME: shift, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
  const { stdout } = await run(process.execPath, [worker, url], { env: { ...process.env, ...faked } });
  return planned.parse(JSON.parse(stdout));
}

it('a clock that was three days ahead, and one that is set back an hour, stop the planner for no minute [fault 27]', {
  timeout: 300_000,
}, async (context) => {
  const library = await findLibrary();
  if (library === null) return notRunHere(context, 'no libfaketime (a package of the distribution, or of PyPI)');
  const { url } = await serverAt(library, '+3d');
  const pool = createPool({ url }, 1);
  await migrate(pool, migrationsDirectory, new Date());
  await pool.end();
  const wrong = await plan(library, '+3d');
  // The fault fires, in the process and in Postgres.
  for (const at of [wrong.now, wrong.clock]) expect(Math.abs(at - Date.now() - 3 * day)).toBeLessThan(120_000);
  expect(wrong.runs).toBe(1);

  await serverAt(library, '');
  const right = await plan(library, '');
  expect(Math.abs(right.clock - Date.now())).toBeLessThan(120_000);
  expect(right.runs).toBe(1);
  expect(Math.abs(right.aheadMs - 3 * day)).toBeLessThan(300_000);
  // A tick of a process whose clock alone is ahead is refused, and nothing comes of it.
  await expect(plan(library, '+1d')).rejects.toThrow(/TickAheadError/);

  await serverAt(library, '-1h');
  const before = await plan(library, '-1h');
  expect(Math.abs(before.clock - Date.now() + 3_600_000)).toBeLessThan(120_000);
  expect(before.runs).toBe(1);
});
