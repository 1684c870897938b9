/** Lists in the order of a number are read along the index of its steps, and have the order that all of the rows have. */
import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { numbers, texts } from '../../core/adapters/postgres/database/array-literal.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import type { QuoteOrder } from '../../core/prices/quote-order.ts';
import { placeOf } from '../../core/prices/quote-order.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(1);
});
afterAll(() => database.stop());

const date = '2026-11-30';
const all = {
  date,
  text: null,
  assetClass: null,
  mic: null,
  source: null,
  changedSince: null,
  watched: false,
  except: [],
};
/** Many that are equal or near each other, at the edges of steps too, and some that are far from any price. */
const number = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    '1.0',
    '1.0078125',
    '1.0078124',
    '-1',
    '100',
    '1e60',
    '1e-60',
    '-1e60',
    '99999999999999999999.5',
  ),
  fc.integer({ min: -300, max: 3_000 }).map((each) => String(each / 100)),
  fc.integer({ min: 1, max: 100_000 }).map((each) => String(each / 1_000)),
);
const quote = fc.record({ price: number, previous: fc.option(number), volume: fc.option(number) });
const listed = fc.record({
  assetClass: fc.constantFrom('equity', 'equity', 'crypto'),
  isWatched: fc.boolean(),
  yahoo: quote,
  /** The first is another candidate of the price, the second completes it. */
  coingecko: fc.option(fc.record({ quote, is: fc.constantFrom('beside', 'completing', 'the price') })),
});
type Listed = typeof listed extends fc.Arbitrary<infer T> ? T : never;

async function store(listings: readonly Listed[]): Promise<void> {
  await pool.query('TRUNCATE instrument, listing, symbol_alias, latest_quote, consolidated_quote, watch CASCADE');
  const symbols = texts(listings.map((_, at) => `S${(at * 7) % listings.length}-${at}`));
  await pool.query(
    `WITH n AS (SELECT * FROM unnest($1::text[], $2::text[], $3::bool[], $4::text[]) WITH ORDINALITY n (symbol, class, watched, completed, id)),
          i AS (INSERT INTO instrument (id, asset_class) OVERRIDING SYSTEM VALUE SELECT id, class FROM n),
          l AS (INSERT INTO listing (id, instrument_id, mic, currency, zone) OVERRIDING SYSTEM VALUE SELECT id, id, 'XNAS', 'USD', 'UTC' FROM n),
          w AS (INSERT INTO watch (symbol, source_id, source_symbol, added_at) SELECT symbol, 'yahoo', symbol, now() FROM n WHERE watched),
          c AS (INSERT INTO consolidated_quote (listing_id, source, rule, confidence, candidates, complement)
                SELECT id, CASE completed WHEN 'the price' THEN 'coingecko' ELSE 'yahoo' END, 'only_source', 'single', 1,
                       CASE completed WHEN 'completing' THEN 'coingecko' WHEN 'the price' THEN 'yahoo' END FROM n)
     INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT of, symbol, id FROM n, unnest('{canonical,yahoo}'::text[]) of`,
    [
      symbols,
      texts(listings.map((each) => each.assetClass)),
      `{${listings.map((each) => each.isWatched).join()}}`,
      texts(listings.map((each) => each.coingecko?.is ?? null)),
    ],
  );
  for (const source of ['yahoo', 'coingecko'] as const) {
    const rows = listings.flatMap((each, at) => {
      const of = source === 'yahoo' ? each.yahoo : each.coingecko?.quote;
      return of ? [{ ...of, id: at + 1 }] : [];
    });
    await pool.query(
      `INSERT INTO latest_quote (listing_id, source, as_of, price, previous_close, volume, currency, minor_factor, as_of_basis, fetched_at, batch_id, confirmed_at)
       SELECT id, $1, now(), price, previous, volume, 'USD', 1, 'fetched', now(), 1, now()
       FROM unnest($2::int[], $3::numeric[], $4::numeric[], $5::numeric[]) r (id, price, previous, volume)`,
      [
        source,
        numbers(rows.map((row) => row.id)),
        numbers(rows.map((row) => row.price)),
        numbers(rows.map((row) => row.previous)),
        numbers(rows.map((row) => row.volume)),
      ],
    );
  }
}

interface Placed {
  readonly symbol: string;
  readonly value: string | null;
}

function compare(a: Placed, b: Placed, down: boolean): number {
  if ((a.value === null) !== (b.value === null)) return a.value === null ? 1 : -1;
  const by = a.value === null || b.value === null ? 0 : new Decimal(a.value).comparedTo(b.value) * (down ? -1 : 1);
  return by || (a.symbol < b.symbol ? -1 : 1);
}

async function expectPages(listings: readonly Listed[], limit: number, offset: number): Promise<void> {
  const reader = quoteReader(pool)(everySource);
  await store(listings);
  const lists = [
    {},
    { assetClass: 'crypto' as const },
    { watched: true },
    { source: 'coingecko' },
    { except: ['S0-0'] },
  ];
  for (const wanted of lists) {
    const of = { ...all, ...wanted };
    const whole = await reader.page({
      ...of,
      order: 'symbol',
      down: false,
      after: null,
      limit: 1_000,
      offset: 0,
    });
    for (const order of ['price', 'changeFraction', 'volume'] satisfies QuoteOrder[])
      for (const down of [true, false]) {
        const placed = whole.map((row) => ({ symbol: row.symbol, value: placeOf(row, order) }));
        const sorted = placed.toSorted((a, b) => compare(a, b, down));
        const page = async (rest: { offset: number; after: Placed | null }) =>
          (await reader.page({ ...of, order, down, limit, ...rest })).map((row) => row.symbol);
        const symbols = sorted.map(({ symbol }) => symbol);
        expect(await page({ offset, after: null })).toEqual(symbols.slice(offset, offset + limit));
        const after = sorted[offset];
        if (after) expect(await page({ offset: 0, after })).toEqual(symbols.slice(offset + 1, offset + 1 + limit));
      }
  }
}

it('pages by price, change and volume have the rows and the order of the whole list', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(listed, { minLength: 1, maxLength: 40 }),
      fc.record({ limit: fc.integer({ min: 1, max: 12 }), offset: fc.integer({ min: 0, max: 20 }) }),
      (listings, { limit, offset }) => expectPages(listings, limit, offset),
    ),
    { numRuns: 25 },
  );
}, 240_000);

it('also of more listings than are walked over for a page, few of which are wanted', async () => {
  for (const sample of [1, 2, 3]) {
    const listings = fc.sample(listed, { numRuns: 400, seed: sample });
    const few = listings.map((each, at) =>
      at % 90 === 0 ? each : { ...each, assetClass: 'equity' as const, isWatched: false },
    );
    await expectPages(few, 3, sample);
  }
}, 120_000);

it('a step never falls as its number rises', async () => {
  const row = z.object({ number: z.string(), of: z.int(), coarse: z.int(), fraction: z.int() });
  const { rows } = await pool.query(
    `SELECT n::text AS number, step_of(n, 100)::int AS of, step_of(n, 10)::int AS coarse, fraction_step_of(n)::int AS fraction
     FROM (SELECT sign * mantissa * 10.0 ^ exponent AS n
           FROM generate_series(-45, 45) exponent, generate_series(1.0, 9.99, 0.03) mantissa, unnest('{-1,0,1}'::int[]) sign
           UNION SELECT unnest('{Infinity,-Infinity,1e-1000}'::numeric[])) x ORDER BY n`,
  );
  const steps = rows.map((each) => row.parse(each));
  expect(steps.length).toBeGreaterThan(30_000);
  for (const [at, step] of steps.slice(1).entries()) {
    const before = steps[at];
    if (before && (step.of < before.of || step.coarse < before.coarse || step.fraction < before.fraction))
      expect.fail(`${step.number} is in a lower step than ${before.number}`);
  }
  // Coarse enough that few ticks leave their step, and fine enough that a step is no list of its own.
  const between = new Set(
    steps.filter(({ number }) => Number(number) >= 10 && Number(number) <= 20).map(({ of }) => of),
  );
  expect([between.size > 5, between.size < 30]).toEqual([true, true]);
});
