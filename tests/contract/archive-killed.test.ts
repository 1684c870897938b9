import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { memoryHistoryFiles } from '../../core/adapters/memory/history-files.ts';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { coldHistory } from '../../core/adapters/parquet/cold-history.ts';
import { parquetQuotes } from '../../core/adapters/parquet/quote-format.ts';
import { archiveIndex } from '../../core/adapters/postgres/history/archive-index.ts';
import { archiveStore } from '../../core/adapters/postgres/history/archive-store.ts';
import { quoteReader } from '../../core/adapters/postgres/prices/quote-reader.ts';
import { everySource } from '../../core/auth/visible-sources.ts';
import type { HistoryReader } from '../../core/ports/history-reader.ts';
import { tieredHistory } from '../../core/serving/tiered-history.ts';
import { type ArchiveDependencies, archiveQuotes } from '../../functions/maintain/archive-quotes.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { keepFindings, keepVersions, randomHistory } from '../support/history-rows.ts';
import { killed } from '../support/killed.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { randomFrom } from '../support/random.ts';

const seed = chosenSeed('archive that is killed');
const random = randomFrom(seed);
const listings = [1, 2, 3, 4];
const sources = ['coingecko', 'stooq', 'yahoo'];
const now = Date.UTC(2026, 10, 15, 3);

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  const { versions, findings } = randomHistory(random, {
    from: new Date(Date.UTC(2026, 6, 1)),
    days: 110,
    listings: 4,
    rows: 900,
  });
  await keepVersions(database.pool(), versions);
  await keepFindings(database.pool(), findings);
});
afterAll(() => database.stop());

/** Every version of every price, as text: as it came, and repaired. */
async function everything(reader: HistoryReader): Promise<readonly string[]> {
  const found: string[] = [];
  for (const listingId of listings)
    for (const source of sources)
      for (const repaired of [false, true]) {
        const rows = await reader.history({
          ...{ listingId, source, from: '-infinity', to: 'infinity', knownAt: null, revisions: true },
          ...{ raw: !repaired, repaired, order: 'asc', after: null, limit: 10_000 },
        });
        found.push(...rows.map((row) => JSON.stringify(Object.entries({ listingId, ...row }).toSorted())));
      }
  return found;
}

const checksum = (rows: readonly string[]) => createHash('sha256').update(rows.join('\n')).digest('hex');

/** The same rows: by count and checksum, and where they are not, by the first one that is another. */
function expectSame(found: readonly string[], expected: readonly string[], when: string): void {
  const other = expected.findIndex((row, at) => row !== found[at]);
  if (other !== -1) expect(found[other], when).toBe(expected[other]);
  expect([found.length, checksum(found)], when).toEqual([expected.length, checksum(expected)]);
}

it(`a run that is killed at any step loses nothing and doubles nothing (seed ${seed})`, {
  timeout: 300_000,
}, async () => {
  const pool = database.pool(4);
  const index = archiveIndex(pool);
  const files = memoryHistoryFiles();
  const hot = quoteReader(pool);
  const reader = tieredHistory(hot, coldHistory(index, files), index)(everySource);

  const stored = await everything(hot(everySource));
  const instants = Array.from({ length: 100 }, () =>
    new Date(Date.UTC(2026, 6, 1) + random.between(0, 120 * 86_400) * 1_000).toISOString(),
  );
  const known = new Map<string, unknown>();
  for (const at of instants) known.set(at, await hot(everySource).knownAt(listings, at));
  expect(stored.length).toBeGreaterThan(1_500);

  const what = new Set<string>();
  const months: string[] = [];
  let isDone = false;
  for (let run = 1; !isDone; run++) {
    const at = { left: run, when: run % 2 === 0 ? 'before' : 'after', what };
    const dependencies: ArchiveDependencies = {
      store: killed(archiveStore(pool), at),
      files: killed(files, at),
      removal: memoryRawStore(),
      format: parquetQuotes,
    };
    try {
      const archived = await archiveQuotes(dependencies, now, 2, { rowsOfFile: 100, ms: 600_000 });
      months.push(...archived.months);
      isDone = archived.done;
    } catch (error) {
      expect(error).toEqual(new Error('killed'));
    }
    expectSame(await everything(reader), stored, `after run ${run}, killed at ${[...what].at(-1)}`);
  }
  expect(what.size).toBeGreaterThanOrEqual(10);

  // July to September are files by now; of their rows only those are left that something needs.
  const { rows } = await pool.query(
    `SELECT (SELECT array_agg(to_char(month, 'YYYY-MM') ORDER BY month) FROM quote_archive WHERE manifest IS NOT NULL) AS months,
            (SELECT sum(rows)::int FROM quote_archive) AS archived,
            (SELECT count(*)::int FROM quote q WHERE as_of < '2026-10-01' AND NOT EXISTS (SELECT FROM finding f WHERE f.listing_id = q.listing_id
               AND f.source = q.source AND f.at = q.as_of) AND NOT EXISTS (SELECT FROM latest_quote l WHERE l.listing_id = q.listing_id
               AND l.source = q.source AND l.as_of = q.as_of)) AS left`,
  );
  expect(rows[0]).toMatchObject({ months: ['2026-07', '2026-08', '2026-09'], left: 0 });
  expect(rows[0]?.archived).toBeGreaterThan(800);

  for (const at of instants) expect(await reader.knownAt(listings, at), at).toEqual(known.get(at));
});
