import type { StateRequest, StateResponses } from '../contracts/state.ts';

/**
 * Permits, leases, sessions and key checks. Functions inside the VPC have it on Postgres; functions outside ask the
 * `state` function.
 */
export interface State {
  ask<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]>;
}
