import { randomUUID } from 'node:crypto';
import type { StreamSlots } from '../../../ports/stream-slots.ts';
import { acquireLease, releaseLease } from '../database/leases.ts';
import { inTransaction, type Pool } from '../database/pool.ts';

/** Slots of all processes on a database: a lease for each, which ends by itself where its holder is gone. */
export function postgresStreamSlots(pool: Pool, most: number): StreamSlots {
  const holder = randomUUID();
  const names = Array.from({ length: most }, (_, at) => `event-stream:${at}`);
  return {
    take: (forMs) =>
      inTransaction(pool, async (db) => {
        for (const name of names) {
          const token = await acquireLease(db, name, holder, forMs / 1_000);
          // One that cannot be given back, as the database is away, ends by itself.
          if (token !== null) return () => giveBack(pool, name, token).catch(() => undefined);
        }
        return null;
      }),
  };
}

async function giveBack(pool: Pool, name: string, token: number): Promise<void> {
  await inTransaction(pool, (db) => releaseLease(db, name, token));
}
