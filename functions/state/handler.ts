import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { stateRequestSchema } from '../../core/contracts/state.ts';
import { observed } from '../../core/runtime/observe.ts';
import { databaseSettings } from '../../core/runtime/settings.ts';
import { patientState } from './patient-state.ts';

const state = patientState(postgresState(createPool(databaseSettings())));

/** Answers one `StateRequest`, invoked synchronously by functions outside the VPC. */
export const handler = observed((event: unknown) => state.call(stateRequestSchema.parse(event)));
