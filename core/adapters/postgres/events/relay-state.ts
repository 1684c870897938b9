import type { StateResponses } from '../../../contracts/state.ts';
import type { RelayRequest, RelayState } from '../../../ports/relay-state.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { acknowledgeEvents, claimEvents } from './relay-store.ts';

type Op = RelayRequest['op'];
type Handlers = {
  [O in Op]: (connection: Connection, request: Extract<RelayRequest, { op: O }>) => Promise<StateResponses[O]>;
};

const handlers: Handlers = { claimEvents, acknowledgeEvents };

/** The outbox for a relay inside the VPC, each request in a transaction of its own. */
export function postgresRelayState(pool: Pool): RelayState {
  return {
    call<O extends Op>(request: Extract<RelayRequest, { op: O }>): Promise<StateResponses[O]> {
      const handle: Handlers[O] = handlers[request.op as O];
      return inTransaction(pool, (connection) => handle(connection, request));
    },
  };
}
