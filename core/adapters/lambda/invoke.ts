import { InvokeCommand, LambdaClient, type LambdaClientConfig } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import { DatabaseUnavailableError } from '../../ports/database-unavailable.ts';

/** A function that was invoked and failed. Its own error text stays in its own log. */
export class InvocationError extends Error {
  override readonly name = 'InvocationError';
  constructor(functionName: string) {
    super(`The function ${functionName} failed: see its log for why.`);
  }
}

let shared: LambdaClient | undefined;

/**
 * A client that tries again for some seconds, longer each time, where Lambda refuses: in an account of few executions at
 * once, a scraper would else fail because it and others keep all of them, and `state` gets none.
 */
export function patientClient(settings: LambdaClientConfig = {}): LambdaClient {
  return new LambdaClient({ maxAttempts: 6, ...settings });
}

/** One client a container: its connections are kept warm between invocations. */
function sharedClient(): LambdaClient {
  shared ??= patientClient();
  return shared;
}

/** What Lambda answers for a function that threw: the name of its error. */
const failureSchema = z.object({ errorType: z.string() });
const databaseUnavailable = new DatabaseUnavailableError().name;

/**
 * Invokes a function, waits, and gives its answer unparsed. Throws `InvocationError` when the function failed, and
 * `DatabaseUnavailableError` when that was because the database is away.
 */
export async function invokeFunction(
  functionName: string,
  payload: unknown,
  client = sharedClient(),
): Promise<unknown> {
  const answer = await client.send(
    new InvokeCommand({ FunctionName: functionName, Payload: Buffer.from(JSON.stringify(payload)) }),
  );
  const parsed: unknown = JSON.parse(answer.Payload?.transformToString() || 'null');
  if (!answer.FunctionError) return parsed;
  const { data } = failureSchema.safeParse(parsed);
  throw data?.errorType === databaseUnavailable ? new DatabaseUnavailableError() : new InvocationError(functionName);
}

/** Invokes a function asynchronously. Throws when Lambda does not accept the call. */
export async function invokeFunctionLater(
  functionName: string,
  payload: unknown,
  client = sharedClient(),
): Promise<void> {
  await client.send(
    new InvokeCommand({
      FunctionName: functionName,
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify(payload)),
    }),
  );
}
