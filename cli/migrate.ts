import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { localCloud } from './api.ts';
import { type Common, currentFolder, newCommand } from './command.ts';
import { outputOf } from './output.ts';
import { CommandError, exitCodes } from './problems.ts';

const migrations = fileURLToPath(new URL('../core/adapters/postgres/migrations', import.meta.url));

/** `quotron migrate`: brings a database to the tables of this version. */
export function migrateCommand(): Command {
  return newCommand('migrate', 'Bring a database to the tables of this version', ['migrate'])
    .addHelpText(
      'after',
      '\nThe database is that of DATABASE_URL, or of the local cloud that runs here. Doing it again does nothing.\nOn AWS the deployment does it.',
    )
    .action(async ({ json = false }: Common) => {
      const out = outputOf(json);
      const url = process.env['DATABASE_URL'] || localCloud(process.env, currentFolder())?.databaseUrl;
      if (!url)
        throw new CommandError('No database is known here. Set DATABASE_URL, or run this where `npm start` runs.');
      // Here and not above, so that no other command loads a database driver.
      const { migrateDatabase } = await import('../functions/migrate/migrate-database.ts');
      const done = await migrateDatabase({}, { url }, migrations, new Date()).catch((error: unknown) => {
        throw new CommandError(
          `The database could not be brought up to date: ${hidden(error instanceof Error ? error.message : String(error), url)}`,
        );
      });
      out.result(done, () =>
        done.applied.length === 0 ? 'The database is up to date.' : `Applied ${done.applied.join(', ')}.`,
      );
      process.exitCode = exitCodes.ok;
    });
}

/** An error's text without the password of the database. */
function hidden(text: string, url: string): string {
  const password = URL.canParse(url) ? decodeURIComponent(new URL(url).password) : '';
  return password === '' ? text : text.replaceAll(password, '[redacted]');
}
