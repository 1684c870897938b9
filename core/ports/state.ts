import type { StateRequest, StateResponses } from '../contracts/state.ts';

/**
 * Permits, leases, sessions and key checks. Functions inside the VPC have it on Postgres; functions outside invoke the
 * `state` function.
 */
export interface State {
  call<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]>;
}
