import { jobKinds } from '../../../contracts/words/job-kinds.ts';
import type { RereadStore } from '../../../ports/reread-store.ts';
import { numbers } from '../database/array-literal.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { replayBlobRow } from './replay-store.ts';

/** Blobs to read again, in Postgres. */
export function rereadStore(pool: Pool): RereadStore {
  return {
    async due(limit) {
      // Lists of members have no rows in quarantine. Those whose rows a person has had read again since, or that a later release collected, are not due any more.
      const found = await pool.query({
        name: 'blobs-to-read-again',
        text: `
          WITH gone AS (
            DELETE FROM blob_to_read_again a
            WHERE NOT EXISTS (SELECT FROM quarantine q JOIN batch b ON b.id = q.batch_id
                              WHERE q.blob_key = a.blob_key AND q.resolved_at IS NULL AND b.kind = ANY ($2::text[]))
              AND NOT EXISTS (SELECT FROM batch b
                              WHERE b.blob_key = a.blob_key AND b.first_reading AND b.kind = 'constituents')
            RETURNING blob_key
          )
          SELECT a.blob_key AS "blobKey", b.run_id AS "runId", b.part, b.attempt, b.source_id AS "sourceId", r.job, b.kind,
                 '{}'::text[] AS paths
          FROM (SELECT * FROM blob_to_read_again WHERE blob_key NOT IN (SELECT blob_key FROM gone)
                ORDER BY since, blob_key LIMIT $1) a
          JOIN batch b ON b.blob_key = a.blob_key AND b.first_reading
          JOIN run r ON r.id = b.run_id
          ORDER BY a.since, a.blob_key`,
        values: [limit, jobKinds],
      });
      return rowsOf(replayBlobRow, found);
    },
    async begin({ id, at }) {
      await pool.query('INSERT INTO replay (id, requested_at, blobs) VALUES ($1, $2, 1) ON CONFLICT (id) DO NOTHING', [
        id,
        at,
      ]);
    },
    async sent(blobKey) {
      await pool.query('DELETE FROM blob_to_read_again WHERE blob_key = $1', [blobKey]);
    },
  };
}

/** The rows that wait because their listing traded in another currency are to be read again. */
export async function readAgainOtherCurrency(db: Connection, listingId: number): Promise<void> {
  await db.query(
    `INSERT INTO blob_to_read_again (blob_key)
     SELECT DISTINCT q.blob_key FROM symbol_alias a JOIN quarantine q ON q.source_id = a.namespace AND q.symbol = a.symbol
     WHERE a.listing_id = $1 AND q.reason = 'source_mismatch' AND q.resolved_at IS NULL
     ON CONFLICT DO NOTHING`,
    [listingId],
  );
}

/** The lists of members that were held back until a person accepted them are to be read again. */
export async function readAgainAcceptedLists(db: Connection, findingIds: readonly string[]): Promise<void> {
  await db.query(
    `INSERT INTO blob_to_read_again (blob_key)
     SELECT DISTINCT b.blob_key FROM finding f JOIN batch b ON b.id = f.batch_id
     WHERE f.id = ANY ($1::bigint[]) AND f.rule = 'members'
     ON CONFLICT DO NOTHING`,
    [numbers(findingIds)],
  );
}
