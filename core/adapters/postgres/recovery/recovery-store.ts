import { everySource } from '../../../auth/visible-sources.ts';
import type { RecoveryStore } from '../../../ports/recovery-store.ts';
import type { Pool } from '../database/pool.ts';
import { recoveryLookups } from './lookups.ts';
import { recoveryProgress } from './progress.ts';
import { recoveryRecords } from './records.ts';
import { recoveryWatch } from './watch.ts';

/** Recoveries in Postgres, with what they look up. Deadlines and leases go by the database's clock. */
export function postgresRecoveryStore(pool: Pool): RecoveryStore {
  return {
    ...recoveryRecords(pool)(everySource),
    ...recoveryWatch(pool),
    ...recoveryProgress(pool),
    ...recoveryLookups(pool),
  };
}
