import { describe, expect, it } from 'vitest';
import { coverageReader } from '../../core/adapters/postgres/prices/coverage-reader.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { wantHoleRepairs } from '../../core/adapters/postgres/prices/repair-wants.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { type HoleLimits, nightlyHoles, wantHoles } from '../../functions/maintain/want-holes.ts';
import { barSeries, column, header, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const day = 86_400_000;
const now = Date.UTC(2026, 10, 30, 2);
const world = useWorld({ partitionsAt: new Date(now) });

/** Daily bars of two weeks of November, but for those of some days, from one answer for each bar. */
async function storeDays(symbol: string, absent: readonly number[], source = 'yahoo') {
  const listing = await registered(world.pool, source, symbol);
  const { bars } = barSeries(
    listing,
    Array.from({ length: 19 }, () => 100),
  );
  for (const bar of bars) {
    const date = new Date(bar.startsAt);
    if ([0, 6].includes(date.getUTCDay()) || absent.includes(date.getUTCDate())) continue;
    const series = barSeries(listing, [], { fetchedAt: bar.startsAt + 2 * day });
    await stored(
      postgresIngestStore(world.pool),
      source,
      { bars: [{ ...series, bars: [bar] }] },
      header(source, { kind: 'bars', window: { interval: '1d', days: 0 } }),
    );
  }
  return listing;
}

const wanted = () =>
  column(
    world.pool,
    `SELECT a.symbol || ' ' || w.interval || ' ' || w.why || ' ' || w.from_date || ' ' || w.to_date
     FROM repair_wanted w JOIN symbol_alias a ON a.listing_id = w.listing_id AND a.namespace = 'canonical' ORDER BY 1`,
  );
const want = (limits: HoleLimits = nightlyHoles, at = now) =>
  wantHoles(
    {
      coverage: coverageReader(world.pool)(everySource),
      catalogue,
      want: (wishes) => wantHoleRepairs(world.pool, wishes),
    },
    at,
    limits,
  );

describe('holes of stored series', () => {
  it('are wanted again between the first and the last bar, once however often it is looked', async () => {
    await storeDays('WHOLE', []);
    await storeDays('HOLES', [6, 12, 13]);
    await storeDays('LATE', [2, 3, 19, 20]);
    expect(await want()).toEqual({ series: 3, holes: 1 });
    expect(await wanted()).toEqual(['HOLES 1d hole 2026-11-06 2026-11-13']);
    await want();
    expect(await wanted()).toEqual(['HOLES 1d hole 2026-11-06 2026-11-13']);
  });

  it('are none on closed days, of days without a trade, and of sources that give no bars by date', async () => {
    const quiet = await storeDays('QUIET', [6]);
    await storeDays('DATELESS', [6], 'alpha-vantage');
    await world.pool.query("UPDATE bar_series SET untraded = '{[2026-11-06,2026-11-06]}' WHERE listing_id = $1", [
      quiet.id,
    ]);
    expect(await want()).toMatchObject({ holes: 0 });
    expect(await wanted()).toEqual([]);
  });

  it('have bounds each night, and each has its turn', async () => {
    for (const symbol of ['A1', 'A2', 'A3', 'A4', 'A5']) await storeDays(symbol, [6]);
    const limits = { ...nightlyHoles, series: 2 };
    expect(await want(limits)).toEqual({ series: 2, holes: 2 });
    expect(await wanted()).toHaveLength(2);
    for (let night = 1; night <= 10; night += 1) await want(limits, now + night * day);
    expect(await wanted()).toHaveLength(5);
    await world.pool.query('DELETE FROM repair_wanted');
    expect(await want({ ...nightlyHoles, wishes: 3 })).toMatchObject({ holes: 3 });
    expect(await wanted()).toHaveLength(3);
  });
});
