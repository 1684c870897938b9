import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { memoryHistoryFiles } from '../../core/adapters/memory/history-files.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { coldHistory } from '../../core/adapters/parquet/cold-history.ts';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { nightlyRetention, removeExpired } from '../../core/adapters/postgres/database/retention.ts';
import { archiveIndex } from '../../core/adapters/postgres/history/archive-index.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { usualRetention } from '../../core/planning/retention.ts';
import { tieredHistory } from '../../core/serving/tiered-history.ts';
import { archiveQuotes } from '../../functions/maintain/archive-quotes.ts';
import { keepFindings, keepVersions, type Version } from '../support/history-rows.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const now = new Date('2027-03-15T03:00:00Z');
const day = (month: number, date: number, hour = 0) => new Date(Date.UTC(2026, month - 1, date, hour));
const quote = (asOf: Date, of: Partial<Version> = {}): Version => ({
  ...{ listing: 1, source: 'yahoo', asOf, price: '100', from: new Date(asOf.getTime() + 60_000) },
  ...of,
});

const named: Readonly<Record<string, Version>> = {
  'the row of a finding': quote(day(8, 3)),
  'a former row of a finding': quote(day(8, 4), { to: day(8, 4, 2) }),
  'a row': quote(day(8, 5)),
  'a former row': quote(day(8, 6), { price: '99', to: day(8, 6, 2) }),
  'a row of the month after': quote(day(9, 5)),
  'a row of which the run is there': quote(day(9, 6)),
  'the newest row': quote(day(9, 7)),
};
const idRow = z.array(z.object({ id: z.string() }));
const blobKeys = z.array(z.object({ blobKey: z.string().nullable() }));

describe('the batch of quotes', () => {
  const files = memoryHistoryFiles();
  let database: TestDatabase | null = null;
  let pool: Pool;
  let batches: ReadonlyMap<string, string>;
  beforeEach(async () => {
    await database?.stop();
    database = await startTestDatabase();
    pool = database.pool();
    files.files.clear();
    const made = new Map<string, string>();
    // Findings name this one, and not that of their row.
    await keepVersions(pool, []);
    for (const [name, version] of Object.entries(named)) {
      await keepVersions(pool, [version]);
      const { rows } = await pool.query(
        `UPDATE batch SET ingested_at = $1 WHERE id = (SELECT max(id) FROM batch) RETURNING id::text AS id`,
        [version.from],
      );
      made.set(idRow.parse(rows)[0]?.id ?? '', name);
    }
    batches = made;
    for (const name of ['the row of a finding', 'a former row of a finding'])
      await keepFindings(pool, [{ of: named[name] ?? quote(now), status: 'dismissed', openedAt: day(8, 10) }]);
    await pool.query(
      `UPDATE latest_quote l SET batch_id = q.batch_id FROM quote q
       WHERE q.listing_id = l.listing_id AND q.source = l.source AND q.as_of = l.as_of`,
    );
    await pool.query(
      `INSERT INTO run (id, source_id, job, kind, trigger, slot, due_at)
       SELECT run_id, 'yahoo', 'quotes', 'quotes', 'schedule', 's', $2 FROM batch WHERE ingested_at = $1`,
      [named['a row of which the run is there']?.from, now],
    );
    await pool.query('DELETE FROM list_change');
  });
  afterAll(() => database?.stop());

  const archive = async () => {
    const { done } = await archiveQuotes(
      { store: archiveStore(pool), files, removal: memoryRawStore(), format: parquetQuotes },
      now.getTime(),
      2,
    );
    expect(done).toBe(true);
  };
  const gone = async () => {
    const { rows } = await pool.query(`SELECT id::text AS id FROM batch`);
    const left = new Set(idRow.parse(rows).map(({ id }) => id));
    return [...batches].flatMap(([id, name]) => (left.has(id) ? [] : [name]));
  };
  const history = async () => {
    const index = archiveIndex(pool);
    const reader = tieredHistory(quoteReader(pool), coldHistory(index, files), index)(everySource);
    return reader.history({
      ...{ listingId: 1, source: 'yahoo', from: '-infinity', to: 'infinity', knownAt: null },
      ...{ revisions: true, raw: true, repaired: false, order: 'asc', after: null, limit: 100 },
    });
  };

  it('stays while its quotes are in the database, however old they are', async () => {
    expect((await maintainDatabase(pool, now)).removedOf).toEqual({});
    expect(await gone()).toEqual([]);
  });

  it('goes when all of its quotes are in the archive, which says where each came from', async () => {
    await archive();
    const before = await history();
    expect(blobKeys.parse(before).every(({ blobKey }) => blobKey?.startsWith('raw/'))).toBe(true);
    expect((await maintainDatabase(pool, now)).removedOf).toEqual({ batch: 3 });
    expect(await gone()).toEqual(['a row', 'a former row', 'a row of the month after']);
    expect(await history()).toEqual(before);
    expect(before).toHaveLength(Object.keys(named).length);
    expect((await maintainDatabase(pool, now)).removedOf).toEqual({});
  });

  it('stays while the former rows of its month are kept beside the archive', async () => {
    await archive();
    await pool.query(
      `UPDATE quote_archive SET former = 'archived_quote_2026_09', former_until = 'infinity' WHERE month = '2026-09-01'`,
    );
    await maintainDatabase(pool, now);
    expect(await gone()).toEqual(['a row', 'a former row']);
  });

  it('stays for the days of runs', async () => {
    await archive();
    const days = (now.getTime() - day(9, 1).getTime()) / 86_400_000;
    await maintainDatabase(pool, now, { ...usualRetention, runs: days });
    expect(await gone()).toEqual(['a row', 'a former row']);
  });

  it('stays where it is of anything but quotes', async () => {
    await archive();
    await pool.query(`UPDATE batch SET kind = 'bars' WHERE ingested_at = $1`, [named['a row']?.from]);
    await maintainDatabase(pool, now);
    expect(await gone()).toEqual(['a former row', 'a row of the month after']);
  });

  it('is found behind those that stay, a few at a time, and what is left goes the next night', async () => {
    await archive();
    expect(await removeExpired(pool, now, usualRetention, { ...nightlyRetention, ms: 0 })).toEqual({
      removed: {},
      done: false,
    });
    const all = await removeExpired(pool, now, usualRetention, { ...nightlyRetention, rows: 1 });
    expect(all).toEqual({ removed: { batch: 3 }, done: true });
  });
});
