/** `npm run reset`: deletes the state of the local cloud. */
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { dropState } from './drop-state.ts';
import { messageOf } from './problem.ts';
import { holderOf, liveFolder, stateFolder } from './state-folder.ts';

try {
  parseArgs({ args: process.argv.slice(2), options: {} });
} catch (error) {
  console.error(`${messageOf(error)}\nUsage: npm run reset`);
  process.exit(2);
}

const folder = stateFolder();
const holder = holderOf(folder) ?? holderOf(liveFolder(folder));
if (holder !== null) {
  console.error(
    `The local cloud runs (process ${holder.pid}), so its state was not deleted. Stop it first: Ctrl-C where it runs, or kill ${holder.pid}.`,
  );
  process.exitCode = 1;
} else if (!existsSync(folder)) {
  console.log('There is no state to delete.');
} else {
  dropState(folder);
  console.log(
    `Deleted the state in ${folder}: prices, raw answers, keys and the deployment. \`npm start\` starts from scratch.`,
  );
}
