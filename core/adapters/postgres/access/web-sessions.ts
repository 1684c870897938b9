import type { Connection, Pool } from '../database/pool.ts';

/** Ends dashboard sessions: one by its hash, all of a key, or those that are over at an instant. Gives how many. */
export async function endWebSessions(
  db: Pool | Connection,
  of: { readonly hash: Buffer } | { readonly keyId: string } | { readonly overAt: Date },
): Promise<number> {
  const [condition, value] =
    'hash' in of ? ['hash = $1', of.hash] : 'keyId' in of ? ['key_id = $1', of.keyId] : ['expires_at <= $1', of.overAt];
  const { rowCount } = await db.query(`DELETE FROM web_session WHERE ${condition}`, [value]);
  return rowCount ?? 0;
}
