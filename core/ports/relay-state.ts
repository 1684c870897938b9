import type { StateRequest, StateResponses } from '../contracts/state.ts';

export type RelayRequest = Extract<StateRequest, { op: 'claimEvents' | 'acknowledgeEvents' }>;

/** The outbox as the one relay reads it: by the `state` function from outside the VPC, on Postgres from inside. */
export interface RelayState {
  call<Op extends RelayRequest['op']>(request: Extract<RelayRequest, { op: Op }>): Promise<StateResponses[Op]>;
}
