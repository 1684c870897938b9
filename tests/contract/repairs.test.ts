import { beforeEach, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { wantHoleRepairs } from '../../core/adapters/postgres/prices/repair-wants.ts';
import type { CorporateAction } from '../../core/market/bar.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { storeAnswer } from '../support/judged-answer.ts';
import type { Pipeline } from '../support/pipeline.ts';
import { at, barSeries, column, registered } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: [] } });
let store: IngestStore;
beforeEach(async () => {
  store = postgresIngestStore(world.pool);
  await world.uncheckedFromNow('answers are stored without blobs');
});

const day = 86_400_000;
const split: CorporateAction = { type: 'split', exDate: '2026-11-12', ratio: '4', amount: null, currency: null };
const wanted = () =>
  column(
    world.pool,
    "SELECT why || ' ' || interval || ' ' || from_date || ' ' || to_date FROM repair_wanted ORDER BY 1",
  );
const tries = () => column(world.pool, "SELECT why || ' ' || tries FROM repair_read ORDER BY 1");
const backfills = () =>
  column(
    world.pool,
    "SELECT repair || ' ' || symbols[1] || ' ' || from_date || ' ' || to_date FROM backfill ORDER BY created_at",
  );
const stale = () => column(world.pool, 'SELECT count(*) FROM bar WHERE stale');

const closes = [100, 101, 100, 102, 101, 100, 101, 102, 101, 100, 101, 102];
/** Stores closes of November from the 2nd on, weekends too unless `only` says which, fetched so many days after the 20th. */
async function answer(
  listing: KnownListing,
  days: number,
  only: (index: number) => boolean = () => true,
  differs: { readonly actions?: readonly CorporateAction[]; readonly times?: number; readonly wrong?: number } = {},
) {
  const { actions = [], times = 1, wrong } = differs;
  const series = barSeries(
    listing,
    closes.map((close, index) => (index === wrong ? close * 100 : close * times)),
    { fetchedAt: at(0) + days * day, basisAt: at(0) + days * day, actions },
  );
  await storeAnswer(store, 'yahoo', { ...series, bars: series.bars.filter((_, index) => only(index)) });
}

async function tick(stages: Pipeline) {
  await stages.plan({ time: new Date().toISOString() });
}
async function work(stages: Pipeline) {
  await tick(stages);
  await stages.scrape();
  await stages.monitor();
  await stages.ingest();
  await stages.monitor();
  await tick(stages);
}

describe('bars that a split made stale', () => {
  const older = (index: number) => index < 6;
  const newer = (index: number) => index >= 6;

  it('are wanted again, read by a backfill of the planner, and wanted no more', async () => {
    const listing = await registered(world.pool, 'yahoo', 'AAPL');
    await answer(listing, -8, older, { times: 4 });
    await answer(listing, 1, newer, { actions: [split] });
    expect(await stale()).toEqual(['6']);
    expect(await wanted()).toEqual(['stale 1d 2026-11-02 2026-11-07']);
    const stages = world.pipeline();
    await tick(stages);
    expect(await backfills()).toEqual(['stale AAPL 2026-11-02 2026-11-07']);
    expect(await column(world.pool, "SELECT range->>'from' FROM task")).toEqual(['2026-11-02']);
    await work(stages);
    expect(await wanted()).toEqual([]);
    expect(await tries()).toEqual(['stale 1']);
    expect(await backfills()).toHaveLength(1);
  });

  it('are wanted no more when another answer has read them', async () => {
    const listing = await registered(world.pool, 'yahoo', 'MSFT');
    await answer(listing, -8, older, { times: 4 });
    await answer(listing, 1, newer, { actions: [split] });
    expect(await wanted()).toHaveLength(1);
    await world.pool.query("UPDATE repair_wanted SET wanted_at = '2026-11-20'");
    await answer(listing, 2, () => true, { actions: [split] });
    expect([await stale(), await wanted()]).toEqual([['0'], []]);
  });

  it('are not wanted of a source that has no bars by date', async () => {
    const listing = await registered(world.pool, 'coingecko', 'BTC');
    const series = barSeries(listing, closes.slice(0, 5), { fetchedAt: at(0) - 8 * day });
    await storeAnswer(store, 'coingecko', series);
    const later = barSeries(listing, closes, { fetchedAt: at(0) + day, actions: [split] });
    await storeAnswer(store, 'coingecko', { ...later, bars: later.bars.slice(6) });
    expect(await wanted()).toHaveLength(1);
    await tick(world.pipeline());
    expect([await wanted(), await backfills()]).toEqual([[], []]);
  });
});

/** Lets a day pass for what is remembered of repairs. */
async function passDay() {
  await world.pool.query(`UPDATE repair_wanted SET wanted_at = '2026-11-01'`);
  await world.pool.query(`UPDATE repair_read SET read_at = read_at - interval '1 day'`);
}

describe('a source that keeps telling the same', () => {
  it.each([
    ['wrong', () => true, 4, 'wrong 1d 2026-11-06 2026-11-06'],
    ['hole', (index: number) => index !== 4, undefined, 'hole 1d 2026-11-06 2026-11-06'],
  ] as const)('is asked three times for what is %s, and for no other days', async (why, only, wrong, wish) => {
    const listing = await registered(world.pool, 'yahoo', `KEEPS-${why.toUpperCase()}`);
    const asked: boolean[] = [];
    // Each answer ends the wish of the one before, as a job's answers do.
    for (let days = 0; days < 40; days += 1) {
      // Other prices each time: a finding that is told again as it was is nothing new.
      await answer(listing, days, only, { times: 1 + days / 1_000, ...(wrong === undefined ? {} : { wrong }) });
      const hole = {
        sourceId: 'yahoo',
        listingId: listing.id,
        interval: '1d',
        from: '2026-11-06',
        to: '2026-11-06',
      } as const;
      if (why === 'hole') await wantHoleRepairs(world.pool, [hole]);
      const now = await wanted();
      if (now.length > 0) expect(now).toEqual([wish]);
      asked.push(now.length > 0);
      await passDay();
    }
    expect(await tries()).toEqual([`${why} 3`]);
    expect(asked.filter(Boolean)).toHaveLength(3);
  });
});

it('a day has a limit for each source, whatever is wanted', async () => {
  const listings = await Promise.all(
    Array.from({ length: 30 }, (_, n) => registered(world.pool, 'yahoo', `LIMIT${n}`)),
  );
  for (const { id } of listings)
    await world.pool.query(
      `INSERT INTO repair_wanted VALUES ($1, 'yahoo', '1d', 'stale', '1950-01-01', '2026-11-01', now() - interval '1 hour', now() - interval '1 hour')`,
      [id],
    );
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ('00000000-0000-4000-8000-000000000001', 'yahoo', 'daily-bars', 'bars', 'backfill', 'x', now())`,
  );
  await world.pool.query(
    `INSERT INTO backfill (run_id, source_id, interval, symbols, from_date, to_date, chunks, created_at, repair)
     VALUES ('00000000-0000-4000-8000-000000000001', 'yahoo', '1d', '{AAPL}', '2020-01-01', '2020-01-02', 1970, now(), 'stale')`,
  );
  await tick(world.pipeline());
  // Two thousand a day are a tenth; each of these is 16 chunks.
  expect((await backfills()).filter((line) => line?.includes('LIMIT'))).toHaveLength(1);
});
