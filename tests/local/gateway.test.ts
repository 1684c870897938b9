import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { afterAll, expect, it } from 'vitest';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { emulatorOf } from '../../localstack/cloud.ts';
import { emulatorClient } from '../../localstack/emulator.ts';
import { sharedCloud } from '../support/shared-cloud.ts';

/* What API Gateway answers by itself is a problem like those of the functions, here as on AWS. */

const cloud = sharedCloud();
const lambda = new LambdaClient(emulatorClient(emulatorOf(cloud)));
const gateway = `${cloud.emulatorUrl}/_aws/execute-api/${cloud.outputs['RestApiId']}/${cloud.outputs['RestApiStage']}`;
afterAll(() => lambda.destroy());

async function problemAt(path: string, method = 'GET') {
  const answer = await fetch(gateway + path, { method });
  const problem = problemSchema.parse(await answer.json());
  return {
    status: answer.status,
    type: answer.headers.get('content-type'),
    retryAfter: answer.headers.get('retry-after'),
    problem,
  };
}

it('a function that fails before it can answer is a 503 problem to try again, without a word of why', async () => {
  const FunctionName = cloud.outputOf('FunctionSetCredentials');
  const path = '/api/v1/sources/demo-broker/credentials';
  const { Environment } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName }));
  const configure = (Variables: Record<string, string>) =>
    lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Environment: { Variables } }));
  try {
    // It names the missing setting at its start, and ends.
    await configure({});
    const failed = await problemAt(path, 'PUT');
    expect(failed).toMatchObject({
      status: 503,
      type: 'application/problem+json',
      retryAfter: '5',
      problem: { code: 'unavailable', retryable: true },
    });
    expect(JSON.stringify(failed.problem)).not.toMatch(/Setting|STATE_FUNCTION|Error/);
  } finally {
    await configure(Environment?.Variables ?? {});
  }
  expect(await problemAt(path, 'PUT')).toMatchObject({ status: 401, problem: { code: 'unauthenticated' } });
});
