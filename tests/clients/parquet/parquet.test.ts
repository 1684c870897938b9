import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { memoryHistoryFiles } from '../../../core/adapters/memory/history-files.ts';
import { memoryRawStore } from '../../../core/adapters/memory/raw-store.ts';
import { parquetQuotes } from '../../../core/adapters/parquet/quote-format.ts';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { archiveStore } from '../../../core/adapters/postgres/history/archive-store.ts';
import { sameNumber } from '../../../core/prices/history/late-rows.ts';
import { archiveQuotes } from '../../../functions/maintain/archive-quotes.ts';
import { root } from '../../../localstack/state-folder.ts';
import { chosenSeed } from '../../support/chosen-seed.ts';
import { sectionsOf } from '../../support/doc-examples.ts';
import { keepExportable, type SeriesSums, storedSums, writtenExport } from '../../support/export-rows.ts';
import { startTestDatabase, type TestDatabase } from '../../support/postgres.ts';
import { randomFrom } from '../../support/random.ts';
import { installedPython, run } from '../install.ts';

const seed = chosenSeed('parquet for others');
const now = Date.UTC(2026, 10, 15, 3);
const sums = z.array(z.object({ key: z.string(), rows: z.int(), price: z.string(), volume: z.string() }));
const saidSchema = z.object({
  exported: sums,
  archived: sums,
  pandas: sums,
  types: z.record(z.string(), z.string()),
  bars: z.array(z.object({ rows: z.int(), close: z.string() })),
  folders: z.array(z.object({ exchange: z.string(), interval: z.string(), month: z.string() })),
  instants: z.array(z.object({ newest: z.string() })),
  adjusted: z.array(z.object({ symbol: z.string(), date: z.string(), close: z.string(), adjusted: z.string() })),
});

let database: TestDatabase;
let pool: Pool;
let python: string;
let folder: string;
let all: readonly SeriesSums[];
let archived: readonly SeriesSums[];

/** The examples of the page of the API, by language. */
const examples = sectionsOf(readFileSync(join(root, 'docs', 'api.md'), 'utf8')).find(
  ({ title }) => title === 'Exports',
)?.blocks;
const example = (language: string, begins: string) =>
  examples?.find((each) => each.language === language && each.code.startsWith(begins))?.code ?? '';

beforeAll(async () => {
  const environment = await installedPython(
    'parquet',
    [join(import.meta.dirname, 'requirements.txt')],
    'DuckDB and pandas',
    840_000,
  );
  python = join(environment, 'bin', 'python');
  database = await startTestDatabase();
  pool = database.pool(4);
  await keepExportable(pool, randomFrom(seed));
  all = await storedSums(pool);
  archived = await storedSums(pool, "as_of < '2026-10-01'");
  const files = memoryHistoryFiles();
  const archive = { store: archiveStore(pool), files, removal: memoryRawStore(), format: parquetQuotes };
  await archiveQuotes(archive, now, 2, { rowsOfFile: 100, ms: 600_000 });
  const id = await writtenExport(pool, files, now);
  folder = mkdtempSync(join(tmpdir(), 'quotron-parquet-'));
  for (const [key, bytes] of files.files) {
    const file = join(folder, key.replace(`exports/${id}/`, 'export/'));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database.stop();
});

function expectSums(found: readonly SeriesSums[], expected: readonly SeriesSums[]): void {
  expect(found.map(({ key, rows }) => [key, rows])).toEqual(expected.map(({ key, rows }) => [key, rows]));
  // The columns have 18 digits behind the point.
  for (const [at, row] of found.entries())
    for (const sum of ['price', 'volume'] as const)
      expect(Math.abs(Number(row[sum]) - Number(expected[at]?.[sum])), `${row.key} ${sum}`).toBeLessThan(1e-9);
}

it(`DuckDB and pandas read what is stored, of exported and archived files (seed ${seed})`, async () => {
  const query = example('text', '-- The daily closes');
  expect(query).toContain('read_parquet');
  const script = join(import.meta.dirname, 'read_files.py');
  const said = await run(
    python,
    [script, join(folder, 'export'), join(folder, 'history'), query],
    'DuckDB or pandas failed',
  );
  const read = saidSchema.parse(JSON.parse(said));
  expectSums(read.exported, all);
  expectSums(read.pandas, all);
  expectSums(read.archived, archived);
  expect(read.types).toMatchObject({ price: 'DECIMAL(38,18)', as_of: 'TIMESTAMP WITH TIME ZONE', symbol: 'VARCHAR' });
  const bars = await pool.query(
    'SELECT count(*)::int AS rows, sum(close)::text AS close FROM (SELECT close FROM bar UNION ALL SELECT close FROM bar_revision) b',
  );
  expect(read.bars[0]?.rows).toBe(bars.rows[0]?.rows);
  expect(sameNumber(read.bars[0]?.close ?? '', bars.rows[0]?.close)).toBe(true);
  expect(read.folders).toContainEqual({ exchange: 'XLON', interval: '1d', month: '2026-08' });
  // To the microsecond.
  expect(read.instants).toEqual([{ newest: String(Date.parse('2026-11-01T00:00:01Z') * 1_000 + 123) }]);
  const [first] = read.adjusted;
  expect(first).toMatchObject({ symbol: 'SYM1', date: '2026-09-09' });
  expect(Number(first?.adjusted)).toBeCloseTo(100.09 * (1 - 0.5 / 100.09), 9);
});

it('pandas prints sums by the program of the page', async () => {
  const program = join(folder, 'export', 'as-printed.py');
  writeFileSync(program, example('python', 'import pandas'));
  const printed = await run(python, [program], 'the program of docs/api.md failed', { cwd: join(folder, 'export') });
  const counted = printed
    .trim()
    .split('\n')
    .slice(1)
    .reduce((sum, line) => sum + Number(line.split(',')[4]), 0);
  const current = await pool.query(`SELECT count(*)::int AS rows FROM (SELECT FROM quote) q`);
  expect(counted).toBeGreaterThan(Number(current.rows[0]?.rows));
  const replaced = all.reduce((sum, { rows }) => sum + rows, 0);
  expect(counted).toBeLessThan(replaced);
});
