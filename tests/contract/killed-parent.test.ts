import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it } from 'vitest';
import { endWithParent } from '../../localstack/end-with-parent.ts';
import { descendantsOf, identityOf, until } from '../../localstack/processes.ts';
import { root } from '../../localstack/state-folder.ts';
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

/** `quotron proxy` as a person starts it: from a shell, by a script that starts the Node of the project. */
async function startProxy() {
  const command = `"${process.execPath}" "${join(root, 'cli', 'quotron.mjs')}" proxy --port 0 --upstream http://127.0.0.1:1; true`;
  const shell = spawn('/bin/sh', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  children.push(shell);
  let said = '';
  shell.stdout.on('data', (part: Buffer) => {
    said += part.toString();
  });
  if (!(await until(() => said.includes('Ctrl-C'), patienceMs))) throw new Error(`The proxy said: ${said}`);
  const [script = 0, proxy = 0] = descendantsOf(shell.pid ?? 0);
  const identities = [script, proxy].map((pid) => [pid, identityOf(pid)] as const);
  expect(identities.map(([, identity]) => identity)).not.toContain(null);
  return {
    pids: { shell: shell.pid ?? 0, script, proxy },
    gone: () => identities.every(([pid, identity]) => identityOf(pid) !== identity),
  };
}

it.runIf(process.platform === 'linux').each([
  ['its shell is killed', 'SIGKILL', 'shell'],
  ['the script that started it is killed', 'SIGKILL', 'script'],
  ['its terminal is closed', 'SIGHUP', 'group'],
] as const)('a proxy ends when %s', { timeout: 180_000 }, async (_, name, whom) => {
  const { pids, gone } = await startProxy();
  process.kill(whom === 'group' ? -pids.shell : pids[whom], name);
  expect(await until(gone, patienceMs)).toBe(true);
});
