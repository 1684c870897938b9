import { apiKeyStore } from '../core/adapters/postgres/access/api-key-store.ts';
import { deleteKeysNamed } from '../core/adapters/postgres/access/local-keys.ts';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
import { createApiKey } from '../core/auth/api-keys.ts';
import { loadSimulators } from './upstreams/simulator.ts';

/** Name of the temporary key that sets credentials; it is deleted afterwards. */
const keyName = 'npm start: credentials';

/**
 * Sets the credentials of the simulated sources through the deployed API, as a person would. On every start, because an
 * emulator that lost its state has lost its secrets too. Returns the sources.
 */
export async function setSimulatedCredentials(
  apiUrl: string,
  pool: Pool,
  sourceIds: readonly string[],
): Promise<readonly string[]> {
  const simulators = await loadSimulators();
  const wanted = sourceIds.flatMap((id) => {
    const credentials = simulators.get(id)?.credentials;
    return credentials ? [{ id, credentials }] : [];
  });
  const { key, prefix, hash } = createApiKey();
  const now = new Date();
  const expiresAt = new Date(now.getTime() + 5 * 60_000);
  await apiKeyStore(pool).create({ name: keyName, prefix, hash, scope: 'admin', use: 'internal', now, expiresAt });
  try {
    await Promise.all(
      wanted.map(async ({ id, credentials }) => {
        const answer = await fetch(`${apiUrl}/api/v1/sources/${id}/credentials`, {
          method: 'PUT',
          headers: { 'x-api-key': key, 'content-type': 'application/json' },
          body: JSON.stringify(credentials),
        });
        if (!answer.ok)
          throw new Error(
            `the credentials of ${id} could not be set: ${answer.status} ${(await answer.text()).slice(0, 500)}`,
          );
      }),
    );
  } finally {
    await deleteKeysNamed(pool, keyName);
  }
  return wanted.map(({ id }) => id);
}
