import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { endWithParent } from '../../localstack/end-with-parent.ts';
import { identityOf, until } from '../../localstack/processes.ts';
import { makeStateFolder } from '../support/test-cloud.ts';

const patienceMs = 60_000;
const folder = makeStateFolder();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

async function startOwner(): Promise<{ readonly owner: ChildProcess; readonly pid: number }> {
  const file = fileURLToPath(new URL('../support/database-owner.ts', import.meta.url));
  const owner = spawn(process.execPath, [file, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(owner);
  const [said] = await once(owner.stdout, 'data');
  return { owner, pid: Number(String(said)) };
}

it('a database ends when the process that started it is killed with -9', { timeout: 180_000 }, async () => {
  const { owner, pid } = await startOwner();
  const identity = identityOf(pid);
  expect(identity).not.toBeNull();
  owner.kill('SIGKILL');
  expect(await until(() => identityOf(pid) !== identity, patienceMs)).toBe(true);
});

it('a child that ends by itself leaves no watcher behind', { timeout: 120_000 }, async () => {
  const child = spawn('/bin/sh', ['-c', 'sleep 0.2'], { detached: true, stdio: 'ignore' });
  const watcher = endWithParent(child, 'SIGTERM', 1);
  const pid = watcher?.pid ?? 0;
  const identity = identityOf(pid);
  await once(child, 'exit');
  expect(await until(() => identityOf(pid) !== identity || identity === null, patienceMs)).toBe(true);
});
