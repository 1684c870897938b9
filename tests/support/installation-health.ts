import { memoryQueueInspector } from '../../core/adapters/memory/queue-inspector.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { createInstallationHealth, type InstallationHealth } from '../../functions/api/installation-health.ts';

/** The health of the installation on a database, with empty queues. */
export function installationHealthOn(pool: Pool): InstallationHealth {
  return createInstallationHealth({
    ...{ health: healthReader(pool), sources: sourceReader(pool), switches: switchStore(pool), catalogue },
    inspector: memoryQueueInspector({}),
  });
}
