import { fileURLToPath } from 'node:url';
import { migrateRequestSchema } from '../../core/contracts/migrate.ts';
import { observed } from '../../core/runtime/observe.ts';
import { databaseSettings } from '../../core/runtime/settings.ts';
import { migrateDatabase } from './standalone.ts';

/** The SQL files are beside the bundle. */
const migrationsDirectory = fileURLToPath(new URL('./migrations', import.meta.url));

/** Invoked by the deployment, before the code that needs the new schema. Answers with the applied migrations. */
export const handler = observed((event: unknown) =>
  migrateDatabase(migrateRequestSchema.parse(event ?? {}), databaseSettings(), migrationsDirectory, new Date()),
);
