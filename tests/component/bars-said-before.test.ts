import { beforeAll, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { barsSchema } from '../../core/contracts/http/market.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { storeAnswer } from '../support/judged-answer.ts';
import { at, barSeries, databaseTime, registered } from '../support/quote-store-rows.ts';
import { useApi } from '../support/use-api.ts';

const { world, read } = useApi();
let store: IngestStore;
beforeAll(() => {
  store = postgresIngestStore(world.pool);
});

const right = [100, 101, 100, 102, 101, 100, 101, 102, 101, 100];
const inPence = right.map((close, index) => (index === 4 ? close * 100 : close));
const tell = (listing: KnownListing, closes: readonly number[], days: number) =>
  storeAnswer(store, 'yahoo', barSeries(listing, closes, { fetchedAt: at(0) + days * 86_400_000 }));
const bars = async (symbol: string, query = '') => {
  const { data, warnings } = await read(barsSchema, `/bars/${symbol}${query}`);
  return {
    closes: data.bars.map((bar) => bar.close),
    warnings: warnings.map(({ code }) => code).filter((code) => code !== 'gaps'),
  };
};

it('a right bar is not lost because a later answer is in another unit, and what came is there as raw', async () => {
  const listing = await registered(world.pool, 'yahoo', 'LATERWRONG');
  await tell(listing, right, 0);
  await tell(listing, inPence, 1);
  expect(await bars('LATERWRONG')).toEqual({ closes: right, warnings: ['earlier_bars'] });
  expect(await bars('LATERWRONG', '?order=desc')).toEqual({ closes: right.toReversed(), warnings: ['earlier_bars'] });
  expect(await bars('LATERWRONG', '?quality=raw')).toEqual({ closes: inPence, warnings: [] });
  await tell(listing, right, 2);
  expect(await bars('LATERWRONG')).toEqual({ closes: right, warnings: [] });
});

it('a bar that was wrong before as well, or was not known then, is left out', async () => {
  const listing = await registered(world.pool, 'yahoo', 'ALWAYSWRONG');
  await tell(listing, inPence, 0);
  const before = await databaseTime(world.pool);
  const without = right.filter((_, index) => index !== 4);
  expect(await bars('ALWAYSWRONG')).toEqual({ closes: without, warnings: ['wrong_bars'] });
  await tell(listing, right, 1);
  await tell(listing, inPence, 2);
  expect(await bars('ALWAYSWRONG')).toEqual({ closes: right, warnings: ['earlier_bars'] });
  expect((await bars('ALWAYSWRONG', `?knownAt=${before.toISOString()}`)).closes).not.toContain(101_00);
});

it('a right bar that comes only after a later wrong one is served too, and was not known before it came', async () => {
  const listing = await registered(world.pool, 'yahoo', 'COMESLATE');
  await tell(listing, inPence, 2);
  const without = right.filter((_, index) => index !== 4);
  const before = await databaseTime(world.pool);
  expect(await bars('COMESLATE')).toEqual({ closes: without, warnings: ['wrong_bars'] });
  await tell(listing, right, 1);
  expect(await bars('COMESLATE')).toEqual({ closes: right, warnings: ['earlier_bars'] });
  expect((await bars('COMESLATE', `?knownAt=${before.toISOString()}`)).closes).toEqual(without);
  expect(await bars('COMESLATE', '?quality=raw')).toEqual({ closes: inPence, warnings: [] });
  // The newest of what was said before it, whichever came last.
  await tell(
    listing,
    right.map((close) => (close === 101 ? 101.2 : close)),
    0,
  );
  expect((await bars('COMESLATE')).closes).toEqual(right);
});

it('a late bar that is wrong as well is not served in place of a wrong one', async () => {
  const listing = await registered(world.pool, 'yahoo', 'LATEANDWRONG');
  await tell(listing, inPence, 1);
  await tell(
    listing,
    right.map((close, index) => (index === 4 ? close * 1_000 : close)),
    0,
  );
  expect((await bars('LATEANDWRONG')).warnings).toEqual(['wrong_bars']);
});

it('a payment is taken off by the close that was right before, where the last one before its day is wrong', async () => {
  const listing = await registered(world.pool, 'yahoo', 'PAIDAFTERWRONG');
  const exDate = new Date(at(0)).toISOString().slice(0, 10);
  const days = barSeries(listing, right, { fetchedAt: at(0) }).bars.map((bar) => bar.date);
  const paid = { type: 'dividend', exDate: days[5] ?? exDate, ratio: null, amount: '2', currency: 'USD' } as const;
  const say = (closes: readonly number[], after: number) =>
    storeAnswer(store, 'yahoo', barSeries(listing, closes, { fetchedAt: at(0) + after * 86_400_000, actions: [paid] }));
  const adjustedBy = async (query: string) =>
    (await bars('PAIDAFTERWRONG', `?adjustment=splits_and_dividends${query}`)).closes[0];
  // The findings that matter are of bars that a page of one does not have.
  const total = async () => {
    const whole = await adjustedBy('');
    expect(await adjustedBy('&limit=1')).toBe(whole);
    return whole;
  };
  await say(right, 0);
  const adjusted = await total();
  expect(adjusted).toBeLessThan(100);
  await say(inPence, 1);
  expect(await total()).toBe(adjusted);
});
