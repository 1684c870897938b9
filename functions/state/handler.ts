import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { stateRequestSchema } from '../../core/contracts/state.ts';
import { DatabaseUnavailableError, isDatabaseUnavailable } from '../../core/ports/database-unavailable.ts';
import { observed } from '../../core/runtime/observe.ts';
import { databaseSettings } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';

applySourceQuotas();

const state = postgresState(createPool(databaseSettings(), 1, timeLimits('state')));

/**
 * Answers one `StateRequest`, invoked synchronously by functions outside the VPC. The name of the error tells its caller
 * that the database is away, and the same may work later.
 */
export const handler = observed(async (event: unknown) => {
  try {
    return await state.call(stateRequestSchema.parse(event));
  } catch (error) {
    throw isDatabaseUnavailable(error) ? new DatabaseUnavailableError({ cause: error }) : error;
  }
});
