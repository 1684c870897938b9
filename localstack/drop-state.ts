import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refugeFor } from './database-home.ts';
import { root } from './state-folder.ts';

/** What a local cloud keeps in its folder. Only these go: the folder may be any that the user named. */
const parts = [
  ...['emulator', 'postgres', 'deploy'],
  ...['local.json', 'lock', 'upstreams-port.json', 'dashboard-port.json'],
];

/** Removes the state of a local cloud that does not run. The emulator's program, which is a download, stays. */
export function dropState(folder: string): void {
  const database = join(folder, 'postgres');
  if (existsSync(database)) rmSync(refugeFor(realpathSync(database)), { recursive: true, force: true });
  for (const part of parts) rmSync(join(folder, part), { recursive: true, force: true });
  if (folder !== join(root, '.quotron') && existsSync(folder) && readdirSync(folder).length === 0)
    rmSync(folder, { recursive: true });
}
