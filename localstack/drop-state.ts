import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { refugeFor } from './database-home.ts';
import { liveFolder, otherFolders, root } from './state-folder.ts';

/** The entries of a local cloud in its folder. Only these are deleted, because the user may have chosen any folder. */
const parts = [
  ...['emulator', 'postgres', 'deploy'],
  ...['local.json', 'lock', 'simulated.json', 'upstreams-port.json', 'dashboard-port.json'],
  ...['database.json', 'database-roles.json', 'databases'],
];

/**
 * Deletes the state of a stopped local cloud, that of the real services and of other databases too. The downloaded emulator
 * stays, and so does every database that was not started here.
 */
export function dropState(folder: string): void {
  if (existsSync(liveFolder(folder))) dropState(liveFolder(folder));
  for (const other of otherFolders(folder)) dropState(other);
  const database = join(folder, 'postgres');
  if (existsSync(database)) rmSync(refugeFor(realpathSync(database)), { recursive: true, force: true });
  for (const part of parts) rmSync(join(folder, part), { recursive: true, force: true });
  if (folder !== join(root, '.quotron') && existsSync(folder) && readdirSync(folder).length === 0)
    rmSync(folder, { recursive: true });
}
