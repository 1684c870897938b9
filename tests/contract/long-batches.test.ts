/**
 * Batches that take the processor for long. The database ends a transaction that says nothing for ten seconds, and a blob as
 * large as blobs may be, on a slow processor, was taken for a container that is gone.
 */
import { afterEach, expect, it } from 'vitest';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { patientLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import type { BarSeries } from '../../core/market/bar-series.ts';
import type { Decision } from '../../core/prices/decision.ts';
import { at, barSeries, column, header, registered } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(at(0)) });
const idleLimitMs = 2_000;
const pools: Pool[] = [];
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

/** A container whose transactions are ended after a silence of two seconds. */
function impatient(): Pool {
  const pool = createPool({ url: world.databaseUrl }, 1, { ...patientLimits, idleInTransaction: idleLimitMs });
  pools.push(pool);
  return pool;
}

/** Keeps the processor, so that nothing else of this process gets a turn. */
function compute(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

function decisionOn(bars: readonly BarSeries[]): Decision {
  const verdict = { status: 'succeeded', reason: null, detail: null, message: null } as const;
  return { quotes: [], bars, rejected: [], statistics: [], verdict };
}

it('a batch that is judged for longer than a silent transaction lives is stored, as long as it rests between', async () => {
  const listing = await registered(world.pool, 'test', 'LONG');
  const store = postgresIngestStore(impatient());
  const stored = await store.store(header('test', { kind: 'bars' }), [listing.id], async ({ rest }) => {
    for (let worked = 0; worked < 2 * idleLimitMs; worked += 300) {
      compute(300);
      await rest?.();
    }
    return decisionOn([barSeries(listing, ['10', '11'])]);
  });
  expect(stored).toMatchObject({ accepted: 2, written: 2 });
});

it('a silence in it is what ends it', async () => {
  const listing = await registered(world.pool, 'test', 'SILENT');
  const store = postgresIngestStore(impatient());
  const stored = store.store(header('test', { kind: 'bars' }), [listing.id], async () => {
    compute(2 * idleLimitMs);
    return decisionOn([barSeries(listing, ['10'])]);
  });
  await expect(stored).rejects.toThrow();
  expect(await column(world.pool, 'SELECT count(*) FROM batch')).toEqual(['0']);
});

it('many bars are laid out statement by statement, and not all before the first', async () => {
  const some = await Promise.all(['A', 'B', 'C'].map((symbol) => registered(world.pool, 'test', symbol)));
  const said: string[] = [];
  const closes = Array.from({ length: 6_000 }, (_, index) => String(100 + (index % 7)));
  const bars = some.map((listing): BarSeries => {
    const series = barSeries(listing, closes);
    return { ...series, basisAt: at(0), fetchedAt: at(0), bars: noting(series, said) };
  });
  const pool = impatient();
  pool.on('connect', (connection) => {
    const query = connection.query.bind(connection);
    Object.assign(connection, {
      query: (...statement: Parameters<typeof query>) => {
        if (JSON.stringify(statement[0]).includes('store-bars')) said.push('store');
        return query(...statement);
      },
    });
  });
  const listingIds = some.map(({ id }) => id);
  const decided = async () => {
    said.length = 0;
    return decisionOn(bars.toReversed());
  };
  const stored = await postgresIngestStore(pool).store(header('test', { kind: 'bars' }), listingIds, decided);
  expect(stored).toMatchObject({ accepted: 18_000, written: 18_000 });
  // By listing, whatever their order in the answer: every batch locks them so.
  const [first, ...others] = listingIds.toSorted((a, b) => a - b).map(String);
  expect(said.filter((each, index) => each !== said[index - 1])).toEqual([
    ...[first, 'store'],
    ...others.flatMap((id) => [id, 'store']),
  ]);
});

/** The bars of a series, which say so when they are laid out. */
function noting(series: BarSeries, said: string[]): BarSeries['bars'] {
  return Object.assign([...series.bars], {
    toSorted(this: BarSeries['bars'], compare: (a: BarSeries['bars'][number], b: BarSeries['bars'][number]) => number) {
      said.push(String(series.listing.id));
      return [...this].sort(compare);
    },
  });
}
