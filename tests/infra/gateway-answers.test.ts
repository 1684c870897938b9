import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { problemSchema } from '../../core/contracts/http/envelope.ts';
import { problems } from '../../core/http/problem.ts';
import { resourcesOf, type StageName, stages } from './synthesize.ts';

const answerSchema = z.object({
  ResponseType: z.string(),
  StatusCode: z.string(),
  ResponseParameters: z.record(z.string(), z.string()),
  ResponseTemplates: z.object({ 'application/json': z.string() }),
});

const answersOf = (stage: StageName) =>
  resourcesOf(stage, 'AWS::ApiGateway::GatewayResponse').map(({ resource }) => {
    const answer = answerSchema.parse(resource.Properties);
    const body = JSON.parse(answer.ResponseTemplates['application/json'].replace('$context.requestId', 'abc'));
    return { ...answer, problem: problemSchema.parse(body) };
  });

const known = new Map<string, { status: number; title: string; retryable: boolean }>(Object.entries(problems));

it.each(stages)('in %s, API Gateway makes bytes of packed answers, whatever their type', (stage) => {
  const [api] = resourcesOf(stage, 'AWS::ApiGateway::RestApi');
  expect(api?.resource.Properties).toMatchObject({ BinaryMediaTypes: ['*/*'] });
});

describe.each(stages)('in %s, what API Gateway answers by itself', (stage) => {
  it('covers both classes, and functions that fail or give no answer', () => {
    expect(answersOf(stage).map(({ ResponseType }) => ResponseType)).toEqual(
      expect.arrayContaining([
        ...['DEFAULT_4XX', 'DEFAULT_5XX', 'INTEGRATION_FAILURE', 'INTEGRATION_TIMEOUT'],
        ...['THROTTLED', 'REQUEST_TOO_LARGE', 'MISSING_AUTHENTICATION_TOKEN', 'RESOURCE_NOT_FOUND'],
      ]),
    );
  });

  it('is a problem like those of the functions, with the code, title and status of that problem', () => {
    const answers = answersOf(stage);
    expect(answers.length).toBeGreaterThan(8);
    for (const { ResponseType, StatusCode, ResponseParameters, problem } of answers) {
      const { title, status, retryable } = problem;
      expect({ title, status, retryable }, ResponseType).toEqual(known.get(problem.code));
      expect(StatusCode, ResponseType).toBe(String(status));
      expect(problem.type).toBe(`urn:quotron:problem:${problem.code}`);
      expect(problem.requestId).toBe('abc');
      const header = (name: string) => ResponseParameters[`gatewayresponse.header.${name}`];
      expect(header('Content-Type')).toBe("'application/problem+json'");
      expect(header('retry-after') !== undefined, ResponseType).toBe(retryable);
    }
  });

  it('shows no path, which may hold a key', () => {
    for (const { ResponseTemplates } of answersOf(stage))
      expect(ResponseTemplates['application/json'].match(/\$\w+(\.\w+)*/g)).toEqual(['$context.requestId']);
  });
});
