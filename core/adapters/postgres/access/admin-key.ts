import * as z from 'zod';
import type { AdminKey } from '../../../contracts/migrate.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';

const countRow = z.object({ count: z.number() });

/** How many admin keys are valid at `now`. */
export async function countAdminKeys(pool: Pick<Pool, 'query'>, now: Date): Promise<number> {
  const result = await pool.query(
    `SELECT count(*)::int AS count FROM api_key
     WHERE scope = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)`,
    [now],
  );
  return onlyRow(countRow, result).count;
}

/**
 * Adds an admin key of which only the hash is known here, and gives whether it did: with `onlyIfNone` not where one is valid
 * already, also when two deployments ask at once. The same key twice is added once.
 */
export function addAdminKey(pool: Pool, key: AdminKey, now: Date): Promise<boolean> {
  return inTransaction(pool, async (db) => {
    await db.query('LOCK TABLE api_key IN SHARE ROW EXCLUSIVE MODE');
    if (key.onlyIfNone && (await countAdminKeys(db, now)) > 0) return false;
    const result = await db.query(
      `INSERT INTO api_key (name, prefix, hash, scope, use, created_at) SELECT $1, $2, decode($3, 'hex'), 'admin', 'internal', $4
       WHERE NOT EXISTS (SELECT FROM api_key WHERE hash = decode($3, 'hex'))`,
      [key.name, key.prefix, key.hash, now],
    );
    return result.rowCount === 1;
  });
}

/**
 * Stores a token, of which only the hash is known here, that signs in once within an hour with the rights of the newest
 * valid admin key. False: there is no such key.
 */
export async function addSignInToken(pool: Pick<Pool, 'query'>, hash: string, now: Date): Promise<boolean> {
  const result = await pool.query(
    `INSERT INTO sign_in_token (hash, key_id, expires_at)
     SELECT decode($1, 'hex'), id, $2::timestamptz + interval '1 hour' FROM api_key
     WHERE scope = 'admin' AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)
     ORDER BY created_at DESC, id DESC LIMIT 1`,
    [hash, now],
  );
  return result.rowCount === 1;
}
