import { randomUUID } from 'node:crypto';
import type { StreamSlots } from '../../../ports/stream-slots.ts';
import { acquireLease, holdsLease, releaseLease, releaseLeasesOf } from '../database/leases.ts';
import { inTransaction, type Pool } from '../database/pool.ts';

/** Slots of all processes on a database: a lease for each, which ends by itself where its holder is gone. */
export function postgresStreamSlots(pool: Pool, most: number): StreamSlots {
  const names = Array.from({ length: most }, (_, at) => `event-stream:${at}`);
  return {
    take: (client, forMs) =>
      inTransaction(pool, async (db) => {
        // One after the other: each looks at several leases, and of two streams of a client the later one stays.
        await db.query("SELECT pg_advisory_xact_lock(hashtextextended('event-streams', 0))");
        if (client !== null) await releaseLeasesOf(db, names, client);
        const holder = client ?? randomUUID();
        for (const name of names) {
          const token = await acquireLease(db, name, holder, forMs / 1_000);
          if (token === null) continue;
          return {
            held: () => holdsLease(pool, name, token),
            async free() {
              // One that cannot be given back, as the database is away, ends by itself.
              await inTransaction(pool, (own) => releaseLease(own, name, token)).catch(() => undefined);
            },
          };
        }
        return null;
      }),
  };
}
