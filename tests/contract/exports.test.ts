import { createHash, randomUUID } from 'node:crypto';
import { zstdDecompressSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { memoryHistoryFiles } from '../../core/adapters/memory/history-files.ts';
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { parquetExports } from '../../core/adapters/parquet/export-format.ts';
import { exportRows } from '../../core/adapters/parquet/export-rows.ts';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { maintainDatabase } from '../../core/adapters/postgres/database/housekeeping.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { exportStore, exportWorkStore } from '../../core/adapters/postgres/history/export-store.ts';
import { VisibleSources } from '../../core/auth/visible-sources.ts';
import { type ExportedFile, exportManifestSchema } from '../../core/contracts/http/exports.ts';
import { exportMessageSchema } from '../../core/contracts/messages.ts';
import { mostReceives } from '../../core/contracts/queues.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { sumOf } from '../../core/market/decimal.ts';
import type { ExportAsked } from '../../core/ports/export-store.ts';
import { sameNumber } from '../../core/prices/history/late-rows.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { archiveQuotes } from '../../functions/maintain/archive-quotes.ts';
import { type ExportDependencies, usualExportLimits, writeExport } from '../../functions/write-exports/write-export.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { keepExportable, type SeriesSums, storedSums } from '../support/export-rows.ts';
import { killed } from '../support/killed.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { randomFrom } from '../support/random.ts';

const seed = chosenSeed('exports');
const random = randomFrom(seed);
const now = Date.UTC(2026, 10, 15, 3);
const files = memoryHistoryFiles();
const queue = memoryMessageQueue();
const logged: unknown[] = [];

let database: TestDatabase;
let pool: Pool;
/** What was stored before anything went to the archive: rows and sums by listing and source. */
let stored: readonly SeriesSums[];

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
  await keepExportable(pool, random);
  stored = await storedSums(pool);
  const archive = { store: archiveStore(pool), files, removal: memoryRawStore(), format: parquetQuotes };
  const { months } = await archiveQuotes(archive, now, 2, { rowsOfFile: 100, ms: 600_000 });
  // October is in the database.
  expect(months).toEqual(['2026-07', '2026-08', '2026-09']);
  return () => database.stop();
});

function dependencies(differs: Partial<ExportDependencies> = {}): ExportDependencies {
  return {
    store: exportWorkStore(pool),
    rows: exportRows(pool, files, () => now),
    files,
    format: parquetExports,
    queue,
    catalogue,
    now: () => now,
    log: (error) => logged.push(error),
    ...differs,
  };
}

const compressors = Object.fromEntries([['ZSTD', (packed: Uint8Array) => zstdDecompressSync(packed)]]);
const small = { ...usualExportLimits, rowsOfFile: 50 };

async function asked(differs: Partial<ExportAsked & { readonly listings: readonly number[] }> = {}): Promise<string> {
  const id = randomUUID();
  const use: KeyUse = differs.use ?? 'internal';
  await exportStore(pool)(VisibleSources.of(use, catalogue)).create({
    ...{
      id,
      use,
      symbols: null,
      exchange: null,
      intervals: ['tick', '1d', '1h'],
      from: '2026-07-01',
      to: '2026-11-01',
    },
    ...{ leftOut: [], createdAt: new Date(now), keyId: null, listings: [1, 2, 3, 4] },
    ...differs,
  });
  await queue.send('exports', [{ exportId: id }]);
  return id;
}

/** Handles messages until there are none. */
async function work(world: ExportDependencies, limits = small): Promise<number> {
  let handled = 0;
  for (let taken = queue.take('exports'); taken.length > 0; taken = queue.take('exports'))
    for (const message of taken) {
      handled++;
      await writeExport(exportMessageSchema.parse(message), world, limits);
    }
  return handled;
}

const manifestOf = async (id: string) =>
  exportManifestSchema.parse(JSON.parse(Buffer.from(await files.get(`exports/${id}/_manifest.json`)).toString('utf8')));
const progressOf = (id: string) => exportStore(pool)(VisibleSources.of('internal', catalogue)).one(id);

async function rowsIn({ key, sha256, bytes }: ExportedFile): Promise<Record<string, unknown>[]> {
  const content = await files.get(key);
  expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256]);
  return parquetReadObjects({
    file: Uint8Array.from(content).buffer,
    compressors,
  });
}

/** Rows and sums by listing and source of the quotes in an export, counted from its files. */
async function countedOf(id: string) {
  const { readQuotes, quoteFileMetadata } = await import('../../core/adapters/parquet/read-quotes.ts');
  const counted = new Map<string, { rows: number; price: string[]; volume: (string | null)[] }>();
  for (const { key, table, bytes } of (await manifestOf(id)).files) {
    if (table !== 'quotes') continue;
    const file = { bytes, read: (from: number, to: number) => files.read(key, from, to) };
    for (const row of await readQuotes(file, await quoteFileMetadata(file), null)) {
      const of = counted.get(`${row.listingId} ${row.source}`) ?? { rows: 0, price: [], volume: [] };
      counted.set(`${row.listingId} ${row.source}`, of);
      of.rows++;
      of.price.push(row.price);
      of.volume.push(row.volume);
    }
  }
  return [...counted]
    .map(([key, { rows, price, volume }]) => ({ key, rows, price: sumOf(price), volume: sumOf(volume) }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function expectSums(found: readonly SeriesSums[], expected: readonly SeriesSums[]): void {
  expect(found.map(({ key, rows }) => [key, rows])).toEqual(expected.map(({ key, rows }) => [key, rows]));
  for (const [at, row] of found.entries())
    for (const sum of ['price', 'volume'] as const)
      expect(sameNumber(row[sum], expected[at]?.[sum] ?? ''), `${row.key} ${sum}`).toBe(true);
}

it(`an export has all that is stored, in the archive and the database, with corrections (seed ${seed})`, async () => {
  const id = await asked();
  await work(dependencies());
  expect(logged).toEqual([]);
  expectSums(await countedOf(id), stored);
  const manifest = await manifestOf(id);
  const progress = await progressOf(id);
  expect(progress).toMatchObject({
    status: 'succeeded',
    rows: manifest.rows,
    files: manifest.files.length,
    expiresAt: new Date(now + 7 * 86_400_000),
  });
  expect(progress?.partsDone).toBe(progress?.parts);
  const paths = manifest.files.map(({ path }) => path.replace(/[^/]*$/, ''));
  for (const path of [
    'quotes/exchange=XNAS/interval=tick/month=2026-07/',
    'quotes/exchange=XLON/interval=tick/month=2026-10/',
    'bars/exchange=XNAS/interval=1h/month=2026-08/',
    'actions/exchange=XNAS/',
    'factors/exchange=XLON/',
  ])
    expect(paths).toContain(path);
  // Each file is of its folder alone.
  for (const file of manifest.files) {
    const rows = await rowsIn(file);
    expect(rows.length).toBe(file.rows);
    expect(new Set(rows.map((row) => row['mic']))).toEqual(new Set([file.exchange]));
    const at = file.table === 'quotes' ? 'as_of' : 'starts_at';
    if (file.month !== null)
      for (const row of rows) expect(z.date().parse(row[at]).toISOString().slice(0, 7)).toBe(file.month);
  }
});

it('it has bars with their revisions, corporate actions with theirs, and what a price of a day is multiplied with', async () => {
  const id = await asked({ intervals: ['1d'] });
  await work(dependencies());
  const { files: written } = await manifestOf(id);
  const all = async (table: string) =>
    (await Promise.all(written.filter((file) => file.table === table).map(rowsIn))).flat();
  const bars = await all('bars');
  const counted = await pool.query(
    `SELECT count(*)::int AS rows, sum(close)::text AS close FROM (SELECT close, interval FROM bar UNION ALL SELECT close, interval FROM bar_revision) b WHERE interval = '1d'`,
  );
  expect({ rows: bars.length }).toEqual({ rows: counted.rows[0]?.rows });
  expect(sameNumber(sumOf(written.flatMap(({ sums }) => sums?.price ?? [])), counted.rows[0]?.close)).toBe(true);
  expect(
    bars
      .filter((bar) => bar['listing_id'] === 1 && z.date().parse(bar['date']).toISOString().startsWith('2026-08-05'))
      .map((bar) => [bar['close'], bar['known_to'] === null || bar['known_to'] === undefined]),
  ).toEqual([
    [99.05, false],
    [100.05, true],
  ]);
  const actions = await all('actions');
  expect(
    actions.map((row) => [row['symbol'], row['type'], row['ratio'] ?? row['amount'], row['known_to'] == null]),
  ).toEqual([
    ['SYM1', 'split', 4, true],
    ['SYM1', 'dividend', 0.5, true],
    ['SYM2', 'dividend', 1.25, false],
    ['SYM2', 'dividend', 1.5, true],
  ]);
  const factors = await all('factors');
  const of = (symbol: string, day: string) =>
    factors.find((row) => row['symbol'] === symbol && z.date().parse(row['date']).toISOString().startsWith(day));
  // Bars are split-adjusted; a tick of before the split is of shares that are four now.
  expect(of('SYM1', '2026-08-07')).toMatchObject({ split_factor: 0.25 });
  expect(of('SYM1', '2026-08-10')).toMatchObject({ split_factor: 1 });
  expect(of('SYM1', '2026-09-10')).toMatchObject({ split_factor: 1, dividend_factor: 1 });
  expect(of('SYM1', '2026-09-09')?.['dividend_factor']).toBeCloseTo(1 - 0.5 / 100.09, 12);
  expect(of('SYM2', '2026-09-09')?.['dividend_factor']).toBeCloseTo(1 - 1.5 / 100.09, 12);
});

it('it is of the symbols, days and intervals that were asked for', async () => {
  const id = await asked({ listings: [2], intervals: ['1d'], from: '2026-08-04', to: '2026-08-06' });
  await work(dependencies());
  const { files: written } = await manifestOf(id);
  expect(written.map(({ table, rows }) => [table, rows])).toEqual([
    ['bars', 4],
    ['actions', 2],
    ['factors', 3],
  ]);
});

it('it leaves out rows of sources that its key may not see, and whatever is made of them', async () => {
  const id = await asked({ use: 'display', leftOut: ['yahoo', 'stooq'] });
  await work(dependencies());
  const { files: written, leftOut, use } = await manifestOf(id);
  expect([use, leftOut]).toEqual(['display', ['yahoo', 'stooq']]);
  expectSums(
    await countedOf(id),
    stored.filter(({ key }) => key.endsWith(' coingecko')),
  );
  for (const file of written)
    expect(new Set((await rowsIn(file)).map((row) => row['source']))).toEqual(new Set(['coingecko']));
});

it(`one that is killed at any step loses nothing and doubles nothing (seed ${seed})`, {
  timeout: 300_000,
}, async () => {
  const what = new Set<string>();
  for (let count = 0; count < 4; count++) {
    const id = await asked({ intervals: ['tick'], listings: [1, 3] });
    queue.take('exports');
    for (let run = 1; (await progressOf(id))?.status !== 'succeeded'; run++) {
      expect(run).toBeLessThan(500);
      const at = { left: random.between(1, 8), when: run % 2 === 0 ? 'before' : 'after', what };
      const world = dependencies();
      const dying = { ...world, store: killed(world.store, at), files: killed(files, at), queue: killed(queue, at) };
      await writeExport({ exportId: id }, dying, { ...small, ms: 0 }).catch((error) =>
        expect(error).toEqual(new Error('killed')),
      );
      // Nobody is so unlucky.
      await pool.query('UPDATE export SET tries = 0 WHERE id = $1', [id]);
    }
    expectSums(
      await countedOf(id),
      stored.filter(({ key }) => /^[13] /.test(key)),
    );
  }
  queue.take('exports');
  logged.splice(0);
  expect(what.size).toBeGreaterThanOrEqual(8);
});

it('works in stretches, and two that work on the same export write each row once', async () => {
  const id = await asked({ intervals: ['tick'] });
  const [message] = queue.take('exports');
  await queue.send('exports', [message]);
  const handled = await work(dependencies(), { ...small, ms: 0 });
  expect(handled).toBeGreaterThan(1);
  expectSums(await countedOf(id), stored);
  const twice = await asked({ intervals: ['tick'] });
  queue.take('exports');
  await Promise.all([1, 2].map(() => writeExport({ exportId: twice }, dependencies(), small)));
  await queue.send('exports', [{ exportId: twice }]);
  await work(dependencies());
  expectSums(await countedOf(twice), stored);
});

it('one that is cancelled, or grows too large, ends without files to give', async () => {
  const id = await asked();
  const mine = exportStore(pool)(VisibleSources.of('internal', catalogue));
  expect(await mine.cancel(id, new Date(now))).toBe(true);
  await work(dependencies());
  expect(await progressOf(id)).toMatchObject({ status: 'cancelled', files: 0, finishedAt: new Date(now) });
  const large = await asked();
  await work(dependencies(), { ...small, rows: 100 });
  expect(await progressOf(large)).toMatchObject({ status: 'failed', failure: 'too_many_rows' });
});

it('one that fails again and again is given up', async () => {
  const id = await asked();
  const put = () => Promise.reject(new Error('no room'));
  expect(await work(dependencies({ files: { put } }))).toBe(4);
  expect(await progressOf(id)).toMatchObject({ status: 'failed', failure: 'unexplained', files: 0 });
  expect(logged.splice(0)).toHaveLength(4);
});

it('one whose writer is stopped in the midst of it each time says so at the last delivery of its message', async () => {
  const id = await asked();
  const [message] = queue.take('exports');
  const world = dependencies();
  const stopped = { ...world, files: { put: () => new Promise<never>(() => {}) } };
  for (let delivery = 1; delivery < mostReceives('write-exports'); delivery++) {
    expect(await progressOf(id)).toMatchObject({ failure: null });
    void writeExport(exportMessageSchema.parse(message), stopped, small);
    await expect.poll(async () => (await exportWorkStore(pool).work(id))?.tries).toBe(delivery);
  }
  await writeExport(exportMessageSchema.parse(message), world, small);
  expect(await progressOf(id)).toMatchObject({
    ...{ status: 'failed', failure: 'interrupted', files: 0 },
    finishedAt: new Date(now),
  });
  expect(queue.take('exports')).toEqual([]);
});

it('one that gets on between two stops has all tries again', async () => {
  const id = await asked({ intervals: ['tick'] });
  queue.take('exports');
  // The first file after each progress fails once: there may be several between two.
  let fails = true;
  const put = (...given: Parameters<typeof files.put>) => {
    const now = fails;
    fails = false;
    return now ? Promise.reject(new Error('no room')) : files.put(...given);
  };
  const { store: plain, ...world } = dependencies({ files: { put } });
  const advance: typeof plain.advance = async (...given) => {
    fails = true;
    return plain.advance(...given);
  };
  const store = { ...plain, advance };
  const delays: (number | undefined)[] = [];
  const waiting = { ...queue, send: async (_: string, __: unknown, delay?: number) => void delays.push(delay) };
  for (let tries = 0; (await store.work(id)) !== null; tries++) {
    expect(tries).toBeLessThan(100);
    await writeExport({ exportId: id }, { ...world, store, queue: waiting }, small);
  }
  expect(await progressOf(id)).toMatchObject({ status: 'succeeded', failure: null });
  expectSums(await countedOf(id), stored);
  expect(logged.splice(0).length).toBeGreaterThan(4);
  expect(new Set(delays)).toEqual(new Set([20]));
});

it('one that is left open for days, because its message is lost, is ended by the housekeeping', async () => {
  const [lost, fresh] = [await asked({ createdAt: new Date(now - 49 * 3_600_000) }), await asked()];
  queue.take('exports');
  expect((await maintainDatabase(pool, new Date(now))).exportsEnded).toBe(1);
  expect(await progressOf(lost)).toMatchObject({
    ...{ status: 'failed', failure: 'interrupted' },
    finishedAt: new Date(now),
  });
  expect(await progressOf(fresh)).toMatchObject({ status: 'waiting', failure: null });
  await writeExport({ exportId: lost }, dependencies(), small);
  expect(await progressOf(lost)).toMatchObject({ files: 0 });
});
