import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { z } from 'zod';
import type { FunctionName } from '../core/contracts/functions.ts';
import { type Deployment, functionOutput, output } from './deploy.ts';
import { type EmulatorAccess, emulatorClient } from './emulator.ts';

const failureSchema = z.object({ errorType: z.string().optional(), errorMessage: z.string().optional() });

/** Invokes deployed functions, as EventBridge and the API do. */
export interface Functions {
  /** Invokes one and returns its answer. Throws its error. */
  invoke(name: FunctionName, payload: unknown): Promise<unknown>;
  close(): void;
}

/** The functions of a deployment. */
export function functionsOf(emulator: EmulatorAccess, deployment: Deployment): Functions {
  const client = new LambdaClient({
    ...emulatorClient(emulator),
    // A retry would be a second call.
    maxAttempts: 1,
  });
  return {
    async invoke(name, payload) {
      const answer = await client.send(
        new InvokeCommand({
          FunctionName: output(deployment, functionOutput(name)),
          Payload: new TextEncoder().encode(JSON.stringify(payload)),
        }),
      );
      const text = answer.Payload?.transformToString() ?? '';
      const value: unknown = text === '' ? null : JSON.parse(text);
      if (answer.FunctionError !== undefined) {
        const failure = failureSchema.safeParse(value).data;
        throw new Error(
          `${name} failed: ${failure?.errorType ?? 'Error'}: ${failure?.errorMessage ?? text.slice(0, 500)}`,
        );
      }
      return value;
    },
    close: () => client.destroy(),
  };
}
