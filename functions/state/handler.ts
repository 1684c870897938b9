import { tieredQuotes } from '../../core/adapters/parquet/tiered-quotes.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { s3HistoryFiles } from '../../core/adapters/s3/history-files.ts';
import { stateRequestSchema } from '../../core/contracts/state.ts';
import { DatabaseUnavailableError, isDatabaseUnavailable } from '../../core/ports/database-unavailable.ts';
import { observed } from '../../core/runtime/observe.ts';
import { databaseSettings, setting } from '../../core/runtime/settings.ts';
import { applySourceQuotas } from '../../core/runtime/source-quotas.ts';

applySourceQuotas();

const pool = createPool(databaseSettings(), 1, timeLimits('state'));
const state = postgresState(pool, tieredQuotes(pool, s3HistoryFiles(setting('rawBucket'))));

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
