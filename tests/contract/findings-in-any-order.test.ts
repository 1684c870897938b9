import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { inAnyOrder } from '../support/any-order.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { storeAnswer } from '../support/judged-answer.ts';
import { column, header, registered } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const day = 86_400_000;
const firstFetch = Date.UTC(2026, 10, 20, 12);
const world = useWorld({ partitionsAt: new Date(firstFetch), connections: 4, keepRows: true });
let store: IngestStore;
beforeAll(() => {
  store = postgresIngestStore(world.pool);
});

/** Forty weekdays before the first fetch. */
const days = Array.from({ length: 56 }, (_, index) =>
  new Date(firstFetch - (58 - index) * day).toISOString().slice(0, 10),
).filter((date) => ![0, 6].includes(new Date(date).getUTCDay()));

interface Fault {
  readonly row: number;
  readonly factor: number;
}

function answer(listing: KnownListing, faults: readonly Fault[], place: number): BarSeries {
  const fetchedAt = firstFetch + place * day;
  const bars = days.map((date, index) => {
    const factor = faults.filter(({ row }) => row === index).reduce((product, each) => product * each.factor, 1);
    const close = String(Math.round((100 + Math.sin(index * 1.7)) * factor * 100) / 100);
    const startsAt = Date.parse(`${date}T14:30:00Z`);
    const prices = { open: close, high: close, low: close, close, volume: '1000' };
    return { interval: '1d' as const, startsAt, date, ...prices, currency: 'USD', minorFactor: 1 };
  });
  return { listing, symbol: 'X', basis: 'splits', basisAt: fetchedAt, bars, actions: [], fetchedAt, path: 'x' };
}

let listings = 0;

it('the same blobs in any order, and twice, give the same findings', async () => {
  let late = 0;
  let found = 0;
  const fault = fc.record({ row: fc.constantFrom(10, 20, 30), factor: fc.constantFrom(100, 0.01, 1.08) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fault, { maxLength: 1 }), { minLength: 2, maxLength: 4 }).chain(inAnyOrder),
      async ({ answers, order, again }) => {
        const run = async (places: readonly number[]) => {
          const listing = await registered(world.pool, 'test', `ANYORDER${++listings}`);
          const batches = answers.map(() => header('test', { kind: 'bars' }));
          for (const place of places)
            await storeAnswer(store, 'test', answer(listing, answers[place] ?? [], place), batches[place]);
          return column(
            world.pool,
            `SELECT rule || ' ' || date || ' ' || severity || ' ' || said || ' ' || coalesce(proposal->>'to', '') FROM finding
             WHERE listing_id = $1 AND status = 'open' ORDER BY 1`,
            [listing.id],
          );
        };
        if (order.some((place, index) => place < Math.max(0, ...order.slice(0, index)))) late += 1;
        const inOrder = await run(answers.map((_, place) => place));
        found += inOrder.length;
        expect(await run([...order, ...again])).toEqual(inOrder);
      },
    ),
    { seed: chosenSeed('findings in any order'), numRuns: 40, endOnFailure: true },
  );
  expect(late).toBeGreaterThan(0);
  expect(found).toBeGreaterThan(0);
}, 120_000);

it.each([
  ['one', 'two', 'odd'],
  ['one', 'odd', 'two'],
  ['odd', 'one', 'two'],
])('three sources in the order %s, %s, %s: the one that differs is outvoted, and no other', async (...sources) => {
  const listing = await registered(world.pool, 'one', `THREE-${sources.join('-').toUpperCase()}`);
  for (const source of sources) {
    const faults = source === 'odd' ? [{ row: 20, factor: 1.12 }] : [];
    await storeAnswer(store, source, answer(listing, faults, 0));
  }
  const found = await column(
    world.pool,
    `SELECT source || ' ' || date || ' ' || severity FROM finding WHERE listing_id = $1 AND rule = 'sources' AND status = 'open'`,
    [listing.id],
  );
  expect(found).toEqual([`odd ${days[20]} wrong`]);
});
