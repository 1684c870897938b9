import { allows, isApiKey, secretHash } from '../../../auth/api-keys.ts';
import { type Scope, scopes } from '../../../contracts/words/access.ts';
import type { Connection } from '../database/pool.ts';

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
  const { rows } = await connection.query<{ id: string; scope: string }>(
    `SELECT id, scope FROM api_key
     WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
    [secretHash(key)],
  );
  if (rows[0])
    await connection.query(
      `UPDATE api_key SET last_used_at = now()
       WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
      [rows[0].id],
    );
  const held = scopes.find((scope) => scope === rows[0]?.scope);
  return held && rows[0] ? { ok: allows(held, needed), keyId: rows[0].id } : { ok: false, keyId: null };
}
