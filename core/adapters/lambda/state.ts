import type * as z from 'zod';
import { type StateRequest, type StateResponses, stateResponseSchemas } from '../../contracts/state.ts';
import type { State } from '../../ports/state.ts';
import { invokeFunction } from './invoke.ts';

const schemas: { [Op in StateRequest['op']]: z.ZodType<StateResponses[Op]> } = stateResponseSchemas;

/** The `state` function gave a response that is none of this release. */
export class StateUnavailableError extends Error {
  override readonly name = 'StateUnavailableError';
  constructor(op: string) {
    super(
      `The state function's response to ${op} is of another release. The message is redelivered and its task tried again.`,
    );
  }
}

/** State for functions outside the VPC: each call invokes the `state` function inside it. */
export function lambdaState(functionName: string): State {
  return {
    async call<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      const parsed = schemas[request.op as Op].safeParse(await invokeFunction(functionName, request));
      if (!parsed.success) throw new StateUnavailableError(request.op);
      return parsed.data;
    },
  };
}
