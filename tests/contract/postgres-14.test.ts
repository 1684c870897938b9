/* The oldest PostgreSQL that is supported. The whole group runs on it with `npm run contract:14`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { type RunningDatabase, startDatabase } from '../../localstack/database.ts';
import { readSchema } from '../support/migrations/schema.ts';
import { migrationsDirectory, startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { installPostgres14 } from '../support/postgres-14.ts';

let dir: string;
let oldest: RunningDatabase;
let pool: Pool;
let newest: TestDatabase;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'quotron-pg14-'));
  oldest = await startDatabase({ dir, persistent: false, fsync: false, binaries: await installPostgres14() });
  pool = createPool({ url: oldest.url }, 2);
  newest = await startTestDatabase();
}, 300_000);
afterAll(async () => {
  await pool?.end();
  await oldest?.stop();
  await newest?.stop();
  rmSync(dir, { recursive: true, force: true });
});

it('takes all migrations, and has the same schema then', async () => {
  expect((await pool.query('SHOW server_version')).rows).toEqual([{ server_version: expect.stringMatching(/^14\./) }]);
  expect((await migrate(pool, migrationsDirectory, new Date())).length).toBeGreaterThan(40);
  expect(await migrate(pool, migrationsDirectory, new Date())).toEqual([]);
  const [old, present] = [await readSchema(pool), await readSchema(newest.pool(1))];
  // It takes NULLs for different ones: what is a constraint elsewhere is an index on an expression.
  const others = ({ rules }: typeof old) =>
    rules.filter(({ name }) => name !== 'batch_once').map(({ table, name, columns }) => ({ table, name, columns }));
  expect({ ...old, rules: others(old) }).toEqual({ ...present, rules: others(present) });
  expect(old.rules.filter(({ name }) => name === 'batch_once')).toEqual([
    expect.objectContaining({ kind: 'unique index' }),
  ]);
});

it('keeps one reading of a blob by a version of the parser, and one by each replay', async () => {
  const read = (replay: string | null) =>
    pool.query(
      `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, replay)
       VALUES ('raw/a', '1', gen_random_uuid(), 0, 1, 'yahoo', 'quotes', $1)`,
      [replay],
    );
  const replay = '0192d4a0-0000-7000-8000-000000000001';
  await pool.query('INSERT INTO replay (id, requested_at, blobs) VALUES ($1, now(), 1)', [replay]);
  for (const each of [null, replay]) {
    await read(each);
    await expect(read(each)).rejects.toMatchObject({ code: '23505' });
  }
});
