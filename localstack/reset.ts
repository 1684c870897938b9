/** `npm run reset`: drops the state of the local cloud. The emulator's program stays, so that it is not downloaded again. */
import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { refugeFor } from './database-home.ts';
import { messageOf } from './problem.ts';
import { holderOf, root, stateFolder } from './state-folder.ts';

/** What a local cloud keeps in its folder. Only these go: the folder may be any that the user named. */
const parts = ['emulator', 'postgres', 'deploy', 'local.json', 'lock', 'upstreams-port.json', 'dashboard-port.json'];

try {
  parseArgs({ args: process.argv.slice(2), options: {} });
} catch (error) {
  console.error(`${messageOf(error)}\nUsage: npm run reset`);
  process.exit(2);
}

const folder = stateFolder();
const holder = holderOf(folder);
if (holder !== null) {
  console.error(
    `The local cloud runs (process ${holder.pid}), so its state was not dropped. Stop it first: Ctrl-C where it runs, or kill ${holder.pid}.`,
  );
  process.exitCode = 1;
} else if (!existsSync(folder)) {
  console.log('There is no state to drop.');
} else {
  const database = join(folder, 'postgres');
  if (existsSync(database)) rmSync(refugeFor(realpathSync(database)), { recursive: true, force: true });
  for (const part of parts) rmSync(join(folder, part), { recursive: true, force: true });
  if (folder !== join(root, '.quotron') && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
  console.log(
    `Dropped the state in ${folder}: prices, raw answers, keys and the deployment. \`npm start\` begins anew.`,
  );
}
