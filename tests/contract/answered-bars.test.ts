import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { BarRange } from '../../core/contracts/messages.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { BatchHeader, IngestStore } from '../../core/ports/ingest-store.ts';
import { at, barSeries, column, header, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)), connections: 2, keepRows: true });
let store: IngestStore;

beforeAll(() => {
  store = postgresIngestStore(world.pool);
});

const day = 86_400_000;
const daily = { kind: 'bars', window: { interval: '1d', days: 400 } } as const;

const answer = (rows: Parameters<typeof stored>[2], of: Partial<BatchHeader> = daily) =>
  stored(store, 'test', rows, header('test', of));
const series = async (listing: number, what = "interval || ' ' || answered") =>
  column(world.pool, `SELECT ${what} FROM bar_series WHERE listing_id = $1 ORDER BY 1`, [listing]);

/** A chunk of a backfill, and the header of its batch. */
async function chunk(range: BarRange): Promise<Partial<BatchHeader>> {
  const runId = randomUUID();
  await world.pool.query(
    `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at) VALUES ($1, 'test', 'daily', 'bars', 'backfill', $2, now())`,
    [runId, runId],
  );
  await world.pool.query(
    `INSERT INTO task (run_id, part, source_id, symbols, due_at, range) VALUES ($1, 0, 'test', '{X}', now(), $2)`,
    [runId, range],
  );
  return { ...daily, runId };
}

describe('what a source has answered for', () => {
  it('is the range of its job, as far as it had settled, and the newest answer', async () => {
    const listing = await registered(world.pool, 'test', 'JOB');
    await answer({ bars: [barSeries(listing, [100, 101])] });
    expect(await series(listing.id)).toEqual(['1d {[2025-10-16,2026-11-19)}']);
    expect(await series(listing.id, "newest_from || ' ' || newest_at")).toEqual(['2025-10-16 2026-11-20 12:00:00+00']);
    await answer({ bars: [barSeries(listing, [100, 101], { fetchedAt: at(0) + day })] });
    expect(await series(listing.id)).toEqual(['1d {[2025-10-16,2026-11-20)}']);
    // An answer that comes late is not the newest.
    await answer({ bars: [barSeries(listing, [100, 101], { fetchedAt: at(0) - 5 * day })] });
    expect(await series(listing.id, 'newest_at::text')).toEqual(['2026-11-21 12:00:00+00']);
  });

  it('begins with the first bar where the range cannot be chosen', async () => {
    const listing = await registered(world.pool, 'test', 'CHOSEN');
    await answer({ bars: [barSeries(listing, [100])] }, { kind: 'bars', window: { interval: '1d', days: null } });
    expect(await series(listing.id)).toEqual(['1d {[2026-11-02,2026-11-19)}']);
  });

  it('is the range of a chunk, though there are no bars in it', async () => {
    const listing = await registered(world.pool, 'test', 'CHUNK');
    const none = (more: Partial<BarSeries> = {}) => ({ bars: [barSeries(listing, [], more)] });
    await answer(none(), await chunk({ from: '2020-01-01', to: '2020-12-31', interval: '1d' }));
    await answer(none(), await chunk({ from: '2022-01-01', to: '2022-12-31', interval: '1d' }));
    await answer(none(), await chunk({ from: '2026-01-01', to: '2026-11-20', interval: '1wk' }));
    expect(await series(listing.id)).toEqual([
      '1d {[2020-01-01,2021-01-01),[2022-01-01,2023-01-01)}',
      '1wk {[2026-01-01,2026-11-19)}',
    ]);
    expect(await series(listing.id, "interval || ' ' || coalesce(newest_at::text, 'none')")).toEqual([
      '1d none',
      '1wk 2026-11-20 12:00:00+00',
    ]);
  });

  it('has the days without a trade', async () => {
    const listing = await registered(world.pool, 'test', 'THIN');
    await answer({ bars: [barSeries(listing, [100], { untraded: ['2026-11-05', '2026-11-06', '2026-11-20'] })] });
    await answer({ bars: [barSeries(listing, [100], { untraded: ['2026-11-09'] })] });
    expect(await series(listing.id, 'untraded::text')).toEqual(['{[2026-11-05,2026-11-07),[2026-11-09,2026-11-10)}']);
  });

  it('ends when it does not know the symbol any more, until it does', async () => {
    const listing = await registered(world.pool, 'test', 'GONE');
    const since = () => series(listing.id, "coalesce(unknown_since::text, 'known')");
    await answer({ bars: [barSeries(listing, [100])] });
    await answer({ unknown: [{ symbol: 'GONE', at: at(0) - day }] });
    expect(await since()).toEqual(['known']);
    for (const days of [1, 2]) await answer({ unknown: [{ symbol: 'GONE', at: at(0) + days * day }] });
    expect(await since()).toEqual(['2026-11-21 12:00:00+00']);
    await answer({ bars: [barSeries(listing, [100], { fetchedAt: at(0) + 3 * day })] });
    expect(await since()).toEqual(['known']);
  });
});
