import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { localCloud } from './api.ts';
import { type Common, currentFolder, newCommand } from './command.ts';
import { outputOf } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';

const migrations = fileURLToPath(new URL('../core/adapters/postgres/migrations', import.meta.url));

/** `quotron migrate`: migrates a database to this version. */
export function migrateCommand(): Command {
  return newCommand('migrate', 'Migrate a database to this version', ['migrate'])
    .addHelpText(
      'after',
      '\nIt migrates the database at DATABASE_URL, or else the database of the local cloud. Running it again does nothing.\nOn AWS the deployment migrates.',
    )
    .action(async ({ json = false }: Common) => {
      const out = outputOf(json);
      const url = process.env['DATABASE_URL'] || localCloud(process.env, currentFolder())?.databaseUrl;
      if (!url)
        throw new CommandError(
          'There is no database to migrate. Set DATABASE_URL, or run this where `npm start` runs.',
        );
      // Imported here so that no other command loads a database driver.
      const { migrateDatabase } = await import('../functions/migrate/standalone.ts');
      const done = await migrateDatabase({}, { url }, migrations, new Date()).catch((error: unknown) => {
        throw new CommandError(
          `The database could not be migrated: ${redacted(error instanceof Error ? error.message : String(error), url)}`,
        );
      });
      out.result(done, () =>
        done.applied.length === 0 ? 'The database is up to date.' : `Applied ${done.applied.join(', ')}.`,
      );
      process.exitCode = exitCodes.ok;
    });
}

/** An error's text without the password of the database. */
function redacted(text: string, url: string): string {
  const password = URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';
  return password === '' ? text : text.replaceAll(password, '[redacted]');
}
