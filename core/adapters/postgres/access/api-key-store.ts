import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { scopes } from '../../../contracts/words/access.ts';
import { keyUses } from '../../../contracts/words/licence.ts';
import type { ApiKeyStore, HeldKey } from '../../../ports/api-key-store.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { firstRow, instant, milliseconds, onlyRow, rowsOf } from '../database/rows.ts';
import { feedColumn, feedOf } from './feed-columns.ts';
import { endWebSessions } from './web-sessions.ts';

/** The table's CHECKs allow no other words; should one come, it gives the least. */
const scope = z.enum(scopes).catch('read');
const use = z.enum(keyUses).catch('redistribute');

const heldRow = z.object({
  keyId: z.string(),
  name: z.string(),
  scope,
  use,
  feed: feedColumn,
  hash: z.instanceof(Buffer),
  expiresAt: milliseconds.nullable(),
  lastUsedAt: milliseconds.nullable(),
});

const recordRow = z.object({
  id: z.string(),
  name: z.string(),
  prefix: z.string(),
  scope,
  use,
  feed: feedColumn,
  createdAt: instant,
  expiresAt: instant.nullable(),
  lastUsedAt: instant.nullable(),
  revokedAt: instant.nullable(),
});

/** A key counts at $2 when nobody revoked it and its end is not reached. */
const active = 'k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > $2)';
/** What signs in: a feed token does not. */
const signsIn = `${active} AND k.feed_routes IS NULL`;
const held = `k.id AS "keyId", k.name, k.scope, k.use, ${feedOf('k')} AS feed, k.last_used_at AS "lastUsedAt"`;
const record = `id, name, prefix, scope, use, ${feedOf('api_key')} AS feed, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt",
  revoked_at AS "revokedAt"`;

/** API keys, dashboard sessions and one-time sign-in tokens in Postgres. */
export function apiKeyStore(pool: Pool): ApiKeyStore {
  return {
    async findKey(hash, now) {
      const result = await pool.query({
        name: 'api-key-find',
        text: `SELECT ${held}, k.hash, k.expires_at AS "expiresAt" FROM api_key k WHERE k.hash = $1 AND ${active}`,
        values: [hash, now],
      });
      return same(firstRow(heldRow, result), hash);
    },

    async findSession(hash, now) {
      const result = await pool.query({
        name: 'web-session-find',
        text: `SELECT ${held}, s.hash, s.expires_at AS "expiresAt"
               FROM web_session s JOIN api_key k ON k.id = s.key_id
               WHERE s.hash = $1 AND s.expires_at > $2 AND ${active}`,
        values: [hash, now],
      });
      return same(firstRow(heldRow, result), hash);
    },

    async touch(keyId, now) {
      await pool.query({
        name: 'api-key-touch',
        text: `UPDATE api_key SET last_used_at = $2
               WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $2::timestamptz - interval '1 minute')`,
        values: [keyId, now],
      });
    },

    async signInWithKey(keyHash, sessionHash, now, until) {
      await endWebSessions(pool, { overAt: now });
      const result = await pool.query(
        `WITH opened AS (
                INSERT INTO web_session (hash, key_id, created_at, expires_at)
                SELECT $3::bytea, k.id, $2::timestamptz, least($4::timestamptz, k.expires_at) FROM api_key k WHERE k.hash = $1 AND ${signsIn}
                RETURNING hash, key_id, expires_at)
         SELECT ${held}, o.hash, o.expires_at AS "expiresAt" FROM opened o JOIN api_key k ON k.id = o.key_id`,
        [keyHash, now, sessionHash, until],
      );
      return same(firstRow(heldRow, result), sessionHash);
    },

    async signInWithToken(tokenHash, sessionHash, now, until) {
      const result = await pool.query(
        `WITH used AS (
                UPDATE sign_in_token t SET used_at = $2 FROM api_key k
                WHERE t.hash = $1 AND t.used_at IS NULL AND t.expires_at > $2 AND k.id = t.key_id AND ${signsIn}
                RETURNING k.id, k.expires_at),
              opened AS (
                INSERT INTO web_session (hash, key_id, created_at, expires_at)
                SELECT $3::bytea, id, $2::timestamptz, least($4::timestamptz, expires_at) FROM used
                RETURNING hash, key_id, expires_at)
         SELECT ${held}, o.hash, o.expires_at AS "expiresAt" FROM opened o JOIN api_key k ON k.id = o.key_id`,
        [tokenHash, now, sessionHash, until],
      );
      return same(firstRow(heldRow, result), sessionHash);
    },

    async endSession(hash) {
      await endWebSessions(pool, { hash });
    },

    async create(key) {
      const result = await pool.query(
        `INSERT INTO api_key (name, prefix, hash, scope, use, created_at, expires_at, feed_routes, feed_symbols, feed_per_minute)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING ${record}`,
        [
          ...[key.name, key.prefix, key.hash, key.scope, key.use, key.now, key.expiresAt],
          ...[key.feed?.routes ?? null, key.feed?.symbols ?? null, key.feed?.perMinute ?? null],
        ],
      );
      return onlyRow(recordRow, result);
    },

    async list() {
      const result = await pool.query(`SELECT ${record} FROM api_key ORDER BY created_at DESC, id LIMIT 1000`);
      return rowsOf(recordRow, result);
    },

    revoke: (id, now) =>
      inTransaction(pool, async (db) => {
        await endWebSessions(db, { keyId: id });
        const result = await db.query(
          `UPDATE api_key SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1 RETURNING ${record}`,
          [id, now],
        );
        return firstRow(recordRow, result);
      }),
  };
}

/** The row, if its hash is the one asked for. The index found it; this comparison takes the same time for any bytes. */
function same(row: z.output<typeof heldRow> | null, hash: Buffer): HeldKey | null {
  if (!row || row.hash.length !== hash.length || !timingSafeEqual(row.hash, hash)) return null;
  const { hash: _, ...key } = row;
  return key;
}
