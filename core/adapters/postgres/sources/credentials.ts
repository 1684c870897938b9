import * as z from 'zod';
import { renewalOf } from '../database/leases.ts';
import type { Connection } from '../database/pool.ts';
import { firstRow, onlyRow } from '../database/rows.ts';

const stateRow = z.object({ isSet: z.boolean(), changedAt: z.date().transform((at) => at.toISOString()) });

/** Whether a person has set the credentials of a source. */
export async function credentialsState(
  connection: Connection,
  sourceId: string,
): Promise<{ isSet: boolean; changedAt: string | null }> {
  const result = await connection.query(
    'SELECT is_set AS "isSet", changed_at AS "changedAt" FROM source_credentials WHERE source_id = $1',
    [sourceId],
  );
  return firstRow(stateRow, result) ?? { isSet: false, changedAt: null };
}

/**
 * Notes that credentials were set or taken away. The session that was made with the former ones is dropped, a login that
 * was on hold is free again, and a renewal under way loses its right to store what it makes of them.
 */
export async function noteCredentials(
  connection: Connection,
  note: { sourceId: string; isSet: boolean; keyId: string | null },
): Promise<{ changedAt: string }> {
  const result = await connection.query(
    `INSERT INTO source_credentials (source_id, is_set, changed_by) VALUES ($1, $2, $3)
     ON CONFLICT (source_id) DO UPDATE
       SET is_set = $2, changed_by = $3, changed_at = now(), login_held = NULL, login_held_at = NULL, login_held_until = NULL
     RETURNING is_set AS "isSet", changed_at AS "changedAt"`,
    [note.sourceId, note.isSet, note.keyId],
  );
  await dropSession(connection, note.sourceId);
  return { changedAt: onlyRow(stateRow, result).changedAt };
}

/**
 * Drops the stored session of a source. A renewal under way loses its lease, so that it cannot store the session it makes.
 * Gives which of the two there were.
 */
export async function dropSession(
  connection: Connection,
  sourceId: string,
): Promise<{ session: boolean; renewal: boolean }> {
  const { rowCount: renewals } = await connection.query(
    `UPDATE lease SET token = token + 1, expires_at = clock_timestamp() WHERE name = $1 AND expires_at > clock_timestamp()`,
    [renewalOf(sourceId)],
  );
  const { rowCount: sessions } = await connection.query('DELETE FROM auth_session WHERE source_id = $1', [sourceId]);
  return { session: Boolean(sessions), renewal: Boolean(renewals) };
}
