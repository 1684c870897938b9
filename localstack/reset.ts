/**
 * `npm run reset`: deletes the state of the local cloud. Of a database that was not started here (`DB_HOST` and the like) it
 * empties schema `quotron`, and only after a yes: at the keyboard, or as `-- --empty-schema`.
 */
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { addressOf, type DatabaseLogin, readLogin } from './database-login.ts';
import { dropState } from './drop-state.ts';
import { emptyGivenDatabase } from './given-database.ts';
import { LocalCloudError, messageOf } from './problem.ts';
import { holderIn, stateFolder } from './state-folder.ts';

/** Whether `--empty-schema` was given; ends the process for anything else. */
function parse(): boolean {
  try {
    return (
      parseArgs({ args: process.argv.slice(2), options: { 'empty-schema': { type: 'boolean' } } }).values[
        'empty-schema'
      ] ?? false
    );
  } catch (error) {
    console.error(`${messageOf(error)}\nUsage: npm run reset [-- --empty-schema]`);
    process.exit(2);
  }
}

/** Empties the schema of a given database after a yes. */
async function resetGiven(login: DatabaseLogin, sure: boolean): Promise<void> {
  const what = `schema quotron of database ${login.database} at ${addressOf(login)}`;
  if (!sure && !(await confirmed(what, login.database))) {
    console.log(`Nothing was deleted in ${what}. To empty it too: npm run reset -- --empty-schema`);
    return;
  }
  const kept = await emptyGivenDatabase(login);
  if (kept === null) {
    console.log(`There is nothing of Quotron's in database ${login.database} at ${addressOf(login)}.`);
    return;
  }
  console.log(`Emptied ${what}. Nothing else in that database was touched.`);
  if (kept.length > 0)
    console.log(
      `Role ${login.user} could not drop the roles ${kept.join(', ')}: they stay, without rights to any table.`,
    );
}

/** Asks at the keyboard; without one, no is the answer. */
async function confirmed(what: string, database: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return false;
  const keyboard = createInterface({ input: process.stdin, output: process.stdout });
  try {
    const answer = await keyboard.question(
      `Empty ${what}? All prices in it are gone then. Type the name of the database to say yes: `,
    );
    return answer.trim() === database;
  } finally {
    keyboard.close();
  }
}

const emptySchema = parse();
const folder = stateFolder();
const holder = holderIn(folder);
try {
  const login = readLogin(process.env);
  if (emptySchema && login === undefined)
    throw new LocalCloudError(
      '--empty-schema is for a database named by DB_HOST, DB_NAME and DB_USER, and they are not set.',
    );
  if (holder !== null)
    throw new LocalCloudError(
      `The local cloud runs (process ${holder.pid}), so its state was not deleted. Stop it first: Ctrl-C where it runs, or kill ${holder.pid}.`,
    );
  if (login !== undefined) await resetGiven(login, emptySchema);
  if (!existsSync(folder)) {
    console.log('There is no state to delete.');
  } else {
    dropState(folder);
    console.log(
      `Deleted the state in ${folder}: prices, raw answers, keys and the deployment. \`npm start\` starts from scratch.`,
    );
  }
} catch (error) {
  if (!(error instanceof LocalCloudError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
