import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryHistoryFiles } from '../../core/adapters/memory/history-files.ts';
import { coldHistory } from '../../core/adapters/parquet/cold-history.ts';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { archiveIndex } from '../../core/adapters/postgres/history/archive-index.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import { historyManifestSchema } from '../../core/contracts/history-manifest.ts';
import { tieredHistory } from '../../core/serving/tiered-history.ts';
import { archiveQuotes } from '../../functions/maintain/archive-quotes.ts';
import { keepVersions } from '../support/history-rows.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

const now = Date.UTC(2026, 10, 15, 3);
const day = (month: number, date: number, hour = 0) => new Date(Date.UTC(2026, month - 1, date, hour));
const yahoo = { listing: 1, source: 'yahoo' };

const files = memoryHistoryFiles();
let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  await keepVersions(database.pool(), [
    { ...yahoo, asOf: day(8, 3), price: '10', from: day(8, 3, 1) },
    { ...yahoo, asOf: day(8, 4), price: '20', from: day(8, 4, 1) },
    { ...yahoo, asOf: day(8, 5), price: '30', from: day(8, 5, 1) },
    { ...yahoo, asOf: day(10, 5), price: '90', from: day(10, 5, 1) },
  ]);
});
afterAll(() => database.stop());

const archive = (at = now) =>
  archiveQuotes(
    {
      store: archiveStore(database.pool()),
      files,
      removal: {
        async remove(keys) {
          for (const key of keys) files.files.delete(key);
        },
      },
      format: parquetQuotes,
    },
    at,
    2,
  );

async function read() {
  const index = archiveIndex(database.pool());
  const reader = tieredHistory(quoteReader(database.pool()), coldHistory(index, files), index)(everySource);
  const rows = await reader.history({
    ...{ listingId: 1, source: 'yahoo', from: '-infinity', to: '2026-09-01T00:00:00Z', knownAt: null, revisions: true },
    ...{ raw: false, repaired: false, order: 'asc', after: null, limit: 100 },
  });
  return rows.map((row) => [
    row.asOf.toISOString().slice(0, 10),
    row.price,
    row.knownFrom.slice(0, 10),
    row.knownTo?.slice(0, 10) ?? null,
  ]);
}

const stays = async () => {
  const { rows } = await database.pool().query(`SELECT count(*)::int AS count FROM quote WHERE as_of < '2026-09-01'`);
  return rows[0]?.count;
};

it('a correction of an archived month is read at once, and is a file after the next run', async () => {
  expect(await archive()).toMatchObject({ months: ['2026-08'], rows: 3, folded: [], done: true });
  expect(await stays()).toBe(0);

  await keepVersions(database.pool(), [
    // Another price, the same one again, one that was fetched before, and one that was not there.
    { ...yahoo, asOf: day(8, 3), price: '11', from: day(11, 1) },
    { ...yahoo, asOf: day(8, 4), price: '20.0', from: day(11, 1) },
    { ...yahoo, asOf: day(8, 5), price: '31', from: day(8, 5) },
    { ...yahoo, asOf: day(8, 6), price: '40', from: day(11, 1) },
  ]);
  const corrected = [
    ['2026-08-03', '10', '2026-08-03', '2026-11-01'],
    ['2026-08-03', '11', '2026-11-01', null],
    ['2026-08-04', '20', '2026-08-04', null],
    ['2026-08-05', '30', '2026-08-05', null],
    ['2026-08-06', '40', '2026-11-01', null],
  ];
  expect(await read()).toEqual(corrected);

  expect(await archive()).toMatchObject({ months: [], folded: ['2026-08'], done: true });
  expect(await stays()).toBe(0);
  expect(await read()).toEqual(corrected);

  const manifests = [...files.files]
    .filter(([key]) => key.endsWith('.json'))
    .map(([, bytes]) => historyManifestSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8'))));
  expect(manifests.map(({ version, rows }) => [version, rows])).toEqual([
    [1, 3],
    [2, 5],
  ]);
  // The former file and the former rows go when nobody reads them any more.
  const parquet = () =>
    [...files.files.keys()].filter((key) => key.includes('month=2026-08/') && key.endsWith('.parquet')).length;
  expect(parquet()).toBe(2);
  await archive(Date.now() + 8 * 86_400_000);
  expect(parquet()).toBe(1);
  const { rows } = await database.pool().query(`SELECT to_regclass('archived_quote_2026_08') AS former`);
  expect(rows).toEqual([{ former: null }]);
  expect(await read()).toEqual(corrected);
});
