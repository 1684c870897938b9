import type { Pool } from '../database/pool.ts';

/*
 * What the local cloud does with keys and what no API does: it has the database at hand.
 */

/** Stores a token that signs in to the dashboard once, within an hour, with the rights of a key. False: no such key. */
export async function storeSignInToken(pool: Pool, tokenHash: Buffer, keyHash: Buffer): Promise<boolean> {
  const made = await pool.query(
    `INSERT INTO sign_in_token (hash, key_id, expires_at)
     SELECT $1, id, now() + interval '1 hour' FROM api_key WHERE hash = $2`,
    [tokenHash, keyHash],
  );
  return made.rowCount === 1;
}

/** Deletes all keys of a name, without a trace. */
export async function deleteKeysNamed(pool: Pool, name: string): Promise<void> {
  await pool.query('DELETE FROM api_key WHERE name = $1', [name]);
}
