/** Logins on hold: what a source wants of a person, kept beside its credentials until they change or a person continues. */
import * as z from 'zod';
import type { HeldLogin } from '../../../contracts/state.ts';
import { type FailureDetail, keptDetailSchema } from '../../../contracts/words/failure-details.ts';
import { renewalOf } from '../database/leases.ts';
import type { Connection } from '../database/pool.ts';
import { firstRow } from '../database/rows.ts';
import { dropSession } from './credentials.ts';

/** SQL: whether the login in the row `credentials` of `source_credentials` is on hold at an instant. */
export const isLoginHeldAt = (credentials: string, at: string): string =>
  `(${credentials}.login_held IS NOT NULL AND coalesce(${credentials}.login_held_until > ${at}, true))`;

const heldRow = z.object({
  detail: keptDetailSchema,
  until: z
    .date()
    .nullable()
    .transform((at) => at?.toISOString() ?? null),
});

/** The login of a source that is on hold now, or `null`. */
export async function heldLogin(connection: Connection, sourceId: string): Promise<HeldLogin | null> {
  const result = await connection.query(
    `SELECT login_held AS detail, login_held_until AS until FROM source_credentials c
     WHERE source_id = $1 AND ${isLoginHeldAt('c', 'clock_timestamp()')}`,
    [sourceId],
  );
  return firstRow(heldRow, result);
}

/**
 * Puts a login on hold, in place of the session that it was to give. Not where its holder's right has passed to another, by
 * new credentials as a rule: what came of the former ones says nothing of these.
 */
export async function holdLogin(
  connection: Connection,
  of: { sourceId: string; token: number; detail: FailureDetail; seconds: number | null },
): Promise<{ kept: boolean }> {
  // A login that took longer than its right is known all the same.
  const { rowCount } = await connection.query('SELECT 1 FROM lease WHERE name = $1 AND token = $2 FOR UPDATE', [
    renewalOf(of.sourceId),
    of.token,
  ]);
  if (rowCount !== 1) return { kept: false };
  await connection.query(
    `INSERT INTO source_credentials AS c (source_id, is_set, login_held, login_held_at, login_held_until)
     VALUES ($1, true, $2, clock_timestamp(), clock_timestamp() + make_interval(secs => $3))
     ON CONFLICT (source_id) DO UPDATE
       SET login_held = excluded.login_held, login_held_at = excluded.login_held_at,
           login_held_until = excluded.login_held_until`,
    [of.sourceId, JSON.stringify(of.detail), of.seconds],
  );
  await dropSession(connection, of.sourceId);
  return { kept: true };
}

/**
 * A person has done what the source wanted: logins are made again, and the next run tries. Does nothing where none is on
 * hold.
 */
export async function continueLogin(connection: Connection, sourceId: string, now: Date): Promise<void> {
  const { rows } = await connection.query(
    `WITH held AS (SELECT source_id, login_held_until FROM source_credentials
                   WHERE source_id = $1 AND login_held IS NOT NULL FOR UPDATE)
     UPDATE source_credentials c SET login_held = NULL, login_held_at = NULL, login_held_until = NULL
     FROM held WHERE c.source_id = held.source_id RETURNING held.login_held_until AS until`,
    [sourceId],
  );
  if (rows.length === 0) return;
  // The pause that the source asked for with its login ends with it.
  await connection.query(
    `UPDATE source_state
     SET held_until = CASE WHEN $3 THEN NULL ELSE held_until END,
         breaker_until = CASE WHEN breaker = 'closed' THEN breaker_until ELSE $2 END,
         breaker_run = CASE WHEN breaker = 'closed' THEN breaker_run END,
         breaker = CASE WHEN breaker = 'closed' THEN breaker ELSE 'half_open' END
     WHERE source_id = $1`,
    [sourceId, now, untilRow.parse(rows[0]).until !== null],
  );
}

const untilRow = z.object({ until: z.date().nullable() });
