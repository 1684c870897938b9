import { randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import type { LambdaEvent } from 'hono/aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { exportLinkSchema } from '../../core/contracts/http/exports.ts';
import { apiQueues } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { type Keys, makeBatch, makeKeys, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const answerSchema = z.object({
  statusCode: z.number(),
  headers: z.record(z.string(), z.string()).optional(),
  multiValueHeaders: z.record(z.string(), z.array(z.string())).optional(),
  body: z.string(),
  isBase64Encoded: z.boolean(),
});

const world = useWorld({ connections: 1, keepRows: true });
let keys: Keys;
let handler: typeof import('../../functions/api/handler.ts')['handler'];

beforeAll(async () => {
  const now = new Date();
  const { pool } = world;
  keys = await makeKeys(pool);
  const at = now.toISOString();
  await makeQuote(pool, await makeListing(pool, '^GSPC', { assetClass: 'index' }), await makeBatch(pool), {
    asOf: at,
    fetchedAt: at,
  });
  vi.stubEnv('DATABASE_URL', world.databaseUrl);
  vi.stubEnv('QUOTRON_STAGE', 'local');
  for (const [queue, url] of Object.entries(apiQueues)) vi.stubEnv(settingNames[url], `http://127.0.0.1:1/${queue}`);
  vi.stubEnv('RAW_BUCKET', 'raw-bucket');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'none');
  ({ handler } = await import('../../functions/api/handler.ts'));
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
});

/** An event as a REST API (v1) sends it: `path` without the stage, headers and query each twice. */
function event(of: {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  body?: string;
}) {
  const headers = of.headers ?? {};
  return {
    resource: '/{proxy+}',
    path: of.path,
    httpMethod: of.method ?? 'GET',
    headers,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: of.query ?? null,
    multiValueQueryStringParameters: of.query
      ? Object.fromEntries(Object.entries(of.query).map(([name, value]) => [name, [value]]))
      : null,
    pathParameters: { proxy: of.path.slice(1) },
    stageVariables: null,
    requestContext: {
      requestId: 'gateway-1',
      stage: 'local',
      path: `/local${of.path}`,
      identity: { sourceIp: '192.0.2.1' },
      domainName: 'x.example',
    },
    body: of.body ?? null,
    isBase64Encoded: false,
  } as unknown as LambdaEvent;
}

const ask = async (of: Parameters<typeof event>[0]) => answerSchema.parse(await handler(event(of)));
const headerOf = (answer: z.infer<typeof answerSchema>, name: string) =>
  answer.multiValueHeaders?.[name]?.[0] ?? answer.headers?.[name];

describe('the function behind API Gateway', () => {
  it.each(['/api/v1/quotes/^GSPC', '/api/v1/quotes/%5EGSPC'])(
    'serves %s as text, not base64, with the gateway id',
    async (path) => {
      const answer = await ask({ path, headers: { 'X-Api-Key': keys.read }, query: { decimals: 'string' } });
      expect([answer.statusCode, answer.isBase64Encoded]).toEqual([200, false]);
      expect(answer.body).toContain('"price":"244.60"');
      expect(headerOf(answer, 'x-request-id')).toBe('gateway-1');
      expect(headerOf(answer, 'etag')).toMatch(/^W\//);
    },
  );

  it('gives a packed answer as base64, which the gateway makes bytes of', async () => {
    const headers = { 'x-api-key': keys.read, accept: '*/*', 'accept-encoding': 'gzip' };
    const answer = await ask({ path: '/api/v1/openapi.json', headers });
    expect([answer.isBase64Encoded, headerOf(answer, 'content-encoding')]).toEqual([true, 'gzip']);
    expect(gunzipSync(Buffer.from(answer.body, 'base64')).toString()).toMatch(/^\{/);
  });

  it.each([{}, { accept: '' }, { accept: ' ;q=1' }])(
    'packs nothing for a request with %o, of which the gateway would pass on the base64',
    async (differs) => {
      const headers = { ...differs, 'Accept-Encoding': 'gzip' };
      const answer = await ask({ path: '/api/v1/openapi.json', headers });
      expect([answer.isBase64Encoded, headerOf(answer, 'content-encoding')]).toEqual([false, undefined]);
      expect(answer.body).toMatch(/^\{/);
    },
  );

  it('reads a body that the gateway hands on as base64', async () => {
    const body = Buffer.from('{"symbols":["^GSPC"]}').toString('base64');
    const headers = { 'x-api-key': keys.read, 'content-type': 'application/json' };
    const asked = { ...event({ method: 'POST', path: '/api/v1/quotes/batch', headers, body }), isBase64Encoded: true };
    const answer = answerSchema.parse(await handler(asked));
    expect(JSON.parse(answer.body).data[0].symbol).toBe('^GSPC');
  });

  it('gives problems, CSV and health as text too', async () => {
    const problem = await ask({ path: '/api/v1/quotes/AAPL' });
    const csv = await ask({
      path: '/api/v1/quotes/^GSPC/history',
      headers: { 'x-api-key': keys.read, accept: 'text/csv' },
    });
    const health = await ask({ path: '/api/v1/health' });
    expect([problem, csv, health].map((answer) => [answer.statusCode, answer.isBase64Encoded])).toEqual([
      [401, false],
      [200, false],
      [200, false],
    ]);
    expect(csv.body).toMatch(/^symbol,/);
  });

  it('gives a report as Markdown, as it is', async () => {
    const headers = { 'x-api-key': keys.operate };
    const made = await ask({ method: 'POST', path: '/api/v1/diagnostics', headers });
    const report = await ask({ path: headerOf(made, 'location') ?? '', headers });
    expect([report.statusCode, report.isBase64Encoded]).toEqual([200, false]);
    expect(report.body).toMatch(/^# Diagnostics report\n/);
  });

  it('signs links to the files of an export for a quarter of an hour, to be saved', async () => {
    const headers = { 'x-api-key': keys.read };
    const id = randomUUID();
    await world.pool.query(
      `INSERT INTO export (id, created_at, use, intervals, from_date, to_date, left_out, listings, status, units, expires_at)
       VALUES ($1, now(), 'internal', '{1d}', '2026-01-01', '2026-01-02', '{}', '{1}', 'succeeded', '[]', now() + interval '1 day')`,
      [id],
    );
    const answer = await ask({ path: `/api/v1/exports/${id}/files`, headers });
    const { data } = envelope(z.array(exportLinkSchema)).parse(JSON.parse(answer.body));
    expect(data.map(({ path }) => path)).toEqual(['_manifest.json']);
    for (const { url } of data)
      expect(Object.fromEntries(new URL(url).searchParams)).toMatchObject({
        'X-Amz-Expires': '900',
        'response-content-disposition': 'attachment',
      });
  });

  it('signs in: the cookie comes back, without Secure on plain http', async () => {
    const answer = await ask({
      method: 'POST',
      path: '/api/v1/session',
      headers: {
        'content-type': 'application/json',
        origin: 'http://127.0.0.1:8080',
        host: 'emulator',
        'x-forwarded-host': '127.0.0.1:8080',
      },
      body: JSON.stringify({ key: keys.read }),
    });
    expect(answer.statusCode).toBe(200);
    expect(headerOf(answer, 'set-cookie')).toMatch(/^qtr_session_8080=.*HttpOnly; SameSite=Strict$/);
  });

  it.each([
    ['an encoded slash', '/api/v1/quotes/BRK%2FB', 404, 'unknown_symbol', 'BRK-B'],
    ['a slash encoded in small letters', '/api/v1/quotes/eur%2fusd', 404, 'unknown_symbol', 'EURUSD=X'],
    ['an encoded question mark', '/api/v1/quotes/A%3Fx', 400, 'invalid_symbol', ''],
    ['a question mark that the gateway decoded', '/api/v1/quotes/A?x', 400, 'invalid_symbol', ''],
    ['a fragment that the gateway decoded', '/api/v1/quotes/A#x', 400, 'invalid_symbol', ''],
    ['an encoded NUL', '/api/v1/quotes/AAPL%00', 400, 'invalid_symbol', ''],
    ['a NUL that the gateway decoded', '/api/v1/quotes/AAPL\0', 400, 'invalid_symbol', ''],
    ['a percent sign that is none of an escape', '/api/v1/quotes/AAPL%', 400, 'invalid_symbol', ''],
    ['half a character', '/api/v1/quotes/AAPL\ud800', 400, 'invalid_symbol', ''],
    ['a way up', '/api/v1/quotes/..%2fkeys', 400, 'invalid_symbol', ''],
    ['a long share class', `/api/v1/quotes/${'A'.repeat(40)}%2FB`, 400, 'invalid_symbol', ''],
  ])('reads a symbol with %s as it was sent', async (_, path, status, code, names) => {
    const answer = await ask({ path, headers: { 'x-api-key': keys.read } });
    expect(answer.statusCode).toBe(status);
    expect(JSON.parse(answer.body)).toMatchObject({ code, detail: expect.stringContaining(names) });
  });

  it('answers a body that is not JSON with a problem', async () => {
    const answer = await ask({
      method: 'POST',
      path: '/api/v1/quotes/batch',
      headers: { 'x-api-key': keys.read, 'content-type': 'application/json' },
      body: '{',
    });
    expect([answer.statusCode, headerOf(answer, 'content-type')]).toEqual([400, 'application/problem+json']);
  });
});

it.each(['é', 'a\u00a0', 'kéy', '中'])(
  'refuses an Idempotency-Key with other characters than ASCII: %j',
  async (key) => {
    const headers = { 'x-api-key': keys.operate, 'content-type': 'application/json', 'Idempotency-Key': key };
    const asked = event({ method: 'POST', path: '/api/v1/sources/recover', headers, body: '{"kind":"api"}' });
    const answer = answerSchema.parse(await handler(asked));
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('header.idempotency-key')]);
  },
);
