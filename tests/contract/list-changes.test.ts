import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { whileUnchanged } from '../../core/adapters/postgres/listings/list-changes.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { watchStore } from '../../core/adapters/postgres/work/watch-store.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { fill } from '../bench/growth/fill.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
  const client = await pool.connect();
  await fill(client, { name: '', listings: 40, quotes: 40, runDays: 1, barDays: 1 }, () => undefined);
  client.release(true);
}, 60_000);
afterAll(() => database.stop());

const date = new Date().toISOString().slice(0, 10);
const all = {
  date,
  source: null,
  assetClass: null,
  mic: null,
  text: null,
  watched: false,
  except: [],
  changedSince: null,
};

it('totals and the watch list are as new as what they are of, whatever has changed', async () => {
  const quotes = quoteReader(pool)(everySource);
  const watch = watchStore(pool);
  const totals = async () => [
    await quotes.count(all),
    await quotes.count({ ...all, source: 'yahoo' }),
    await quotes.count({ ...all, mic: 'XNAS' }),
    await quotes.count({ ...all, assetClass: 'etf' }),
    await quotes.count({ ...all, text: 'sym3' }),
    await quotes.count({ ...all, watched: true }),
    (await watch.list()).get('yahoo')?.length,
  ];
  expect(await totals()).toEqual([40, 40, 20, 0, 11, 40, 40]);
  const changes: [string, (number | undefined)[]][] = [
    ["DELETE FROM watch WHERE symbol = 'SYM4'", [40, 40, 20, 0, 11, 39, 39]],
    ["UPDATE listing SET mic = 'XNAS' WHERE id = 3", [40, 40, 21, 0, 11, 39, 39]],
    ["UPDATE instrument SET asset_class = 'etf' WHERE id = 5", [40, 40, 21, 1, 11, 39, 39]],
    ["UPDATE instrument SET name = 'Sym3' WHERE id = 7", [40, 40, 21, 1, 12, 39, 39]],
    ['DELETE FROM latest_quote WHERE listing_id = 6', [39, 39, 20, 1, 12, 38, 39]],
    ['DELETE FROM consolidated_quote WHERE listing_id = 8', [38, 38, 19, 1, 12, 37, 39]],
    [
      `UPDATE symbol_alias SET valid_to = '2000-01-01' WHERE namespace = 'canonical' AND listing_id = 9`,
      [37, 37, 19, 1, 12, 36, 39],
    ],
    [
      `INSERT INTO former_venue (listing_id, mic, zone, valid_to) VALUES (10, 'XNYS', 'America/New_York', 'infinity')`,
      [37, 37, 18, 1, 12, 36, 39],
    ],
  ];
  for (const [change, expected] of changes) {
    await pool.query(change);
    expect(await totals(), change).toEqual(expected);
  }
});

it('is read again after the earlier of two transactions that ends last, and not for prices', async () => {
  const kept = whileUnchanged<number>(pool);
  let reads = 0;
  const ask = () => kept('a question', async () => ++reads);
  const [earlier, later] = [await pool.connect(), await pool.connect()];
  try {
    for (const db of [earlier, later]) await db.query('BEGIN');
    await earlier.query("UPDATE listing SET mic = 'ARCX' WHERE id = 20");
    await later.query("UPDATE listing SET mic = 'ARCX' WHERE id = 21");
    expect([await ask(), await ask()]).toEqual([1, 1]);
    await later.query('COMMIT');
    expect([await ask(), await ask()]).toEqual([2, 2]);
    await earlier.query('COMMIT');
    expect([await ask(), await ask()]).toEqual([3, 3]);
  } finally {
    earlier.release();
    later.release();
  }
  await pool.query('UPDATE latest_quote SET price = price + 1, confirmed_at = now()');
  await pool.query(
    `INSERT INTO consolidated_quote SELECT * FROM consolidated_quote ON CONFLICT (listing_id) DO UPDATE SET decided_at = now()`,
  );
  expect(await ask()).toBe(3);
});
