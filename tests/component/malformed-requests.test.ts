import { createServer } from 'node:http';
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { apiQueues } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { requestBytes, statusOf, targetOf } from '../support/request-lines.ts';
import { type ServersProcess, servers, startServersProcess } from '../support/servers-process.ts';

let running: ServersProcess;
beforeAll(async () => {
  running = await startServersProcess();
}, 60_000);
afterAll(() => running.stop());

/** A 4xx, or a 501 of the proxy, which says so that it has no such route where Yahoo may have one. */
function expectRefusal(status: number | null, ofProxy: boolean): void {
  expect(ofProxy && status === 501 ? 404 : status).toBeGreaterThanOrEqual(400);
  expect(ofProxy && status === 501 ? 404 : status).toBeLessThan(500);
}

const raw = (text: string) => Buffer.from(text, 'latin1');

describe.each(servers)('the server of the %s', (server) => {
  it.each([
    'GET // HTTP/1.1',
    'GET /// HTTP/1.1',
    'GET http://[ HTTP/1.1',
    'GET http://evil.example/ HTTP/1.1',
    'GET * HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /a\0b HTTP/1.1',
    'GET /%00 HTTP/1.1',
    'GET /\xff HTTP/1.1',
    'GET /%zz/% HTTP/1.1',
    'CONNECT evil.example:443 HTTP/1.1',
    'CONNECT // HTTP/1.1',
    'TRACE / HTTP/1.1',
    'FOO / HTTP/1.1',
    'GET / HTTP/9.9',
    'PRI * HTTP/2.0',
    'POST / HTTP/1.1\r\nContent-Length: abc',
    'POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2',
    'GET / HTTP/1.1\r\nHost: second.example',
    '\x16\x03\x01\x02',
  ])('answers a 4xx to %j and keeps serving', async (line) => {
    const status = await statusOf(
      running.ports[server],
      raw(`${line}\r\nHost: 127.0.0.1:${running.ports[server]}\r\n\r\n`),
      30_000,
    );
    expectRefusal(status, server === 'proxy');
    await running.expectServing(server);
  });

  it('answers a 4xx to an address longer than any', async () => {
    const long = raw(`GET /${'a'.repeat(70_000)} HTTP/1.1\r\nHost: 127.0.0.1:${running.ports[server]}\r\n\r\n`);
    expect(await statusOf(running.ports[server], long, 30_000)).toBe(431);
  });

  it('answers a 4xx to a request without a host', async () => {
    expect(await statusOf(running.ports[server], raw('GET /yahoo/health HTTP/1.1\r\n\r\n'), 30_000)).toBe(400);
  });

  it('answers no 5xx to anything at random, and keeps serving', { timeout: 120_000 }, async () => {
    const random = randomFrom(chosenSeed(`Random requests to the ${server}`));
    for (let round = 0; round < 40; round++) {
      const sent = Array.from({ length: 10 }, () => requestBytes(random, running.ports[server]));
      const statuses = await Promise.all(sent.map((each) => statusOf(running.ports[server], each)));
      const wrong = sent
        .filter((_, at) => (statuses[at] ?? 0) >= 500 && !(server === 'proxy' && statuses[at] === 501))
        .map((each) => each.toString('latin1').slice(0, 300));
      expect(wrong).toEqual([]);
    }
    await running.expectServing(server);
  });
});

const answerSchema = z.object({ statusCode: z.int(), body: z.string() });
type Handler = (event: unknown) => Promise<unknown>;

describe('the functions behind the gateway', () => {
  let api: Handler;
  let proxy: Handler;
  /** Has secrets and nothing else. */
  const cloud = createServer((request, response) => {
    const secret = request.headers['x-amz-target'] === 'secretsmanager.GetSecretValue';
    response.writeHead(secret ? 200 : 400, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(secret ? JSON.stringify({ Name: 'session-key', SecretString: 'a secret of these tests' }) : '{}');
  });
  beforeAll(async () => {
    const nowhere = 'http://127.0.0.1:1';
    await new Promise<void>((resolve) => cloud.listen(0, '127.0.0.1', resolve));
    const address = cloud.address();
    vi.stubEnv('DATABASE_URL', 'postgres://nobody@127.0.0.1:1/none');
    vi.stubEnv('QUOTRON_STAGE', 'local');
    for (const url of Object.values(apiQueues)) vi.stubEnv(settingNames[url], nowhere);
    vi.stubEnv('RAW_BUCKET', 'raw-bucket');
    vi.stubEnv('STATE_FUNCTION', 'state');
    vi.stubEnv('SESSION_KEY_SECRET', 'session-key');
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ENDPOINT_URL', `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    const context = { functionName: 'yahoo-proxy' } as Context;
    const { handler: apiHandler } = await import('../../functions/api/handler.ts');
    const { handler: proxyHandler } = await import('../../functions/yahoo-proxy/handler.ts');
    api = (event) => apiHandler(event as Parameters<typeof apiHandler>[0]);
    proxy = (event) => proxyHandler(event, context);
  }, 60_000);
  afterAll(() => {
    cloud.close();
    vi.unstubAllEnvs();
  });

  const event = (path: string, of: Readonly<Record<string, unknown>> = {}) => ({
    resource: '/{proxy+}',
    path,
    httpMethod: 'GET',
    headers: { host: 'x.example' },
    multiValueHeaders: { host: ['x.example'] },
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: { requestId: 'gateway-1', stage: 'local', path, domainName: 'x.example', identity: {} },
    body: null,
    isBase64Encoded: false,
    ...of,
  });

  function randomEvent(random: Random) {
    const text = () => random.pick(['', '%', '\0', '\ud800', '%ff', 'a'.repeat(20_000), '[', '\r\n', 'AAPL']) ?? '';
    return event(targetOf(random), {
      httpMethod: random.pick(['GET', 'GET', 'GET', 'POST', 'CONNECT', 'TRACE', 'foo', '', 'G T']),
      ...(random.chance(0.3) && { headers: random.pick([null, {}, { host: text() }, { [text()]: text() }]) }),
      ...(random.chance(0.3) && { multiValueHeaders: random.pick([null, {}, { 'x-request-id': [text()] }]) }),
      ...(random.chance(0.3) && { queryStringParameters: { [text()]: text() } }),
      ...(random.chance(0.3) && { multiValueQueryStringParameters: { [text()]: [text(), text()] } }),
      ...(random.chance(0.3) && { body: text() }),
    });
  }

  it.each([
    '//',
    '///',
    '*',
    '',
    'http://[',
    'http://evil.example/',
    '@evil.example/',
    ':80/',
    '/%',
    '/%ff',
    '/\0',
    '/\ud800',
    '/..%2f',
  ])('answer a 4xx to %j', async (path) => {
    for (const handler of [api, proxy]) {
      const { statusCode } = answerSchema.parse(await handler(event(path)));
      expectRefusal(statusCode, handler === proxy);
    }
  });

  it('answer every event at random: with 503 where what they need is away, and no other 5xx', {
    timeout: 120_000,
  }, async () => {
    const random = randomFrom(chosenSeed('Random events of the gateway'));
    for (let round = 0; round < 300; round++) {
      const sent = randomEvent(random);
      for (const handler of [api, proxy]) {
        const { statusCode } = answerSchema.parse(await handler(sent));
        if (statusCode >= 500 && !(handler === proxy && statusCode === 501))
          expect([statusCode, JSON.stringify(sent).slice(0, 500)]).toEqual([503, expect.anything()]);
      }
    }
  });
});
