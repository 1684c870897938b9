import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { readLedger, takePermits, usePermit } from '../../core/adapters/postgres/work/permits.ts';
import { migrationsDirectory, startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
});
afterEach(() => pool.query('DELETE FROM permit'));
afterAll(() => database.stop());

const dayMs = 86_400_000;
const sources = ['yahoo', 'coingecko', 'demo-broker'];
const midnight = Math.floor(Date.now() / dayMs) * dayMs;
/** Instants of three days, often within seconds of a midnight, to the millisecond. */
const instant = fc
  .oneof(
    fc.integer({ min: -dayMs, max: 2 * dayMs }),
    fc.tuple(fc.constantFrom(0, dayMs), fc.integer({ min: -70_000, max: 70_000 })).map(([day, around]) => day + around),
  )
  .map((after) => new Date(midnight + after));
const source = fc.constantFrom(...sources);

const operation = fc.oneof(
  fc.record({ op: fc.constant('take' as const), source, count: fc.integer({ min: 1, max: 5 }) }),
  // By hand, as the former release reserves and as one that was taken at that time is.
  fc.record({ op: fc.constant('write' as const), source, at: fc.array(fc.option(instant), { maxLength: 4 }) }),
  fc.record({ op: fc.constant('use' as const) }),
  fc.record({ op: fc.constant('move' as const), at: fc.option(instant), rows: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ op: fc.constant('delete' as const), rows: fc.integer({ min: 0, max: 3 }) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

async function run(of: Operation, undone: boolean): Promise<void> {
  const giveUp = new Error('undone');
  await inTransaction(pool, async (db) => {
    const some = `(SELECT id FROM permit ORDER BY md5(id::text) LIMIT $1)`;
    switch (of.op) {
      case 'take':
        await takePermits(db, { sourceId: of.source, purpose: 'task', count: of.count });
        break;
      case 'write':
        await db.query(
          `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
           SELECT $1, 'task', now() - interval '1 s', now() + interval '1 minute', at FROM unnest($2::timestamptz[]) at`,
          [of.source, of.at],
        );
        break;
      case 'use': {
        const { rows } = await db.query<{ id: string }>('SELECT id FROM permit WHERE used_at IS NULL LIMIT 1');
        for (const { id } of rows) await usePermit(db, id);
        break;
      }
      case 'move':
        await db.query(`UPDATE permit SET used_at = $2 WHERE id IN ${some}`, [of.rows, of.at]);
        break;
      case 'delete':
        await db.query(`DELETE FROM permit WHERE id IN ${some}`, [of.rows]);
        break;
    }
    if (undone) throw giveUp;
  }).catch((error: unknown) => {
    if (error !== giveUp) throw error;
  });
}

it('what is counted of a day is what rows there are, whatever was taken, reserved, moved, deleted or undone', async () => {
  const step = fc.record({ of: operation, undone: fc.integer({ min: 0, max: 5 }).map((n) => n === 0) });
  const looks = fc.array(instant, { minLength: 3, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), looks, async (steps, at) => {
      await pool.query('DELETE FROM permit');
      for (const { of, undone } of steps) await run(of, undone);
      const counted = await pool.query('SELECT source_id, day, used FROM permit_day WHERE used <> 0 ORDER BY 1, 2');
      const rows = await pool.query(
        `SELECT source_id, date_trunc('day', used_at, 'UTC') AS day, count(*)::int AS used
         FROM permit WHERE used_at IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2`,
      );
      expect(counted.rows).toEqual(rows.rows);
      for (const now of at) {
        for (const sourceId of sources)
          expect(await readLedger(pool, sourceId, now.getTime())).toMatchObject({
            usedToday: await countRows(sourceId, midnightOf(now) - 5_000, now.getTime() + 60_000),
          });
        const shown = await sourceReader(pool).sources(sources, now);
        expect(shown.map(({ dayUsed }) => dayUsed)).toEqual(
          await Promise.all(
            sources.map(async (id) => (await countRows(id, midnightOf(now), Infinity)) + (await countLive(id, now))),
          ),
        );
      }
    }),
    { numRuns: 25 },
  );
}, 120_000);

it('two that take permits of one source at once are both counted', async () => {
  await Promise.all(
    Array.from({ length: 12 }, () =>
      inTransaction(pool, (db) => takePermits(db, { sourceId: 'yahoo', purpose: 'task', count: 2 })),
    ),
  );
  const { rows } = await pool.query(
    'SELECT sum(used)::int AS used, (SELECT count(*)::int FROM permit) AS rows FROM permit_day',
  );
  expect(rows).toEqual([{ used: 24, rows: 24 }]);
});

it('those of before the migration are counted by it', async () => {
  await pool.query(
    `DROP TABLE permit_day; DROP FUNCTION count_permits CASCADE; DROP FUNCTION count_moved_permit CASCADE;
     INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
     SELECT 'yahoo', 'task', now(), now(), CASE WHEN n < 9 THEN timestamptz '2026-11-18T23:59:57Z' + make_interval(secs => n) END
     FROM generate_series(1, 10) n`,
  );
  await pool.query(readFileSync(`${migrationsDirectory}/0085_permits-of-a-day.sql`, 'utf8'));
  const { rows } = await pool.query('SELECT source_id, day, used FROM permit_day ORDER BY day');
  expect(rows).toEqual([
    { source_id: 'yahoo', day: new Date('2026-11-18T00:00:00Z'), used: 2 },
    { source_id: 'yahoo', day: new Date('2026-11-19T00:00:00Z'), used: 6 },
  ]);
});

const midnightOf = (at: Date) => Math.floor(at.getTime() / dayMs) * dayMs;

async function countRows(sourceId: string, from: number, to: number): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM permit WHERE source_id = $1 AND used_at >= $2 AND used_at <= $3`,
    [sourceId, new Date(from), to === Infinity ? 'infinity' : new Date(to)],
  );
  return rows[0]?.count ?? -1;
}

async function countLive(sourceId: string, now: Date): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM permit WHERE source_id = $1 AND used_at IS NULL AND expires_at > $2`,
    [sourceId, now],
  );
  return rows[0]?.count ?? -1;
}
