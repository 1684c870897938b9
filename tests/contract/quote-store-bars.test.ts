import { beforeAll, describe, expect, it } from 'vitest';
import { barReader } from '../../core/adapters/postgres/prices/bar-reader.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { at, barSeries, column, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), connections: 2, keepRows: true });
let store: IngestStore;

beforeAll(async () => {
  store = postgresIngestStore(world.pool);
});

const bars = (listingId: number, what = 'close') =>
  column(world.pool, `SELECT ${what}::text FROM bar WHERE listing_id = $1 ORDER BY source DESC, starts_at`, [
    listingId,
  ]);
const revisions = (listingId: number) =>
  column(world.pool, 'SELECT close FROM bar_revision WHERE listing_id = $1 ORDER BY starts_at', [listingId]);
const day = 86_400_000;
const split = { type: 'split', exDate: '2026-11-20', ratio: '4', amount: null, currency: null } as const;

describe('bars', () => {
  it('are stored as given, with their basis and its time', async () => {
    const listing = await registered(world.pool, 'test', 'GIVEN');
    expect(await stored(store, 'test', { bars: [barSeries(listing, [100, 101.5])] })).toMatchObject({
      accepted: 2,
      written: 2,
      revised: 0,
    });
    expect(await bars(listing.id, "date || ' ' || close || ' ' || basis || ' ' || basis_at")).toEqual([
      '2026-11-02 100 splits 2026-11-20 12:00:00+00',
      '2026-11-03 101.5 splits 2026-11-20 12:00:00+00',
    ]);
  });

  it('that come again write nothing when they are the same, and a revision when they are not', async () => {
    const listing = await registered(world.pool, 'test', 'AGAIN');
    await stored(store, 'test', { bars: [barSeries(listing, [100, 101])] });
    expect(
      await stored(store, 'test', { bars: [barSeries(listing, [100, 102], { fetchedAt: at(0) + day })] }),
    ).toMatchObject({ written: 1, revised: 1 });
    expect(await bars(listing.id)).toEqual(['100', '102']);
    expect(await revisions(listing.id)).toEqual(['101']);
  });

  it('of an older fetch do not replace newer ones', async () => {
    const listing = await registered(world.pool, 'test', 'OLDER');
    await stored(store, 'test', { bars: [barSeries(listing, [100])] });
    await stored(store, 'test', { bars: [barSeries(listing, [99], { fetchedAt: at(-60) })] });
    expect(await bars(listing.id)).toEqual(['100']);
  });
});

describe('a split that was not known', () => {
  it("marks that source's earlier bars stale, until they are fetched again", async () => {
    const listing = await registered(world.pool, 'test', 'SPLIT');
    const early = Date.UTC(2026, 10, 18);
    await stored(store, 'test', { bars: [barSeries(listing, [400, 404, 408], { fetchedAt: early })] });
    await stored(store, 'other', { bars: [barSeries(listing, [400], { fetchedAt: early })] });
    const later = barSeries(listing, [], { fetchedAt: at(0) + day, actions: [split] });
    await stored(store, 'test', { bars: [later] });
    const marked = await bars(listing.id, "source || ' ' || stale");
    expect(marked.sort()).toEqual(['other false', 'test true', 'test true', 'test true']);
    await stored(store, 'test', {
      bars: [
        { ...later, bars: barSeries(listing, [100, 101]).bars, fetchedAt: at(0) + 2 * day, basisAt: at(0) + 2 * day },
      ],
    });
    const refetched = await column(
      world.pool,
      "SELECT close || ' ' || stale FROM bar WHERE listing_id = $1 AND source = 'test' ORDER BY starts_at",
      [listing.id],
    );
    expect(refetched).toEqual(['100 false', '101 false', '408 true']);
    expect(await revisions(listing.id)).toEqual(['400', '404']);
  });

  it('leaves bars alone that were fetched after it: they are adjusted', async () => {
    const listing = await registered(world.pool, 'test', 'ADJUSTED');
    await stored(store, 'test', { bars: [barSeries(listing, [100], { fetchedAt: at(0) + 5 * day })] });
    await stored(store, 'test', {
      bars: [barSeries(listing, [], { fetchedAt: at(0) + 6 * day, actions: [split] })],
    });
    expect(await bars(listing.id, 'stale')).toEqual(['false']);
  });

  it('also marks bars of an earlier fetch that arrive after it', async () => {
    const listing = await registered(world.pool, 'test', 'LATE');
    await stored(store, 'test', { bars: [barSeries(listing, [], { actions: [split] })] });
    await stored(store, 'test', { bars: [barSeries(listing, [400], { fetchedAt: Date.UTC(2026, 10, 18) })] });
    expect(await bars(listing.id, 'stale')).toEqual(['true']);
    expect(await column(world.pool, 'SELECT ratio FROM corporate_action WHERE listing_id = $1', [listing.id])).toEqual([
      '4',
    ]);
  });
});

describe('several payments of one day', () => {
  const paid = (amount: string, currency = 'USD') =>
    ({ type: 'dividend', exDate: '2026-11-03', ratio: null, amount, currency }) as const;
  const rows = (listingId: number, table = 'corporate_action') =>
    column(world.pool, `SELECT amount || ' ' || coalesce(parts->>'of', 'one') FROM ${table} WHERE listing_id = $1`, [
      listingId,
    ]);

  it('are one row with their sum, of which the former release reads as much, and are told apart at read', async () => {
    const listing = await registered(world.pool, 'test', 'PARTS');
    const answer = (amounts: readonly string[], at: number) => ({
      bars: [{ ...barSeries(listing, [100, 101], { fetchedAt: at }), actions: amounts.map((amount) => paid(amount)) }],
    });
    await stored(store, 'test', answer(['0.25', '5'], at(0)));
    expect(await rows(listing.id)).toEqual([
      '5.25 [{"amount": "0.25", "currency": "USD"}, {"amount": "5", "currency": "USD"}]',
    ]);
    const reader = barReader(world.pool)(everySource);
    const read = async () => (await reader.actions(listing.id, 'UTC', null)).map(({ amount }) => amount);
    expect(await read()).toEqual(['0.25', '5']);

    await stored(store, 'test', answer(['0.25', '5'], at(0) + day));
    expect(await rows(listing.id, 'corporate_action_revision')).toEqual([]);
    // The former release writes one amount and knows of no parts: they have no meaning then.
    await world.pool.query('UPDATE corporate_action SET amount = 5 WHERE listing_id = $1', [listing.id]);
    expect(await read()).toEqual(['5']);
    await stored(store, 'test', answer(['5'], at(0) + 2 * day));
    expect(await rows(listing.id)).toEqual(['5 one']);
    expect(await rows(listing.id, 'corporate_action_revision')).toHaveLength(2);
  });
});
