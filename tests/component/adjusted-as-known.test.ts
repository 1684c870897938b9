import { beforeAll, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { barsSchema } from '../../core/contracts/http/market.ts';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { at, barSeries, column, databaseTime, registered, stored } from '../support/quote-store-rows.ts';
import { useApi } from '../support/use-api.ts';

const { world, read } = useApi();
let store: IngestStore;
beforeAll(() => {
  store = postgresIngestStore(world.pool);
});

const day = 86_400_000;
const splitBy = (ratio: string): CorporateAction => ({
  type: 'split',
  exDate: '2026-11-05',
  ratio,
  amount: null,
  currency: null,
});

const closes = Array.from({ length: 12 }, () => 100);

/** Stores an answer with twelve closes of 100 that was fetched so many days after the first. Gives when it was known. */
async function told(listing: KnownListing, actions: readonly CorporateAction[], days: number): Promise<Date> {
  const series = barSeries(listing, closes, { fetchedAt: at(0) + days * day, actions });
  await stored(store, 'yahoo', { bars: [series] });
  return databaseTime(world.pool);
}

const raw = async (symbol: string, knownAt?: Date) =>
  (await read(barsSchema, `/bars/${symbol}?adjustment=raw${knownAt ? `&knownAt=${knownAt.toISOString()}` : ''}`)).data;

describe('adjusted prices as they were known', () => {
  it('rest on the split that was known then, before and after it was corrected', async () => {
    const listing = await registered(world.pool, 'yahoo', 'RATIO');
    const first = await told(listing, [splitBy('4')], 0);
    const second = await told(listing, [splitBy('2')], 1);
    const third = await told(listing, [splitBy('5')], 2);
    for (const [knownAt, ratio] of [
      [first, 4],
      [second, 2],
      [third, 5],
      [undefined, 5],
    ] as const) {
      const { bars, actions } = await raw('RATIO', knownAt);
      expect(bars.map((bar) => bar.close)).toEqual(closes.map((close, index) => (index < 3 ? close * ratio : close)));
      expect(actions.map((action) => action.ratio)).toEqual([ratio]);
    }
  });

  it('keep no revision of an action that is told again as it was, nor by an answer that was fetched before', async () => {
    const listing = await registered(world.pool, 'yahoo', 'SAME');
    await told(listing, [splitBy('4')], 1);
    await told(listing, [splitBy('4')], 2);
    await told(listing, [splitBy('3')], 0);
    const revisions = 'SELECT ratio FROM corporate_action_revision WHERE listing_id = $1';
    expect(await column(world.pool, revisions, [listing.id])).toEqual([]);
    expect((await raw('SAME')).actions.map((action) => action.ratio)).toEqual([4]);
  });

  it('are kept of a change that the former release, or a person, makes', async () => {
    const listing = await registered(world.pool, 'yahoo', 'BYHAND');
    const before = await told(listing, [splitBy('4')], 0);
    await world.pool.query('UPDATE corporate_action SET ratio = 6 WHERE listing_id = $1', [listing.id]);
    expect((await raw('BYHAND', before)).actions.map((action) => action.ratio)).toEqual([4]);
    expect((await raw('BYHAND')).actions.map((action) => action.ratio)).toEqual([6]);
  });
});
