import { timingSafeEqual } from 'node:crypto';
import { type Scope, scopes } from '../../../contracts/words/access.ts';
import type { ApiKeyStore, HeldKey, KeyRecord } from '../../../ports/api-key-store.ts';
import type { Pool } from '../database/pool.ts';

interface KeyRow {
  readonly id: string;
  readonly name: string;
  readonly scope: string;
  readonly hash: Buffer;
  readonly expires_at: Date | null;
  readonly last_used_at: Date | null;
}

interface ListRow extends KeyRow {
  readonly prefix: string;
  readonly created_at: Date;
  readonly revoked_at: Date | null;
}

/** A key counts at $2 when nobody revoked it and its end is not reached. */
const active = 'k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)';
const listed = 'id, name, prefix, scope, hash, created_at, expires_at, last_used_at, revoked_at';

/** API keys, dashboard sessions and one-time sign-in tokens. All are found by SHA-256; none is stored. */
export function apiKeyStore(pool: Pool): ApiKeyStore {
  return {
    async findKey(hash: Buffer, now: Date): Promise<HeldKey | null> {
      const { rows } = await pool.query<KeyRow>({
        name: 'api-key-find',
        text: `SELECT k.id, k.name, k.scope, k.hash, k.expires_at, k.last_used_at FROM api_key k WHERE k.hash = $1 AND ${active}`,
        values: [hash, now],
      });
      return held(rows[0], hash);
    },

    async findSession(hash: Buffer, now: Date): Promise<HeldKey | null> {
      const { rows } = await pool.query<KeyRow>({
        name: 'web-session-find',
        text: `SELECT k.id, k.name, k.scope, s.hash, s.expires_at, k.last_used_at
               FROM web_session s JOIN api_key k ON k.id = s.key_id
               WHERE s.hash = $1 AND s.expires_at > $2 AND ${active}`,
        values: [hash, now],
      });
      return held(rows[0], hash);
    },

    async touch(keyId: string, now: Date): Promise<void> {
      await pool.query({
        name: 'api-key-touch',
        text: `UPDATE api_key SET last_used_at = $2
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute')`,
        values: [keyId, now],
      });
    },

    async signInWithKey(keyHash: Buffer, sessionHash: Buffer, now: Date, until: Date): Promise<HeldKey | null> {
      const { rows } = await pool.query<KeyRow>(
        `WITH ended AS (DELETE FROM web_session WHERE expires_at <= $2),
              opened AS (
                INSERT INTO web_session (hash, key_id, created_at, expires_at)
                SELECT $3::bytea, k.id, $2::timestamptz, least($4::timestamptz, k.expires_at) FROM api_key k WHERE k.hash = $1 AND ${active}
                RETURNING hash, key_id, expires_at)
         SELECT k.id, k.name, k.scope, o.hash, o.expires_at, k.last_used_at FROM opened o JOIN api_key k ON k.id = o.key_id`,
        [keyHash, now, sessionHash, until],
      );
      return held(rows[0], sessionHash);
    },

    // One statement: of two that use the token at once, one gets the session.
    async signInWithToken(tokenHash: Buffer, sessionHash: Buffer, now: Date, until: Date): Promise<HeldKey | null> {
      const { rows } = await pool.query<KeyRow>(
        `WITH used AS (
                UPDATE sign_in_token t SET used_at = $2 FROM api_key k
                WHERE t.hash = $1 AND t.used_at IS NULL AND t.expires_at > $2 AND k.id = t.key_id AND ${active}
                RETURNING k.id, k.expires_at),
              opened AS (
                INSERT INTO web_session (hash, key_id, created_at, expires_at)
                SELECT $3::bytea, id, $2::timestamptz, least($4::timestamptz, expires_at) FROM used
                RETURNING hash, key_id, expires_at)
         SELECT k.id, k.name, k.scope, o.hash, o.expires_at, k.last_used_at FROM opened o JOIN api_key k ON k.id = o.key_id`,
        [tokenHash, now, sessionHash, until],
      );
      return held(rows[0], sessionHash);
    },

    async endSession(hash: Buffer): Promise<void> {
      await pool.query('DELETE FROM web_session WHERE hash = $1', [hash]);
    },

    async create(key) {
      const { rows } = await pool.query<ListRow>(
        `INSERT INTO api_key (name, prefix, hash, scope, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${listed}`,
        [key.name, key.prefix, key.hash, key.scope, key.now, key.expiresAt],
      );
      const row = rows[0];
      if (!row) throw new Error('The new API key was not stored: the insert gave no row.');
      return recordOf(row);
    },

    async list(): Promise<KeyRecord[]> {
      const { rows } = await pool.query<ListRow>(
        `SELECT ${listed} FROM api_key ORDER BY created_at DESC, id LIMIT 1000`,
      );
      return rows.map(recordOf);
    },

    async revoke(id: string, now: Date): Promise<KeyRecord | null> {
      const { rows } = await pool.query<ListRow>(
        `WITH ended AS (DELETE FROM web_session WHERE key_id = $1)
         UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING ${listed}`,
        [id, now],
      );
      return rows[0] ? recordOf(rows[0]) : null;
    },
  };
}

/** The row, if its hash is the one asked for. The index found it; this comparison takes the same time for any bytes. */
function held(row: KeyRow | undefined, hash: Buffer): HeldKey | null {
  if (!row || row.hash.length !== hash.length || !timingSafeEqual(row.hash, hash)) return null;
  return {
    keyId: row.id,
    name: row.name,
    scope: scopeOf(row.scope),
    expiresAt: row.expires_at?.getTime() ?? null,
    lastUsedAt: row.last_used_at?.getTime() ?? null,
  };
}

function recordOf(row: ListRow): KeyRecord {
  return {
    id: row.id,
    name: row.name,
    prefix: row.prefix,
    scope: scopeOf(row.scope),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  };
}

/** The table's CHECK allows no other word; should one come, it gives the least. */
function scopeOf(text: string): Scope {
  return scopes.find((scope) => scope === text) ?? 'read';
}
