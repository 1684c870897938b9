import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import { type Lifetime, lifetimes } from '../../core/adapters/postgres/database/lifetimes.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import type { RetentionDays } from '../../core/planning/retention.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const now = new Date('2026-11-22T03:00:00Z');
const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);
/** Each differs from the usual one and from the others. */
const settings: RetentionDays = { runs: 51, records: 62, proxyAnswers: 73 };

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await startTestDatabase(now);
  pool = database.pool(2);
});
beforeEach(() => emptyDatabase(pool));
afterAll(() => database.stop());

const columns = z.array(
  z.object({
    ...{ name: z.string(), type: z.string(), words: z.array(z.string()).nullable() },
    ...{ isOptional: z.boolean(), isRequired: z.boolean() },
  }),
);
const times = z.array(z.object({ at: z.date().nullable() }));

/** The columns of a table; `words` are those that a check allows. */
async function columnsOf(table: string) {
  const { rows } = await pool.query(
    `SELECT a.attname AS name, t.typname AS type, NOT a.attnotnull AS "isOptional",
       a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS "isRequired",
       (SELECT array_agg(m[1]) FROM pg_constraint k, regexp_matches(pg_get_constraintdef(k.oid), '''(\\w+)''::text', 'g') m
        WHERE k.conrelid = a.attrelid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]) AS words
     FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
     WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped`,
    [table],
  );
  return columns.parse(rows);
}

function anyValue(type: string, otherTime: Date): unknown {
  switch (type) {
    case 'uuid':
    case 'text':
      return randomUUID();
    case 'bytea':
      return Buffer.from(randomUUID());
    case 'jsonb':
      return '{}';
    case 'timestamptz':
    case 'date':
      return otherTime;
    case 'int2':
    case 'int4':
    case 'int8':
      return 1;
    default:
      if (type.startsWith('_')) return '{}';
      throw new Error(`No value for a column of type ${type}: add one here`);
  }
}

/**
 * A row that has what the table requires, and a time in the column by which it expires, or none. All of its other times
 * would say the opposite.
 */
async function addRow(table: string, since: string, at: Date | null, otherTime: Date): Promise<void> {
  const given = (await columnsOf(table)).flatMap(({ name, type, isRequired, words }) => {
    if (name === since) return [{ name, value: at }];
    // Of the words for a state, the first is its beginning and the last its end.
    if (words !== null) return [{ name, value: at === null ? words[0] : words.at(-1) }];
    return isRequired ? [{ name, value: anyValue(type, otherTime) }] : [];
  });
  const db = await pool.connect();
  try {
    // Rows of other tables that it names do not matter to its age.
    await db.query(`SET session_replication_role = replica`);
    await db.query(
      `INSERT INTO ${table} (${given.map(({ name }) => `"${name}"`).join(', ')})
       VALUES (${given.map((_, i) => `$${i + 1}`).join(', ')})`,
      given.map(({ value }) => value),
    );
  } finally {
    await db.query(`RESET session_replication_role`);
    db.release();
  }
}

const tables = Object.entries<Lifetime>(lifetimes).flatMap(([table, of]) =>
  'days' in of ? [{ table, since: of.since, days: typeof of.days === 'number' ? of.days : settings[of.days] }] : [],
);

it.each(tables)('a row of $table goes $days days after its $since, and none before', async ({ table, since, days }) => {
  const left = async () =>
    times.parse((await pool.query(`SELECT ${since} AS at FROM ${table} ORDER BY 1`)).rows).map(({ at }) => at);
  const isOptional = (await columnsOf(table)).some((column) => column.name === since && column.isOptional);
  const hour = 1 / 24;
  const [old, young] = [ago(days + hour), ago(days - hour)];
  await addRow(table, since, old, now);
  await addRow(table, since, young, ago(10_000));
  // What is not over has no such time.
  if (isOptional) await addRow(table, since, null, ago(10_000));
  const kept = isOptional ? [young, null] : [young];
  expect(await left()).toEqual([old, ...kept]);

  const { removedOf, allRemoved } = await maintainDatabase(pool, now, settings);
  expect(await left()).toEqual(kept);
  expect({ removedOf, allRemoved }).toEqual({ removedOf: { [table]: 1 }, allRemoved: true });
});
