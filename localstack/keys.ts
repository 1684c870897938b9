import { randomBytes } from 'node:crypto';
import { apiKeyStore } from '../core/adapters/postgres/access/api-key-store.ts';
import { storeSignInToken } from '../core/adapters/postgres/access/local-keys.ts';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
import { createApiKey, secretHash } from '../core/auth/api-keys.ts';
import type { Scope, scopes } from '../core/contracts/words/access.ts';

/** One key per scope. */
export type LocalKeys = Readonly<Record<Scope, string>>;

/** The keys of the local cloud: those of the last run that are still valid, and new ones for the others. */
export async function ensureKeys(pool: Pool, earlier: Partial<LocalKeys>): Promise<LocalKeys> {
  const store = apiKeyStore(pool);
  const now = new Date();
  const keyOf = async (scope: Scope): Promise<string> => {
    const old = earlier[scope];
    const held = old === undefined ? null : await store.findKey(secretHash(old), now);
    if (old !== undefined && held?.scope === scope) return old;
    const { key, prefix, hash } = createApiKey();
    await store.create({ name: `npm start: ${scope}`, prefix, hash, scope, use: 'internal', now, expiresAt: null });
    return key;
  };
  const [read, operate, admin] = [await keyOf('read'), await keyOf('operate'), await keyOf('admin')];
  return { read, operate, admin } satisfies Record<(typeof scopes)[number], string>;
}

/** A token that signs in to the dashboard once, within an hour, with what `key` may do. */
export async function createSignInToken(pool: Pool, key: string): Promise<string> {
  const token = randomBytes(24).toString('base64url');
  if (!(await storeSignInToken(pool, secretHash(token), secretHash(key))))
    throw new Error('the key that the sign-in token is for is not in the database');
  return token;
}
