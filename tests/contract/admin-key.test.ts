import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addAdminKey, addSignInToken, countAdminKeys } from '../../core/adapters/postgres/access/admin-key.ts';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { createApiKey } from '../../core/auth/api-keys.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool();
});
afterAll(() => database.stop());

const now = new Date('2026-11-30T12:00:00Z');
const newKey = (onlyIfNone: boolean) => {
  const { prefix, hash } = createApiKey();
  return { hash, given: { name: 'first', prefix, hash: hash.toString('hex'), onlyIfNone } };
};

it('of deployments that ask at once, one adds the first admin key; a lost one is replaced by another', async () => {
  expect(await countAdminKeys(pool, now)).toBe(0);
  const keys = Array.from({ length: 6 }, () => newKey(true));
  const added = await Promise.all(keys.map(({ given }) => addAdminKey(pool, given, now)));
  expect(added.filter(Boolean)).toHaveLength(1);
  expect(await countAdminKeys(pool, now)).toBe(1);

  const store = apiKeyStore(pool);
  const [first] = keys.filter((_, index) => added[index]);
  const held = first && (await store.findKey(first.hash, now));
  expect(held).toMatchObject({ scope: 'admin', use: 'internal' });

  const second = newKey(false);
  expect(await addAdminKey(pool, second.given, now)).toBe(true);
  expect(await addAdminKey(pool, second.given, now)).toBe(false);
  expect(await store.findKey(second.hash, now)).toMatchObject({ scope: 'admin' });
});

it('a revoked or expired admin key is none', async () => {
  await pool.query(`UPDATE api_key SET revoked_at = $1 WHERE name = 'first'`, [now]);
  expect(await countAdminKeys(pool, now)).toBe(0);
  const again = newKey(true);
  expect(await addAdminKey(pool, again.given, now)).toBe(true);
  await pool.query('UPDATE api_key SET expires_at = $1 WHERE hash = $2', [new Date(now.getTime() + 1), again.hash]);
  expect(await countAdminKeys(pool, now)).toBe(1);
  expect(await countAdminKeys(pool, new Date(now.getTime() + 1))).toBe(0);
});

it('a token signs in once with the newest admin key that is valid; without one there is none', async () => {
  const store = apiKeyStore(pool);
  const at = new Date('2026-11-30T13:00:00Z');
  const token = () => randomBytes(32);
  const use = (hash: Buffer) => store.signInWithToken(hash, token(), at, new Date(at.getTime() + 3600_000));
  await pool.query('UPDATE api_key SET revoked_at = $1', [at]);
  expect(await addSignInToken(pool, token().toString('hex'), at)).toBe(false);

  const older = newKey(false);
  const newer = newKey(false);
  await addAdminKey(pool, { ...older.given, name: 'older' }, at);
  await addAdminKey(pool, { ...newer.given, name: 'newer' }, new Date(at.getTime() + 1));
  const hash = token();
  expect(await addSignInToken(pool, hash.toString('hex'), at)).toBe(true);
  expect(await use(hash)).toMatchObject({ scope: 'admin', name: 'newer' });
  expect(await use(hash)).toBeNull();

  const late = token();
  await addSignInToken(pool, late.toString('hex'), new Date(at.getTime() - 3600_001));
  expect(await use(late)).toBeNull();
});
