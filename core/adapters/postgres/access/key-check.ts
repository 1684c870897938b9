import * as z from 'zod';
import { allows, isApiKey, secretHash } from '../../../auth/api-keys.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { scopes } from '../../../contracts/words/access.ts';
import { keyUses } from '../../../contracts/words/licence.ts';
import type { Connection } from '../database/pool.ts';
import { feedColumn, feedOf } from './feed-columns.ts';

const keyRow = z.object({ id: z.string(), scope: z.enum(scopes), use: z.enum(keyUses), feed: feedColumn });

const none = { ok: false, keyId: null, use: 'redistribute', scope: 'read', feed: null } as const;

/**
 * Whether a key is one that was given out, is neither revoked nor expired, and contains the scope. Notes its use, to the
 * minute.
 */
export async function checkApiKey(
  connection: Connection,
  { key, scope: needed }: Pick<Extract<StateRequest, { op: 'checkKey' }>, 'key' | 'scope'>,
): Promise<StateResponses['checkKey']> {
  if (!isApiKey(key)) return none;
  const { rows } = await connection.query(
    `SELECT id, scope, use, ${feedOf('api_key')} AS feed FROM api_key
     WHERE hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())`,
    [secretHash(key)],
  );
  // A scope or use of a later release is none that may do anything here.
  const held = keyRow.safeParse(rows[0]);
  if (!held.success) return none;
  const { id, scope, use, feed } = held.data;
  await connection.query(
    `UPDATE api_key SET last_used_at = now()
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')`,
    [id],
  );
  return { ok: allows(scope, needed), keyId: id, use, scope, feed };
}
