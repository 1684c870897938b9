import * as z from 'zod';
import type { OpenBreaker } from '../../../planning/trials.ts';
import { msOf } from '../database/instant.ts';
import type { Connection } from '../database/pool.ts';

const breakerRow = z.object({ until: z.number().nullable(), runId: z.string().nullable() });

/** A source's breaker unless it is closed, locked until the transaction ends. */
export async function readBreaker(connection: Connection, sourceId: string): Promise<OpenBreaker | null> {
  const { rows } = await connection.query({
    name: 'breaker',
    text: `SELECT ${msOf('breaker_until')} AS until, breaker_run AS "runId"
           FROM source_state WHERE source_id = $1 AND breaker <> 'closed' FOR UPDATE`,
    values: [sourceId],
  });
  return rows.length === 0 ? null : breakerRow.parse(rows[0]);
}

/** Makes a run the trial of its source's breaker until a time, in milliseconds since the epoch. */
export async function makeTrial(connection: Connection, sourceId: string, runId: string, until: number): Promise<void> {
  await connection.query(
    `UPDATE source_state SET breaker = 'half_open', breaker_run = $2, breaker_until = $3 WHERE source_id = $1`,
    [sourceId, runId, new Date(until)],
  );
}
