import { slowDatabase } from './installation/database.ts';
import { ownNetwork } from './installation/network.ts';
import { missingCredentials, nearlyUsedQuotas } from './installation/notes.ts';
import { deadLetters, overdueTasks } from './installation/pipeline.ts';
import { failingProxy } from './installation/proxy.ts';
import { clockAhead, noTicks, stoppedServices } from './installation/standstill.ts';
import { endingCalendars, missingPartitions } from './installation/upkeep.ts';
import type { SystemRule } from './rule.ts';

/** In this order: what explains silence before what would only repeat it. */
export const systemRules: readonly SystemRule[] = [
  stoppedServices,
  slowDatabase,
  noTicks,
  clockAhead,
  ownNetwork,
  deadLetters,
  overdueTasks,
  nearlyUsedQuotas,
  failingProxy,
  endingCalendars,
  missingPartitions,
  missingCredentials,
];
