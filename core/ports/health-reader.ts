import type { InstallationFacts } from '../health/installation.ts';

/** Reads of the state of the installation itself. */
export interface HealthReader {
  /** Whether the database answers and has its tables. Throws when it cannot be reached. */
  migrated(): Promise<boolean>;
  facts(now: Date): Promise<InstallationFacts>;
}
