import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type * as z from 'zod';
import { type StateRequest, type StateResponses, stateResponseSchemas } from '../../contracts/state.ts';
import type { State } from '../../ports/state.ts';

const schemas: { [Op in StateRequest['op']]: z.ZodType<StateResponses[Op]> } = stateResponseSchemas;

/** The `state` function did not answer as it must. */
export class StateUnavailableError extends Error {
  override readonly name = 'StateUnavailableError';
  constructor(op: string, what: string) {
    super(`The state function did not answer ${op}: ${what}. The message goes back and is tried again.`);
  }
}

/** State as functions outside the VPC have it: by invoking the `state` function inside. */
export function lambdaState(functionName: string, client = new LambdaClient({})): State {
  return {
    async ask<Op extends StateRequest['op']>(request: Extract<StateRequest, { op: Op }>): Promise<StateResponses[Op]> {
      const answer = await client.send(
        new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(request)) }),
      );
      if (answer.FunctionError) throw new StateUnavailableError(request.op, 'it failed, see its log');
      const parsed = schemas[request.op as Op].safeParse(JSON.parse(answer.Payload?.transformToString() || 'null'));
      if (!parsed.success) throw new StateUnavailableError(request.op, 'its answer is of another version');
      return parsed.data;
    },
  };
}
