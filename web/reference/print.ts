/**
 * Prints the page of the API as HTML, for the build of the dashboard: `node web/reference/print.ts`. The document is the one
 * that the function `api` itself answers with, so that the page cannot say anything else.
 */
import type { LambdaEvent } from 'hono/aws-lambda';
import { z } from 'zod';
import { apiQueues } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { documentSchema, renderReference } from './render.ts';

// What the function needs to start. Nothing is connected to until a route asks.
const nowhere = 'http://127.0.0.1:1/none';
for (const url of Object.values(apiQueues)) process.env[settingNames[url]] = nowhere;
process.env[settingNames.rawBucket] = 'none';
process.env[settingNames.databaseUrl] = 'postgres://nobody@127.0.0.1:1/none';
process.env['AWS_REGION'] = 'us-east-1';

const { handler } = await import('../../functions/api/handler.ts');
const path = '/api/v1/openapi.json';
const event = {
  resource: '/{proxy+}',
  path,
  httpMethod: 'GET',
  headers: {},
  multiValueHeaders: {},
  queryStringParameters: {},
  multiValueQueryStringParameters: {},
  pathParameters: { proxy: path.slice(1) },
  stageVariables: {},
  isBase64Encoded: false,
  body: null,
  requestContext: {
    accountId: '',
    apiId: '',
    authorizer: {},
    domainName: 'none.invalid',
    domainPrefix: '',
    extendedRequestId: '',
    httpMethod: 'GET',
    identity: { sourceIp: '127.0.0.1', userAgent: '' },
    path,
    protocol: 'HTTP/1.1',
    requestId: 'reference',
    requestTime: '',
    requestTimeEpoch: 0,
    resourcePath: '/{proxy+}',
    stage: 'none',
  },
} as const;

const answer = z
  .object({ statusCode: z.literal(200), body: z.string() })
  .parse(await handler(event as unknown as LambdaEvent));
process.stdout.write(renderReference(documentSchema.parse(JSON.parse(answer.body))), () => process.exit(0));
