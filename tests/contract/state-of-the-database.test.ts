import { createServer, type Server } from 'node:http';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { InvocationError, invokeFunction } from '../../core/adapters/lambda/invoke.ts';
import { s3RawStore } from '../../core/adapters/s3/raw-store.ts';
import { sqsMessageQueue } from '../../core/adapters/sqs/message-queue.ts';
import {
  DatabaseConnectionError,
  DatabaseUnavailableError,
  errorCode,
  isDatabaseUnavailable,
} from '../../core/ports/database-unavailable.ts';

/* How a function outside the VPC learns from `state` that the database is away: by the name of its error. */

/** What Lambda answers for a function that threw. */
let errorType = '';
let server: Server;
let client: LambdaClient;

beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { 'content-type': 'application/json', 'x-amz-function-error': 'Unhandled' });
    response.end(JSON.stringify({ errorType, errorMessage: 'a text for people', trace: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The double of Lambda listens on no port.');
  client = new LambdaClient({
    endpoint: `http://127.0.0.1:${address.port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
  });
});
afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const failure = () => invokeFunction('state', {}, client).catch((error: unknown) => error);

it('as a database that is away, which is waited for', async () => {
  errorType = new DatabaseUnavailableError().name;
  const error = await failure();
  expect(error).toBeInstanceOf(DatabaseUnavailableError);
  expect(isDatabaseUnavailable(error)).toBe(true);
});

it.each(['ZodError', 'Sandbox.Timedout', 'Runtime.ExitError', 'error'])(
  'and %s as a failure like any other',
  async (type) => {
    errorType = type;
    const error = await failure();
    expect(error).toBeInstanceOf(InvocationError);
    expect(isDatabaseUnavailable(error)).toBe(false);
  },
);

it.each([
  ['08006', true],
  ['28P01', true],
  ['53100', true],
  ['53300', true],
  ['55P03', true],
  ['25P03', true],
  ['40P01', true],
  ['57014', true],
  ['57P01', true],
  ['58030', true],
  // Of Node. A bucket or a queue fails by the same codes; the adapter of the database says when it was that.
  ['ECONNREFUSED', false],
  ['ETIMEDOUT', false],
  ['23505', false],
  ['22P02', false],
  ['42P01', false],
  ['25P02', false],
  ['XX000', false],
  ['ENOENT', false],
])('%s of Postgres or Node says that the database is away: %s', (code, away) => {
  expect(isDatabaseUnavailable(Object.assign(new Error('a text for people'), { code }))).toBe(away);
});

it('a connection to the database that was lost says it, and is known by its class', () => {
  expect(isDatabaseUnavailable(new DatabaseConnectionError('connect ECONNREFUSED', 'ECONNREFUSED'))).toBe(true);
  expect(isDatabaseUnavailable(new DatabaseConnectionError('Query read timeout', undefined))).toBe(true);
});

it('a bucket and a queue that cannot be reached are not the database', async () => {
  const aws = {
    endpoint: 'http://127.0.0.1:1',
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIATEST', secretAccessKey: 'secret' },
    maxAttempts: 1,
  };
  const url = `${aws.endpoint}/000000000000/ingest`;
  const bucket = s3RawStore('raw', new S3Client({ ...aws, forcePathStyle: true }));
  const queue = sqsMessageQueue({ ingest: url }, new SQSClient(aws));
  for (const work of [() => bucket.get('raw/yahoo/2026-11-22/none/0-1.json.gz'), () => queue.send('ingest', [{}])]) {
    const error = await work().then(
      () => null,
      (failed: unknown) => failed,
    );
    expect(errorCode(error)).toBe('ECONNREFUSED');
    expect(isDatabaseUnavailable(error)).toBe(false);
  }
});
