/** Sessions of sources as they are kept: sealed by functions outside the VPC, and opened there only. */
import * as z from 'zod';
import type { SealedSession } from '../../../contracts/state.ts';
import type { Connection } from '../database/pool.ts';

const sessionRow = z.object({ sealed: z.string(), expiresAt: z.date().transform((at) => at.toISOString()) });

/** A source's session, or `null` when none is kept or it is over. */
export async function storedSession(connection: Connection, sourceId: string): Promise<SealedSession | null> {
  const { rows } = await connection.query({
    name: 'session-find',
    text: `SELECT sealed, expires_at AS "expiresAt" FROM auth_session WHERE source_id = $1 AND expires_at > clock_timestamp()`,
    values: [sourceId],
  });
  return rows.length === 0 ? null : sessionRow.parse(rows[0]);
}

/** Keeps a session in place of the former one. The right to do so (`token`) was checked in the same transaction. */
export async function storeSession(
  connection: Connection,
  { sourceId, token, sealed, expiresAt }: SealedSession & { sourceId: string; token: number },
): Promise<void> {
  await connection.query(
    `INSERT INTO auth_session (source_id, sealed, expires_at, token) VALUES ($1, $2, $3, $4)
     ON CONFLICT (source_id) DO UPDATE
       SET sealed = excluded.sealed, expires_at = excluded.expires_at, token = excluded.token, updated_at = now()`,
    [sourceId, sealed, expiresAt, token],
  );
}
