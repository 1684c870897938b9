import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryHistoryFiles } from '../../core/adapters/memory/history-files.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { coldHistory } from '../../core/adapters/parquet/cold-history.ts';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { archiveIndex } from '../../core/adapters/postgres/history/archive-index.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { tieredHistory } from '../../core/serving/tiered-history.ts';
import { archiveQuotes } from '../../functions/maintain/archive-quotes.ts';
import { keepFindings, keepVersions } from '../support/history-rows.ts';
import { findings, historySuite, versions } from '../support/history-suite.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

/** A database with the rows of the suite, of which months before one are in the archive. */
function installed(archivedAt: string | null) {
  const files = memoryHistoryFiles();
  let database: TestDatabase;
  beforeAll(async () => {
    database = await startTestDatabase();
    const pool = database.pool();
    await keepVersions(pool, versions);
    await keepFindings(pool, findings);
    if (archivedAt === null) return;
    const dependencies = { store: archiveStore(pool), files, removal: memoryRawStore(), format: parquetQuotes };
    const { done } = await archiveQuotes(dependencies, Date.parse(archivedAt), 2);
    expect(done).toBe(true);
  });
  afterAll(() => database.stop());
  return {
    files,
    pool: () => database.pool(),
    hot: () => quoteReader(database.pool()),
    cold: () => coldHistory(archiveIndex(database.pool()), files),
    tiered() {
      const index = archiveIndex(database.pool());
      return tieredHistory(quoteReader(database.pool()), coldHistory(index, files), index);
    },
  };
}

describe('prices of the past in the database', () => {
  const { hot } = installed(null);
  historySuite(hot);
});

describe('prices of the past in the archive', () => {
  const { cold } = installed('2027-03-15T03:00:00Z');
  historySuite(cold);
});

describe('prices of the past in both, with nothing in the archive', () => {
  const { tiered } = installed(null);
  historySuite(tiered);
});

describe('prices of the past in both', () => {
  const { tiered, pool, files } = installed('2026-10-15T03:00:00Z');
  historySuite(tiered);

  it('August is in the archive, the other months are not', async () => {
    const { rows } = await pool().query(
      `SELECT to_char(month, 'YYYY-MM') AS month, rows::int FROM quote_archive ORDER BY 1`,
    );
    expect(rows).toEqual([{ month: '2026-08', rows: 4 }]);
    expect([...files.files.keys()].filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
  });
});

describe('prices of the past in both, with all in the archive', () => {
  const { tiered } = installed('2027-03-15T03:00:00Z');
  historySuite(tiered);
});
