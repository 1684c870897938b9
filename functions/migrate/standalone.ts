import type { LambdaClient } from '@aws-sdk/client-lambda';
import pg from 'pg';
import { invokeFunction } from '../../core/adapters/lambda/invoke.ts';
import { addAdminKey, addSignInToken, countAdminKeys } from '../../core/adapters/postgres/access/admin-key.ts';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { prepareRoles } from '../../core/adapters/postgres/database/prepare.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { startWatchList } from '../../core/adapters/postgres/work/watch-list.ts';
import type { Installation } from '../../core/contracts/installation.ts';
import type { MigrateRequest, MigrateResponse } from '../../core/contracts/migrate.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { installedSources } from '../../core/runtime/installed-sources.ts';
import type { DatabaseSettings } from '../../core/runtime/settings.ts';
import { bootstrapKey, makeSignIn } from './bootstrap-key.ts';
import { connectMaster, onceLetIn } from './connect-master.ts';

export { BootstrapError } from './bootstrap-key.ts';

/** An admin key for a stage on AWS, with the AWS credentials of whoever runs it. Throws `BootstrapError`. */
export async function bootstrapAdminKey(
  installation: Installation,
  name: string,
  client: LambdaClient,
): ReturnType<typeof bootstrapKey> {
  return await bootstrapKey(installation, name, (functionName, request) =>
    invokeFunction(functionName, request, client),
  );
}

/** A token that signs in once to a stage on AWS, with the AWS credentials of whoever runs it. Throws `BootstrapError`. */
export async function signInToken(installation: Installation, client: LambdaClient): ReturnType<typeof makeSignIn> {
  return await makeSignIn(installation, (functionName, request) => invokeFunction(functionName, request, client));
}

/**
 * Brings the database to the schema of this version: roles first where it is asked to, then the migrations that are
 * missing, then the partitions that `now` needs, the watch list of sources that have not had one, and an admin key or a token
 * for a sign-in where it is given one.
 */
export async function migrateDatabase(
  request: MigrateRequest,
  database: DatabaseSettings,
  migrationsDirectory: string,
  now: Date,
): Promise<MigrateResponse> {
  if (request.prepare && 'host' in database) {
    const { masterUser: user, masterPassword, masterToken } = request.prepare;
    const { host, port, roots } = database;
    const master = await connectMaster(masterPassword, masterToken, async (password): Promise<pg.Client> => {
      const ssl = { rejectUnauthorized: true, ca: roots };
      const client = new pg.Client({ host, port, database: database.database, user, password, ssl });
      await client.connect();
      return client;
    });
    try {
      await prepareRoles(master, request.prepare);
    } finally {
      await master.end();
    }
  }
  const pool = createPool(database, 1, timeLimits('migrate'));
  try {
    await onceLetIn(() => pool.query('SELECT 1'));
    const applied = await migrate(pool, migrationsDirectory, now);
    const { started, count } = await startWatchList(pool, firstList(installedSources(), request.watch ?? null), now);
    const adminKeyAdded = request.adminKey !== undefined && (await addAdminKey(pool, request.adminKey, now));
    const signInAdded = request.signIn !== undefined && (await addSignInToken(pool, request.signIn.hash, now));
    const adminKeys = await countAdminKeys(pool, now);
    return { applied, watched: { started: [...started], count }, adminKeyAdded, signInAdded, adminKeys };
  } finally {
    await pool.end();
  }
}
