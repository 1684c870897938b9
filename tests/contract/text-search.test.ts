/** What a search for a text finds, and what is kept beside symbols for lists of a class. */
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import * as z from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { instrumentReader } from '../../core/adapters/postgres/listings/instrument-reader.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(3);
});
beforeEach(() => pool.query('TRUNCATE instrument, listing, symbol_alias, latest_quote, consolidated_quote CASCADE'));
afterAll(() => database.stop());

const date = '2026-11-30';
const symbolsRow = z.object({ symbol: z.string() });
/** Few characters, so that texts are found in names: of one byte and more, with two cases, and those that patterns read. */
const character = fc.constantFrom(
  'a',
  'A',
  'b',
  'x',
  ' ',
  '%',
  '_',
  '\\',
  "'",
  '"',
  '{',
  '}',
  'é',
  'ß',
  'İ',
  '京',
  '😀',
);
const text = (minLength: number, maxLength: number) =>
  fc.array(character, { minLength, maxLength }).map((each) => each.join(''));
const long = fc.tuple(text(0, 4), fc.integer({ min: 495, max: 505 })).map(([end, size]) => 'b'.repeat(size) + end);
const named = fc.record({ name: fc.option(fc.oneof(text(0, 12), long)), symbol: text(1, 4) });

it('a text finds the symbols and names that contain it, in whatever place, and no others', async () => {
  const search = instrumentReader(pool)(everySource);
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(named, { minLength: 1, maxLength: 12, selector: (each) => each.symbol.toUpperCase() }),
      fc.array(text(1, 6), { minLength: 1, maxLength: 8 }),
      async (listings, texts) => {
        await pool.query('TRUNCATE instrument, listing, symbol_alias, latest_quote, consolidated_quote CASCADE');
        await pool.query(
          `WITH n AS (SELECT * FROM unnest($1::text[], $2::text[]) WITH ORDINALITY n (name, symbol, id)),
                i AS (INSERT INTO instrument (id, asset_class, name) OVERRIDING SYSTEM VALUE SELECT id, 'equity', name FROM n),
                l AS (INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE SELECT id, id, 'XNAS', 'USD', 'UTC' FROM n),
                c AS (INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates)
                      SELECT id, 'yahoo', 'only_source', 'single', 1 FROM n),
                q AS (INSERT INTO latest_quote (listing_id, source, as_of, price, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at)
                      SELECT id, 'yahoo', now(), 1, 'USD', 1, 'fetched', now(), 1, now() FROM n)
           INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', upper(symbol), id FROM n`,
          [listings.map((each) => each.name), listings.map((each) => each.symbol)],
        );
        for (const sought of [...texts, ...listings.flatMap(({ name }) => name?.slice(-4) || [])]) {
          const { rows } = await pool.query(
            `SELECT a.symbol FROM symbol_alias a JOIN instrument i ON i.id = a.listing_id
             WHERE strpos(a.symbol, upper($1)) > 0 OR strpos(upper(i.name), upper($1)) > 0`,
            [sought],
          );
          const expected = rows.map((row) => symbolsRow.parse(row).symbol).toSorted();
          const of = { text: sought, date, assetClass: null };
          const found = await search.search({ ...of, after: null, limit: 50 });
          expect(found.map(({ symbol }) => symbol).toSorted()).toEqual(expected);
          expect(await search.count(of)).toBe(expected.length);
          const wanted = { ...of, source: null, mic: null, watched: false, except: [], changedSince: null };
          const page = { ...wanted, order: 'symbol', down: false, after: null, limit: 50, offset: 0 } as const;
          const priced = await quoteReader(pool)(everySource).page(page);
          expect(priced.map(({ symbol }) => symbol).toSorted()).toEqual(expected);
        }
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);

const classesRow = z.object({ symbol: z.string(), kept: z.string().nullable(), own: z.string() });
async function classes(): Promise<Record<string, string | null>> {
  const { rows } = await pool.query(
    `SELECT a.symbol, a.asset_class AS kept, i.asset_class AS own FROM symbol_alias a
     JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id ORDER BY a.symbol`,
  );
  const parsed = rows.map((row) => classesRow.parse(row));
  expect(parsed.map(({ kept }) => kept)).toEqual(parsed.map(({ own }) => own));
  return Object.fromEntries(parsed.map(({ symbol, kept }) => [symbol, kept]));
}
const register = `
  WITH i AS (INSERT INTO instrument (id, asset_class) OVERRIDING SYSTEM VALUE VALUES (1, 'equity'), (2, 'etf')),
       l AS (INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE
             SELECT n, n, 'XNAS', 'USD', 'UTC' FROM generate_series(1, 2) n)
  INSERT INTO symbol_alias (namespace, symbol, listing_id) VALUES ('canonical', 'ONE', 1), ('canonical', 'TWO', 2)`;
const another = `INSERT INTO symbol_alias (namespace, symbol, listing_id) VALUES ('yahoo', 'ONE.X', 1)`;
const anotherClass = `UPDATE instrument SET asset_class = 'fund' WHERE id = 1`;

it('symbols have the class of their instrument, whichever is written first', async () => {
  await pool.query(register);
  expect(await classes()).toEqual({ ONE: 'equity', TWO: 'etf' });
  await pool.query(another);
  await pool.query(anotherClass);
  expect(await classes()).toEqual({ ONE: 'fund', 'ONE.X': 'fund', TWO: 'etf' });
});

it.each([
  ['symbol', another, anotherClass],
  ['class', anotherClass, another],
])('also where the %s is written by a transaction that has not ended', async (_, first, second) => {
  await pool.query(register);
  const [earlier, later] = [await pool.connect(), await pool.connect()];
  try {
    await earlier.query('BEGIN');
    await earlier.query(first);
    const waiting = later.query(second);
    await vi.waitFor(async () => {
      const { rows } = await pool.query(
        `SELECT FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')`,
      );
      expect(rows).not.toEqual([]);
    });
    await earlier.query('COMMIT');
    await waiting;
  } finally {
    earlier.release();
    later.release();
  }
  expect(await classes()).toEqual({ ONE: 'fund', 'ONE.X': 'fund', TWO: 'etf' });
});
