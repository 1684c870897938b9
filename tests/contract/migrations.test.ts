import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migrate } from '../../core/adapters/postgres/database/migrate.ts';
import type { Connection, Pool } from '../../core/adapters/postgres/database/pool.ts';
import { filesNaming, pathsAt, whyNoHistory } from '../support/bundles/trees.ts';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { longLocks, tablesMade } from '../support/migrations/locks.ts';
import { type Narrowing, narrowings } from '../support/migrations/narrowings.ts';
import { readSchema, type Schema } from '../support/migrations/schema.ts';
import { migrationsDirectory, startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { needsHistory, previousRelease } from '../support/previous-release.ts';
import { column } from '../support/quote-store-rows.ts';

const { commit, lastMigration, accepted } = previousRelease;
const files = readdirSync(migrationsDirectory).toSorted();
const released = files.filter((file) => file <= `${lastMigration}.sql`);
const since = files.filter((file) => !released.includes(file));

let database: TestDatabase;
let pool: Pool;
let formerSchema: Schema;
let found: Narrowing[];

/** The migrations of the release, to which tests add their own. */
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'quotron-migrations-'));
  database = await startTestDatabase();
  pool = database.pool();
  const presentSchema = await readSchema(pool);
  for (const file of released) copyFileSync(join(migrationsDirectory, file), join(folder, file));
  await pool.query('DROP SCHEMA public CASCADE');
  await pool.query('CREATE SCHEMA public');
  await migrate(pool, folder, new Date());
  formerSchema = await readSchema(pool);
  found = narrowings(formerSchema, presentSchema);
});
afterAll(async () => {
  await database.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('migrations since the previous release', () => {
  it('there are only files of SQL, and the last one of the release is among them', () => {
    expect(files.filter((file) => !/^\d{4}_[a-z0-9-]+\.sql$/.test(file))).toEqual([]);
    expect(files).toContain(`${lastMigration}.sql`);
  });

  it('take nothing from it, but for what tests/chaos/previous-release.json accepts with its reason', () => {
    expect(formerSchema.tables.length).toBeGreaterThan(30);
    expect(found.map(({ text }) => text).toSorted()).toEqual(Object.keys(accepted).toSorted());
  });

  it('build no index that could hold up a grown table', () => {
    const texts = since.map((file) => readFileSync(join(migrationsDirectory, file), 'utf8'));
    const isNew = new Set(texts.flatMap(tablesMade));
    const locks = since.map((file, index) => [file, longLocks(texts[index] ?? '', isNew)] as const);
    expect(locks.filter(([, offences]) => offences.length > 0)).toEqual([]);
  });

  it('are told from those of the release by its history, which names nothing of what is gone', (context) => {
    const missing = whyNoHistory(commit);
    if (missing !== null) {
      console.log(`The migrations of the previous release: not run here: ${missing}`);
      if (needsHistory) throw new Error(`${missing}. Under CI it must run.`);
      notRunHere(context, missing);
    }
    const migrations = pathsAt(commit, 'core').filter((path) => path.endsWith('.sql'));
    expect(migrations.map((path) => path.split('/').at(-1))).toEqual(released);
    expect(filesNaming(commit, 'beginAttempt').length).toBeGreaterThan(3);
    expect(found.filter(({ gone }) => gone !== null && filesNaming(commit, gone).length > 0)).toEqual([]);
  });
});

/** How much narrower the schema of the release is after some SQL, which is undone. */
async function narrowedBy(sql: string): Promise<string[]> {
  const connection = await pool.connect();
  try {
    await connection.query('BEGIN');
    await connection.query(sql);
    return narrowings(formerSchema, await readSchema(connection)).map(({ text }) => text);
  } finally {
    await connection.query('ROLLBACK');
    connection.release();
  }
}

describe('a migration that takes something from the former release is refused', () => {
  const refused: readonly [sql: string, why: string][] = [
    ['DROP TABLE outbox', 'table outbox is gone'],
    ['ALTER TABLE outbox RENAME TO events', 'table outbox is gone'],
    ['ALTER TABLE task DROP COLUMN waits_until', 'column task.waits_until is gone'],
    ['ALTER TABLE task RENAME COLUMN message TO said', 'column task.message is gone'],
    ['ALTER TABLE task ALTER COLUMN part TYPE smallint', 'column task.part is smallint, was integer'],
    ['ALTER TABLE task ALTER COLUMN message SET NOT NULL', 'column task.message may not be null any more'],
    ['ALTER TABLE task ALTER COLUMN status DROP DEFAULT', 'column task.status has no default any more'],
    ['ALTER TABLE task ADD COLUMN shard integer NOT NULL', 'new column task.shard has no default and may not be null'],
    ['ALTER TABLE batch DROP CONSTRAINT batch_once', 'constraint batch.batch_once is gone: UNIQUE NULLS NOT DISTINCT'],
    ['ALTER TABLE batch RENAME CONSTRAINT batch_once TO batch_of_blob', 'constraint batch.batch_once is gone'],
    [
      'ALTER TABLE batch DROP CONSTRAINT batch_once, ADD CONSTRAINT batch_once UNIQUE (blob_key, parser_version, replay)',
      'constraint batch.batch_once is UNIQUE (blob_key',
    ],
    [
      "ALTER TABLE batch ADD CHECK (blob_key LIKE 'raw/%')",
      'new constraint batch.batch_blob_key_check may refuse rows',
    ],
    [
      'ALTER TABLE batch ADD FOREIGN KEY (run_id) REFERENCES run',
      'new constraint batch.batch_run_id_fkey may refuse rows',
    ],
    ['CREATE UNIQUE INDEX one_batch ON batch (blob_key)', 'new unique index batch.one_batch may refuse rows'],
    ['CREATE UNIQUE INDEX one_batch ON batch (lower(blob_key))', 'new unique index batch.one_batch may refuse rows'],
    ['DROP INDEX task_open', 'index task.task_open is gone'],
    ['DROP INDEX task_open; CREATE INDEX task_open ON task (planned_at)', 'index task.task_open is gone'],
    [
      'ALTER FUNCTION service_at(timestamptz) RENAME TO services',
      'function service_at(timestamp with time zone) is gone',
    ],
  ];
  for (const [sql, why] of refused)
    it(sql, async () => {
      expect(await narrowedBy(sql)).toEqual(expect.arrayContaining([expect.stringContaining(why)]));
    });

  it('and one that adds, widens or renames what nobody names is not', async () => {
    for (const sql of [
      'CREATE TABLE shard (id integer PRIMARY KEY)',
      'ALTER TABLE task ADD COLUMN shard integer, ADD COLUMN tries integer NOT NULL DEFAULT 0',
      'ALTER TABLE replay ADD COLUMN tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0)',
      'ALTER TABLE task ALTER COLUMN symbols DROP NOT NULL',
      'CREATE INDEX task_by_symbols ON task USING gin (symbols)',
      'ALTER INDEX task_open RENAME TO task_unfinished',
    ])
      expect(await narrowedBy(sql), sql).toEqual([]);
  });
});

describe('a migration that builds an index on a grown table without a limit is refused', () => {
  const limit = "SET LOCAL lock_timeout = '5s';";
  it('in each of its forms', () => {
    for (const sql of [
      'CREATE INDEX ON task (part)',
      'create unique index if not exists task_part on only task (part)',
      'ALTER TABLE task ADD CONSTRAINT one UNIQUE (part)',
      'ALTER TABLE ONLY task ADD COLUMN id uuid UNIQUE',
      'CREATE INDEX CONCURRENTLY task_part ON task (part)',
      `${limit} CREATE INDEX CONCURRENTLY task_part ON task (part)`,
      'REINDEX TABLE task',
      "DO $$ BEGIN EXECUTE 'CREATE INDEX ON task (part)'; END $$",
      "SET LOCAL lock_timeout = '60s'; CREATE INDEX ON task (part)",
      'SET LOCAL lock_timeout = 0; CREATE INDEX ON task (part)',
      `CREATE INDEX ON task (part); ${limit}`,
      `-- ${limit}\nCREATE INDEX ON task (part)`,
      'CREATE TABLE shard (id integer); CREATE INDEX ON task (part)',
      `${limit} ALTER TABLE quote ADD COLUMN shard integer; CREATE INDEX ON task (part)`,
      `${limit} ALTER TABLE task ADD COLUMN shard integer; CREATE INDEX ON task (shard)`,
    ])
      expect(longLocks(sql), sql).toHaveLength(1);
  });

  it('and one with a limit, or on a table of its own, is not', () => {
    for (const sql of [
      `${limit} CREATE INDEX ON task (part)`,
      `${limit} CREATE INDEX ON task (part); ALTER TABLE quote ADD COLUMN shard integer`,
      `${limit} ALTER TABLE quote ADD COLUMN shard integer; CREATE TABLE shard (id integer); CREATE INDEX ON shard (id)`,
      'SET LOCAL lock_timeout TO 5000; ALTER TABLE task ADD UNIQUE (part)',
      'CREATE TABLE shard (id integer UNIQUE); CREATE INDEX shard_id ON shard (id); ALTER TABLE shard ADD PRIMARY KEY (id)',
      'ALTER TABLE task ADD CONSTRAINT one UNIQUE USING INDEX task_one',
      "COMMENT ON TABLE task IS 'CREATE INDEX ON task (part); it''s a text'",
      'ALTER TABLE task ADD COLUMN shard integer, ADD COLUMN tries integer NOT NULL DEFAULT 0',
    ])
      expect(longLocks(sql), sql).toEqual([]);
  });
});

describe('a migration beside functions at work', () => {
  /** Migrates while another session holds `batch`, and does something once the migration waits for it. */
  async function migrateBeside(name: string, sql: string, meanwhile: (other: Connection) => Promise<void>) {
    writeFileSync(join(folder, `${name}.sql`), `-- Up Migration\n${sql}`);
    const other = await pool.connect();
    try {
      await other.query('BEGIN; LOCK TABLE batch IN ROW EXCLUSIVE MODE');
      const migrating = migrate(database.pool(1), folder, new Date());
      migrating.catch(() => undefined);
      await waitsForBatch(1);
      await meanwhile(other);
      await other.query('COMMIT');
      return await migrating;
    } finally {
      other.release(true);
    }
  }

  it('is tried again after a deadlock, which costs the functions nothing', async () => {
    const sql = 'ALTER TABLE task ADD COLUMN shard integer; ALTER TABLE batch ADD COLUMN shard integer;';
    const deadlocks = async () =>
      Number((await column(pool, 'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'))[0]);
    const before = await deadlocks();
    const applied = await migrateBeside('9997_in-another-order', sql, async (other) => {
      // So that Postgres ends the migration and not this one.
      await other.query("SET LOCAL deadlock_timeout = '60s'");
      await other.query('UPDATE task SET attempt = attempt');
    });
    expect(applied).toEqual(['9997_in-another-order']);
    await vi.waitFor(async () => expect(await deadlocks()).toBe(before + 1), { timeout: 20_000 });
  });

  it('is tried again after it waited for a table for too long', async () => {
    const sql = "SET LOCAL lock_timeout = '1s'; ALTER TABLE batch ADD COLUMN tries integer;";
    const applied = await migrateBeside('9998_under-a-long-query', sql, () => waitsForBatch(0));
    expect(applied).toEqual(['9998_under-a-long-query']);
  });

  /** Resolves when so many wait for all of `batch`. */
  const waitsForBatch = (count: number) =>
    vi.waitFor(
      async () => {
        const { rowCount } = await pool.query(
          `SELECT FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()
           WHERE NOT granted AND relation = 'batch'::regclass AND mode = 'AccessExclusiveLock'`,
        );
        expect(rowCount).toBe(count);
      },
      { timeout: 20_000 },
    );

  it('waits for a migrator that holds the lock, and gives up when that takes too long', async () => {
    const sql = '-- Up Migration\nALTER TABLE task ADD COLUMN after_another integer;';
    writeFileSync(join(folder, '9999_after-another.sql'), sql);
    const other = database.pool(1);
    await other.query('SELECT pg_advisory_lock($1)', [PG_MIGRATE_LOCK_ID]);
    await expect(migrate(database.pool(1), folder, new Date(), 500)).rejects.toMatchObject({ code: '55P03' });
    const waiting = migrate(database.pool(1), folder, new Date());
    await vi.waitFor(async () => {
      const { rowCount } = await pool.query(
        `SELECT FROM pg_locks JOIN pg_database d ON d.oid = database AND d.datname = current_database()
         WHERE locktype = 'advisory' AND NOT granted`,
      );
      expect(rowCount).toBe(1);
    });
    // A migrator that was killed leaves its lock to the next one like this.
    await other.end();
    expect(await waiting).toEqual(['9999_after-another']);
  });
});
