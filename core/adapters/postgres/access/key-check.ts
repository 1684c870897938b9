import * as z from 'zod';
import { allows, isApiKey, secretHash } from '../../../auth/api-keys.ts';
import { type Scope, scopes } from '../../../contracts/words/access.ts';
import type { Connection } from '../database/pool.ts';

const keyRow = z.object({ id: z.string(), scope: z.enum(scopes) });

/**
 * Whether a key is one that was given out, is neither revoked nor expired, and contains the scope. Notes its use, to the
 * minute.
 */
export async function checkApiKey(
  connection: Connection,
  key: string,
  needed: Scope,
): Promise<{ ok: boolean; keyId: string | null }> {
  if (!isApiKey(key)) return { ok: false, keyId: null };
  const { rows } = await connection.query(
    `SELECT id, scope FROM api_key
     WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
    [secretHash(key)],
  );
  // A scope of a later release is none that may do anything here.
  const held = keyRow.safeParse(rows[0]);
  if (!held.success) return { ok: false, keyId: null };
  const { id, scope } = held.data;
  await connection.query(
    `UPDATE api_key SET last_used_at = now()
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
    [id],
  );
  return { ok: allows(scope, needed), keyId: id };
}
