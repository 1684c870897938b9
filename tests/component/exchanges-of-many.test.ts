import { beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { exchangeSchema } from '../../core/contracts/http/market.ts';
import { iso, makeBatch } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

/*
 * `GET /exchanges` sums up all listings with a price: here fifty thousand. Postgres reads each of five tables once, 36 MB in
 * all, and does so twice, at most once in five seconds for all who ask; `tests/contract/rows-read.test.ts` counts the rows.
 */

const { world, read } = useApi();
const listings = 50_000;
const venues = ['XNYS', 'XNAS', 'XLON', 'XPAR', 'XAMS', 'XETR', 'XMIL', 'XSWX', 'XTKS', 'XHKG'];

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  await world.pool.query(
    `WITH i AS (INSERT INTO instrument (asset_class, name) SELECT 'equity', 'Many ' || n FROM generate_series(1, $1) n RETURNING id),
          l AS (INSERT INTO listing (instrument_id, mic, currency, zone)
                SELECT id, ($2::text[])[1 + id % array_length($2::text[], 1)], 'USD', 'America/New_York' FROM i RETURNING id)
     INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', 'MANY' || id, id FROM l`,
    [listings, venues],
  );
  // Every tenth is a week old.
  await world.pool.query(
    `INSERT INTO latest_quote (listing_id, source, as_of, price, currency, fetched_at, ingested_at, batch_id, as_of_basis,
                               session, delay_seconds, minor_factor, confirmed_at)
     SELECT id, 'yahoo', CASE WHEN id % 10 = 0 THEN $2::timestamptz ELSE $1::timestamptz END, 100, 'USD', $1, $1, $3, 'exchange', 'regular', 0, 1, $1
     FROM listing`,
    [iso(-60), iso(-7 * 86_400), batch],
  );
  await world.pool.query(
    `INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates)
     SELECT id, 'yahoo', 'only_source', 'single', 1 FROM listing`,
  );
  await world.pool.query('ANALYZE');
}, 120_000);

it('fifty thousand listings are summed up, each of them once, in a small answer', async () => {
  const { data: found } = await read(z.array(exchangeSchema), '/exchanges');
  expect(found.map(({ mic }) => mic).sort()).toEqual(venues.toSorted());
  expect(found.reduce((sum, { instruments }) => sum + instruments, 0)).toBe(listings);
  expect(found.reduce((sum, { stale }) => sum + stale, 0)).toBe(listings / 10);
  expect(JSON.stringify(found).length).toBeLessThan(10_000);
});
