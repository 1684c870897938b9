import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrate } from '../../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { type RunningDatabase, startDatabase } from '../../../localstack/database.ts';
import { migrationsDirectory } from '../postgres.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { readSchema } from './schema.ts';

/** What ends a migration: the server stops at once, its backend is ended, or its process is gone (a reset is all the server sees of that). */
const endings = ['server', 'backend', 'migrator'] as const;
type Ending = (typeof endings)[number];

export interface Round {
  readonly ending: Ending;
  /** Migrations that the broken try left behind. */
  readonly applied: number;
  /** Whether the try was still under way when it was broken. */
  readonly broken: boolean;
}

const files = readdirSync(migrationsDirectory).toSorted();

/**
 * Migrates an empty database, breaks that at a moment that `random` chooses, requires the schema after a whole number of
 * migrations, and migrates again to the end. As often as is asked for; with the same `random` the same.
 */
export async function migrationRounds(rounds: number, random: () => number): Promise<Round[]> {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-migrations-'));
  const dir = join(folder, 'postgres');
  let server: RunningDatabase = await startDatabase({ dir, persistent: true, fsync: false });
  try {
    const expected = await schemasBySteps(server, folder);
    const started = performance.now();
    await withDatabase(server, 'timed', (pool) => migrate(pool, migrationsDirectory, new Date()));
    const usual = performance.now() - started;
    const done: Round[] = [];
    for (let round = 0; round < rounds; round++) {
      const ending = endings[round % endings.length] ?? 'server';
      const name = `round_${round}`;
      const url = await createDatabase(server, name);
      const proxy = await startTcpProxy(server.url);
      const pool = createPool({ url: proxy.through(url) }, 1);
      const migrating = migrate(pool, migrationsDirectory, new Date()).then(
        () => null,
        (error: unknown) => error,
      );
      await new Promise((resolve) => setTimeout(resolve, usual * random() * 0.9));
      if (ending === 'migrator') proxy.reset();
      else if (ending === 'backend') await terminate(server, name);
      else {
        // Immediate shutdown: no session is waited for, nothing is flushed.
        process.kill(server.pid, 'SIGQUIT');
        await server.ended;
        server = await startDatabase({ dir, persistent: true, fsync: false, port: server.port });
      }
      const broken = (await migrating) !== null;
      await pool.end();
      await proxy.close();
      const applied = await requireWholeSteps(url, expected, name);
      const again = createPool({ url }, 1);
      await migrate(again, migrationsDirectory, new Date());
      await again.end();
      const after = await requireWholeSteps(url, expected, name);
      if (after !== files.length)
        throw new Error(`${name}: the next try applied ${after} of ${files.length} migrations`);
      done.push({ ending, applied, broken });
    }
    return done;
  } finally {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The schema after each number of migrations, as a text to compare. */
async function schemasBySteps(server: RunningDatabase, folder: string): Promise<string[]> {
  const some = join(folder, 'some');
  return withDatabase(server, 'steps', async (pool) => {
    const schemas = [await schemaText(pool)];
    for (const file of files) {
      cpSync(join(migrationsDirectory, file), join(some, file));
      await migrate(pool, some, new Date()).catch((error: unknown) => {
        // The first migrations do not have the function that `migrate` calls at the end.
        if (!(error instanceof Error)) throw error;
      });
      schemas.push(await schemaText(pool));
    }
    return schemas;
  });
}

/** Gives how many migrations are applied; throws when the schema is not that of so many. */
async function requireWholeSteps(url: string, expected: readonly string[], name: string): Promise<number> {
  const pool = createPool({ url }, 1);
  try {
    const { rows } = await pool.query<{ exists: boolean }>("SELECT to_regclass('migration') IS NOT NULL AS exists");
    const listed = rows[0]?.exists
      ? await pool.query<{ name: string }>('SELECT name FROM migration ORDER BY id')
      : null;
    const applied = listed?.rowCount ?? 0;
    if ((await schemaText(pool)) !== expected[applied])
      throw new Error(`${name}: ${applied} migrations are listed, and the schema is not theirs`);
    return applied;
  } finally {
    await pool.end();
  }
}

async function schemaText(pool: Pool): Promise<string> {
  return createHash('sha256')
    .update(JSON.stringify(await readSchema(pool)))
    .digest('hex');
}

async function withDatabase<T>(server: RunningDatabase, name: string, work: (pool: Pool) => Promise<T>): Promise<T> {
  const pool = createPool({ url: await createDatabase(server, name) }, 1);
  return work(pool).finally(() => pool.end());
}

async function createDatabase(server: RunningDatabase, name: string): Promise<string> {
  const admin = createPool({ url: server.url }, 1);
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function terminate(server: RunningDatabase, name: string): Promise<void> {
  const admin = createPool({ url: server.url }, 1);
  await admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
  await admin.end();
}
