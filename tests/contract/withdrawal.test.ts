import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { BarInterval, CorporateAction } from '../../core/market/bar.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { BatchHeader, IngestStore } from '../../core/ports/ingest-store.ts';
import { inAnyOrder } from '../support/any-order.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { storeAnswer, whatCounts } from '../support/judged-answer.ts';
import { at, barSeries, column, header, registered } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), connections: 4, keepRows: true });
let store: IngestStore;
beforeAll(() => {
  store = postgresIngestStore(world.pool);
});

const day = 86_400_000;
let listings = 0;
const newListing = () => registered(world.pool, 'test', `WITHDRAWN${++listings}`);

interface Told {
  /** Days of November from the 2nd on, as 0, 1, 2 … */
  readonly days: readonly number[];
  /** Days after the first fetch, on the 20th. */
  readonly fetched: number;
  readonly close?: number;
  readonly actions?: readonly CorporateAction[];
  readonly interval?: BarInterval;
  readonly places?: readonly number[];
}

const closes = Array.from({ length: 12 }, (_, index) => 100 + index);

function seriesOf(listing: KnownListing, { days, fetched, close, actions = [], interval, places }: Told): BarSeries {
  const all = barSeries(listing, close === undefined ? closes : closes.map(() => close), {
    fetchedAt: at(0) + fetched * day,
    actions,
  });
  const bars = all.bars.filter((_, index) => days.includes(index));
  return {
    ...all,
    bars: interval ? bars.map((bar) => ({ ...bar, interval })) : bars,
    ...(places && { places: all.bars.filter((_, index) => places.includes(index)).map((bar) => bar.startsAt) }),
  };
}
const tell = (listing: KnownListing, told: Told, batch?: BatchHeader) =>
  storeAnswer(store, 'test', seriesOf(listing, told), batch);

const all = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const without = (...left: number[]) => all.filter((each) => !left.includes(each));
const daysThatCount = async (listing: KnownListing) =>
  (
    await column(
      world.pool,
      `SELECT date - '2026-11-02'::date FROM bar WHERE listing_id = $1 AND withdrawn_at IS NULL ORDER BY 1`,
      [listing.id],
    )
  ).map(Number);

const dividend = (exDate: string, amount = '0.5'): CorporateAction => ({
  type: 'dividend',
  exDate,
  ratio: null,
  amount,
  currency: 'USD',
});
const split: CorporateAction = { type: 'split', exDate: '2026-11-06', ratio: '4', amount: null, currency: null };

describe('what an answer leaves out of its range', () => {
  it('is withdrawn, kept, and comes back when an answer has it again', async () => {
    const listing = await newListing();
    await tell(listing, { days: all, fetched: 0 });
    await tell(listing, { days: without(4, 5), fetched: 1 });
    expect(await daysThatCount(listing)).toEqual(without(4, 5));
    expect(await column(world.pool, 'SELECT count(*) FROM bar WHERE listing_id = $1', [listing.id])).toEqual(['10']);
    await tell(listing, { days: all, fetched: 2 });
    expect(await daysThatCount(listing)).toEqual(all);
    const versions = 'SELECT withdrawn_at IS NULL FROM bar_revision WHERE listing_id = $1 ORDER BY known_to, starts_at';
    expect(await column(world.pool, versions, [listing.id])).toEqual(['true', 'true', 'false', 'false']);
  });

  it('is told by an event, once for an answer, with the days of each listing', async () => {
    const listing = await newListing();
    const actions = [dividend('2026-11-05'), dividend('2026-11-11')];
    const told = async () =>
      (
        await world.pool.query(
          `SELECT data FROM outbox WHERE type = 'bars.withdrawn' AND (data->'listings')::jsonb @> $1 ORDER BY id`,
          [JSON.stringify([{ listingId: listing.id }])],
        )
      ).rows.map((row) => row['data']);
    await tell(listing, { days: all, fetched: 0, actions });
    expect(await told()).toEqual([]);
    await tell(listing, { days: without(4, 5), fetched: 1, actions: [dividend('2026-11-05')] });
    const first = { listingId: listing.id, interval: '1d', bars: 2, actions: 1, from: '2026-11-06', to: '2026-11-11' };
    expect(await told()).toMatchObject([{ sourceId: 'test', bars: 2, actions: 1, listings: [first] }]);
    // The same again, or with what was withdrawn, withdraws nothing.
    await tell(listing, { days: without(4, 5), fetched: 2, actions: [dividend('2026-11-05')] });
    await tell(listing, { days: all, fetched: 3, actions });
    expect(await told()).toHaveLength(1);
    await tell(listing, { days: without(9 - 3), fetched: 4, actions });
    expect(await told()).toMatchObject([{}, { bars: 1, actions: 0 }]);
  });

  it('is not withdrawn outside the range, in other intervals, or where a place is empty', async () => {
    const listing = await newListing();
    await tell(listing, { days: all, fetched: 0 });
    await tell(listing, { days: [3, 4, 5], fetched: 1 });
    await tell(listing, { days: [2, 8], fetched: 1, interval: '1h' });
    await tell(listing, { days: without(6), fetched: 2, places: all });
    expect(await daysThatCount(listing)).toEqual([0, 1, 2, 2, 3, 4, 5, 6, 7, 8, 8, 9]);
  });

  it('are splits and payments too, which adjust nothing from then on', async () => {
    const listing = await newListing();
    const actions = [dividend('2026-11-05'), split, dividend('2026-11-11')];
    await tell(listing, { days: all, fetched: 0, actions });
    await tell(listing, { days: all, fetched: 1, actions: [dividend('2026-11-05')] });
    const known = async () => (await whatCounts(world.pool, listing.id)).filter((line) => !line?.startsWith('1d'));
    expect(await known()).toEqual(['dividend 2026-11-05 0.5']);
    expect(await column(world.pool, 'SELECT stale FROM bar WHERE listing_id = $1', [listing.id])).not.toContain('true');
    await tell(listing, { days: all, fetched: 2, actions });
    expect(await known()).toHaveLength(3);
  });

  it('is not a payment that a week or an answer of other days lacks', async () => {
    const listing = await newListing();
    await tell(listing, { days: all, fetched: 0, actions: [dividend('2026-11-05')] });
    await tell(listing, { days: [0, 7], fetched: 1, interval: '1wk' });
    await tell(listing, { days: [5, 6, 7], fetched: 2 });
    expect(await whatCounts(world.pool, listing.id)).toContain('dividend 2026-11-05 0.5');
  });

  it('is nothing where the newest bar stands alone behind a range of the past, as a live row does', async () => {
    const listing = await newListing();
    await tell(listing, { days: [...all, 11], fetched: 0 });
    await storeAnswer(store, 'test', {
      ...seriesOf(listing, { days: [0, 1, 2, 11], fetched: 0 }),
      fetchedAt: Date.UTC(2026, 10, 13, 16),
    });
    await storeAnswer(store, 'test', {
      ...seriesOf(listing, { days: [0, 1, 2, 11], fetched: 0, close: 90 }),
      fetchedAt: Date.UTC(2026, 10, 13, 17),
    });
    expect(await daysThatCount(listing)).toEqual([...all, 11]);
  });
});

const tellings = fc.array(
  fc.record({
    from: fc.nat({ max: 6 }),
    length: fc.integer({ min: 2, max: 7 }),
    left: fc.subarray([2, 3, 4, 5, 6, 7], { maxLength: 2 }),
    close: fc.constantFrom(100, 100.5),
    dividend: fc.boolean(),
    interval: fc.constantFrom<BarInterval>('1d', '1d', '1wk'),
  }),
  { minLength: 3, maxLength: 6 },
);

it('answers in any order, and twice, leave what they leave in the order of their fetches', async () => {
  let late = 0;
  await fc.assert(
    fc.asyncProperty(tellings.chain(inAnyOrder), async ({ answers, order, again }) => {
      const told = answers.map(({ from, length, left, close, dividend: paid, interval }, place): Told => {
        const told = Array.from({ length }, (_, index) => from + index).filter((each) => !left.includes(each));
        // The dividend lies on the fourth day: within the bars of the answer, or outside of them.
        const actions = paid ? [dividend('2026-11-05', String(1 + (place % 2)))] : [];
        return { days: told, fetched: place, close, actions, interval };
      });
      const run = async (places: readonly number[]) => {
        const listing = await newListing();
        const batches = told.map(() => header('test', { kind: 'bars' }));
        for (const place of places) {
          const each = told[place];
          if (each && each.days.length > 0) await tell(listing, each, batches[place]);
        }
        return whatCounts(world.pool, listing.id);
      };
      if (order.some((place, index) => place < Math.max(0, ...order.slice(0, index)))) late += 1;
      expect(await run([...order, ...again])).toEqual(await run(told.map((_, place) => place)));
    }),
    { seed: chosenSeed('withdrawal'), numRuns: 100, endOnFailure: true },
  );
  expect(late).toBeGreaterThan(0);
}, 240_000);
