import { expect } from 'vitest';
import { inTransaction, type Pool } from '../../../core/adapters/postgres/database/pool.ts';
import type { RankOf } from '../../../core/adapters/postgres/prices/decide.ts';
import { sourceOf as inCatalogue, type knownSource } from '../../../core/sources/catalogue.ts';
import { batchReadings } from './batch-readings.ts';
import { batchBreaches, blobBreaches } from './batches.ts';
import { eventBreaches } from './events.ts';
import { type KeptBlobs, unpacked } from './kept-blobs.ts';
import { priceBreaches } from './prices.ts';
import { type StoredRows, storedRows } from './stored-rows.ts';
import { type DueRun, failuresIn, workBreaches } from './work.ts';

/** What the database is compared with. */
export interface Kept {
  /** Every blob that was kept, by key: of a pipeline, a folder (`blobsInFolder`) or a bucket. */
  readonly blobs: KeptBlobs;
  /** Every run that was due, as it was planned. A pipeline notes them. None unless given: then only stored runs are looked at. */
  readonly due?: readonly DueRun[] | undefined;
  /** Finds a source by its id: in the catalogue, unless given. */
  readonly sourceOf?: typeof knownSource | undefined;
  /**
   * The keys of blobs whose message to ingest still waits, where work may be under way: these may be unread, and tasks and
   * attempts open. Without it everything must have ended.
   */
  readonly underWay?: ReadonlySet<string> | undefined;
  /** The ids of runs of which a test has deleted tasks that were open. */
  readonly cut?: ReadonlySet<string> | undefined;
}

/**
 * What must hold after anything, once everything has settled (design, section 2):
 *
 *   1. each run that was due is there with its tasks; each task has ended once, as an attempt, a batch or the monitor says;
 *      no attempt is open
 *   2. each blob is read once, and once more for each replay
 *   3. each row of a blob is accepted or in quarantine, rightly and once; counts, statistics, reason and events of each
 *      batch say so
 *   4. stored rows are the distinct accepted keys, each with the content of its last fetch, credited to a batch that
 *      brought it; replaced rows are kept; latest rows and the decisions on the price follow from them by their rules
 *
 * The blobs are read with the product's parsers; nothing is decided in SQL. Gives what is wrong, in words.
 */
export async function breachesOf(pool: Pool, kept: Kept): Promise<string[]> {
  const stored = await inTransaction(pool, async (db) => {
    await db.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
    return storedRows(db);
  });
  return breachesIn(stored, kept);
}

/** The same of rows that were read before. */
export async function breachesIn(
  stored: StoredRows,
  { blobs, due = [], sourceOf, underWay, cut = new Set() }: Kept,
): Promise<string[]> {
  const breaches: string[] = [];
  const envelopes = await unpacked(blobs);
  const rankOf: RankOf = (source, asset) => inCatalogue(source)?.rank[asset] ?? 0;
  const failures = await failuresIn(envelopes, sourceOf, breaches);
  const readings = await batchReadings(stored, envelopes, sourceOf, breaches);
  return [
    ...breaches,
    ...blobBreaches(stored, envelopes, underWay),
    ...batchBreaches(stored, readings),
    ...priceBreaches(stored, readings, rankOf),
    ...eventBreaches(stored),
    ...workBreaches(stored, readings, failures, { due, underWay: underWay !== undefined, cut }),
  ];
}

/** Fails with what `breachesOf` finds. */
export async function expectInvariant(pool: Pool, kept: Kept): Promise<void> {
  expect(await breachesOf(pool, kept)).toEqual([]);
}
