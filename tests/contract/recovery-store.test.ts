import { afterAll, beforeAll, describe } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { installDatabaseClock } from '../support/database-clock.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { recoveryLookupsSuite } from '../support/recovery-lookups-suite.ts';
import { recoveryStoreSuite } from '../support/recovery-store-suite.ts';
import { memoryRecoveryFixture, postgresRecoveryFixture } from '../support/recovery-stores.ts';

describe('recoveries in memory', () => {
  recoveryStoreSuite(async () => memoryRecoveryFixture());
  recoveryLookupsSuite(async () => memoryRecoveryFixture());
});

describe('recoveries in Postgres', () => {
  let database: TestDatabase;
  let pool: Pool;
  beforeAll(async () => {
    database = await startTestDatabase();
    await installDatabaseClock(database.pool(1));
    pool = database.pool(2);
  });
  afterAll(() => database.stop());

  const fixture = async () => {
    await emptyDatabase(pool);
    return postgresRecoveryFixture(pool);
  };
  recoveryStoreSuite(fixture);
  recoveryLookupsSuite(fixture);
});
