import * as z from 'zod';
import { msOf } from './instant.ts';
import type { Connection, Pool } from './pool.ts';
import { onlyRow } from './rows.ts';

const clockRow = z.object({ clock: z.number() });

/** The database's time now, in milliseconds since the epoch. */
export async function databaseClock(db: Pool | Connection): Promise<number> {
  return onlyRow(clockRow, await db.query(`SELECT ${msOf('clock_timestamp()')} AS clock`)).clock;
}
