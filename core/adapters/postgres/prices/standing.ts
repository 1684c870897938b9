import * as z from 'zod';
import type { Standing } from '../../../ports/ingest-store.ts';
import { msOf } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';
import { runsAt } from '../database/switches.ts';

/**
 * SQL: which database this is. The row of `database_epoch` is another one in a new database and in one that was emptied; one
 * that was restored from its own backup has other files for its tables, or another server process. It is no more than that
 * what is remembered must be read again, so it may change without a reason.
 */
export const epochOf = `concat_ws(' ', (SELECT epoch FROM database_epoch), 'listing'::regclass::oid,
  pg_relation_filenode('listing'), extract(epoch FROM pg_postmaster_start_time()))`;

const standingRow = z.object({ running: z.boolean(), clock: z.number(), epoch: z.string(), named: z.boolean() });

/** How the database stands for `ingest`. A database that has no epoch yet gets one. */
export async function readStanding(pool: Pool): Promise<Standing> {
  for (;;) {
    const found = await pool.query({
      name: 'ingest-standing',
      text: `SELECT ${runsAt('ingest', 'clock_timestamp()')} AS running, ${msOf('clock_timestamp()')} AS clock, ${epochOf} AS epoch,
                    EXISTS (SELECT FROM database_epoch) AS named`,
    });
    const { named, ...standing } = onlyRow(standingRow, found);
    if (named) return standing;
    await pool.query('INSERT INTO database_epoch DEFAULT VALUES ON CONFLICT DO NOTHING');
  }
}
