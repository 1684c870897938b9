import type * as z from 'zod';
import { type StateRequest, type StateResponses, stateResponseSchemas } from '../../contracts/state.ts';
import type { State } from '../../ports/state.ts';
import { invokeFunction } from './invoke.ts';

const schemas: { [Op in StateRequest['op']]: z.ZodType<StateResponses[Op]> } = stateResponseSchemas;

/** The `state` function answered what it must not. */
export class StateUnavailableError extends Error {
  override readonly name = 'StateUnavailableError';
  constructor(op: string) {
    super(`The state function's answer to ${op} is of another version. The message goes back and is tried again.`);
  }
}

/** State as functions outside the VPC have it: by invoking the `state` function inside. */
export function lambdaState(functionName: string): State {
  return {
    async ask<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      const parsed = schemas[request.op as Op].safeParse(await invokeFunction(functionName, request));
      if (!parsed.success) throw new StateUnavailableError(request.op);
      return parsed.data;
    },
  };
}
