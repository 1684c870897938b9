import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { makeKeys, testApi } from '../support/api-fixture.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { queueLoad } from '../support/load-through-queue.ts';
import { migrationsDirectory } from '../support/postgres.ts';

/* The file system of Postgres has no room, in a mount of its own. */

const megabytes = 192;

let folder = '';
let child: ChildProcessByStdio<Writable, Readable, null> | undefined;
let pool: Pool | undefined;
afterEach(async () => {
  await pool?.end();
  if (child && child.exitCode === null) {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child.stdin.end('stop\n');
    await ended;
  }
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** How a process gets a mount of its own: root needs no user namespace, and Postgres must not be root in one. */
function namespace(): string[] | null {
  const root = process.getuid?.() === 0;
  const flags = root ? ['-m'] : ['-rm'];
  const back = root ? [] : ['unshare', '-U', '--map-user=1000'];
  const script = 'mount -t tmpfs -o "size=$1,mode=711" tmpfs "$2" && shift 2 && exec "$@"';
  const command = ['unshare', ...flags, 'sh', '-c', script, 'sh', `${megabytes}m`, folder, ...back];
  return spawnSync(command[0] ?? '', [...command.slice(1), 'true'], { stdio: 'ignore' }).status === 0 ? command : null;
}

it('a disk without room fails each write and no read, nothing half is stored, and all is read once there is room [fault 15]', {
  timeout: 180_000,
}, async (context) => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-disk-'));
  chmodSync(folder, 0o711);
  const command = process.platform === 'linux' ? namespace() : null;
  if (!command) notRunHere(context, 'a small file system needs `unshare -rm` and `mount -t tmpfs` (Linux)');
  const script = new URL('../support/small-disk-server.ts', import.meta.url).pathname;
  const started = spawn(command[0] ?? '', [...command.slice(1), process.execPath, script, folder], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child = started;
  const lines = createInterface({ input: started.stdout });
  const [, url = ''] = (await nextLine(lines)).split(' ');
  const tell = async (what: 'fill' | 'free') => {
    const answer = nextLine(lines);
    started.stdin.write(`${what}\n`);
    return Number((await answer).split(' ')[1]);
  };

  pool = createPool({ url }, 3);
  await migrate(pool, migrationsDirectory, new Date());
  const keys = await makeKeys(pool);
  const load = await queueLoad(pool, { ticks: 10, containers: 3 });
  // A row that is there already must be readable.
  const before = (await pool.query('SELECT FROM run')).rowCount;
  expect(await tell('fill')).toBeLessThan(8_192);
  expect(
    await pool
      .query('CREATE TABLE more AS SELECT repeat(md5(n::text), 50) FROM generate_series(1, 20000) n')
      .catch((error: unknown) => error),
  ).toMatchObject({ code: '53100' });
  const reading = load.read(url, 120_000);
  await expect.poll(() => load.counts.held, { timeout: 30_000 }).toBeGreaterThan(5);
  const api = testApi(pool);
  for (let read = 0; read < 50; read++) {
    expect((await api.ask('/sources', { key: keys.read })).status).toBe(200);
    expect((await pool.query('SELECT FROM run')).rowCount).toBe(before);
  }
  expect(await tell('free')).toBeGreaterThan(1_048_576);
  await reading;
  expect(load.counts.failed).toBe(0);
  await load.expectStored();
  await load.stop();
});

function nextLine(lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    lines.once('line', resolve);
    lines.once('close', () => reject(new Error('The server on the small disk ended.')));
  });
}
