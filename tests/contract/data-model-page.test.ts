import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const page = readFileSync(new URL('../../docs/data-model.md', import.meta.url), 'utf8');
const rowsSchema = z.array(z.object({ name: z.string() }));

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await startTestDatabase(new Date('2026-11-22T03:00:00Z'));
  pool = database.pool();
});
afterAll(() => database.stop());

/** The tables of the page: the first column of its tables. */
const documented = [...page.matchAll(/^\| `(\w+)` \|/gm)].flatMap((match) => match[1] ?? []);

async function names(sql: string): Promise<string[]> {
  return rowsSchema.parse((await pool.query(sql)).rows).map(({ name }) => name);
}

it('docs/data-model.md has every table of the database once, and no other', async () => {
  const tables = await names(
    `SELECT relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = 'public' AND relkind IN ('r', 'p') AND relname !~ '^quote_\\d{4}_\\d{2}$'`,
  );
  expect(tables.length).toBeGreaterThan(30);
  expect(documented.toSorted()).toEqual(tables.toSorted());
});

it('its diagram names tables of the database only', () => {
  const drawn = [...page.matchAll(/^ {2}(\w+) \|\|--\S+ (\w+) :/gm)].flatMap(([, left = '', right = '']) => [
    left,
    right,
  ]);
  expect(drawn.length).toBeGreaterThan(40);
  expect(drawn.filter((name) => !documented.includes(name))).toEqual([]);
});

it('the indexes and functions that it names exist', async () => {
  const known = new Set([
    ...(await names(`SELECT relname AS name FROM pg_class WHERE relkind = 'i'`)),
    ...(await names(
      `SELECT proname AS name FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace WHERE n.nspname = 'public'`,
    )),
  ]);
  const section = [...page.matchAll(/^Indexes worth knowing: ([\s\S]*?)\n\n/gm)]
    .map((match) => match[1] ?? '')
    .join(' ');
  const named = [...section.matchAll(/`(\w+_\w+)`/g)].flatMap((match) => match[1] ?? []);
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known.has(name) && !documented.includes(name))).toEqual([]);
});
