import { type IncomingHttpHeaders, request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { runDetailSchema, sourceHealthSchema } from '../../core/contracts/http/operations.ts';
import { planCycle, waitForRuns } from '../../localstack/cycle.ts';
import { createSignInToken } from '../../localstack/keys.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();

beforeAll(async () => {
  await waitForRuns(cloud.pool, await planCycle(cloud.functions, 'quotes'), 90_000);
});

async function problemOf(answer: Response) {
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  return problemSchema.parse(await answer.json());
}

/** A GET whose body is left as it came, and whose headers are those given and no others. */
function rawGet(url: string, headers: Readonly<Record<string, string>>) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }>((resolve, reject) => {
    const sent = request(url, { headers }, async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(Buffer.from(chunk));
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(chunks) });
    });
    sent.once('error', reject).end();
  });
}

describe('the deployed API over HTTP', () => {
  it('refuses a request without a key, and one whose key is too weak', async () => {
    const none = await cloud.ask('/quotes/AAPL', { as: null });
    expect(none.status).toBe(401);
    expect((await problemOf(none)).code).toBe('unauthenticated');
    const weak = await cloud.ask('/sources/yahoo/run', { method: 'POST', as: 'read', body: {} });
    expect(weak.status).toBe(403);
  });

  it('answers 304 to the ETag that it gave', async () => {
    const first = await cloud.ask('/quotes/AAPL');
    const etag = first.headers.get('etag');
    expect(etag).toMatch(/^W\//);
    await first.arrayBuffer();
    // A tick may bring another price in between; then the ETag has changed with it.
    const again = await eventually('a 304', async () => {
      const current = (await cloud.ask('/quotes/AAPL')).headers.get('etag') ?? '';
      const answer = await cloud.ask('/quotes/AAPL', { headers: { 'if-none-match': current } });
      return answer.status === 304 ? answer : undefined;
    });
    expect(await again.text()).toBe('');
  });

  it.each([
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const)(
    'comes packed as %s, byte for byte, through the gateway and the dashboard’s server',
    async (coding, unpack) => {
      const { apiUrl, apiKeys } = cloud;
      const answer = await rawGet(`${apiUrl}/instruments?limit=200`, {
        'x-api-key': apiKeys.read,
        accept: 'application/json',
        'accept-encoding': coding,
      });
      expect([answer.status, answer.headers['content-encoding']]).toEqual([200, coding]);
      expect(JSON.parse(unpack(answer.body).toString()).data.length).toBeGreaterThan(10);
      const plain = await rawGet(`${apiUrl}/instruments?limit=200`, {
        'x-api-key': apiKeys.read,
        'accept-encoding': coding,
      });
      expect([plain.headers['content-encoding'], plain.body[0]]).toEqual([undefined, '{'.charCodeAt(0)]);
    },
  );

  it('may be read by the page whose origin is listed, and by no other', async () => {
    const origin = 'https://notebook.example';
    const asks = { 'access-control-request-method': 'GET', 'access-control-request-headers': 'x-api-key' };
    const preflight = await cloud.ask('/quotes', { method: 'OPTIONS', as: null, headers: { origin, ...asks } });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    const answer = await cloud.ask('/quotes/AAPL', { headers: { origin } });
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([200, origin]);
    expect(answer.headers.get('access-control-expose-headers')).toContain('ratelimit');
    const other = { origin: 'https://other.example' };
    const refused = await cloud.ask('/quotes', { method: 'OPTIONS', as: null, headers: { ...other, ...asks } });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([405, null]);
    const unread = await cloud.ask('/quotes/AAPL', { headers: other });
    expect([unread.status, unread.headers.get('access-control-allow-origin')]).toEqual([200, null]);
  });

  it('leads to S3 for an answer over 4 MB, which any client that follows can read, and no one without a key', async () => {
    await cloud.pool.query(
      `WITH i AS (INSERT INTO instrument (asset_class, name) VALUES ('equity', repeat('é', 3000000)) RETURNING id),
            l AS (INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, 'XNAS', 'USD', 'America/New_York' FROM i RETURNING id)
       INSERT INTO symbol_alias (namespace, symbol, listing_id) SELECT 'canonical', 'LONGANSWER', id FROM l`,
    );
    try {
      const path = '/instruments?query=LONGANSWER';
      const sent = await cloud.ask(path, { redirect: 'manual' });
      expect([sent.status, await sent.text()]).toEqual([303, '']);
      const link = new URL(sent.headers.get('location') ?? '');
      expect(link.pathname).toMatch(/\/answers\/\d{4}-\d\d-\d\d\/[0-9a-f-]{36}$/);
      // A client that does nothing but follow, its key still with it; and one that has the link only.
      for (const answer of [await cloud.ask(path), await fetch(link)]) {
        expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
        const [found] = envelope(z.array(z.object({ symbol: z.string(), name: z.string() }))).parse(
          await answer.json(),
        ).data;
        expect([found?.symbol, found?.name.length, found?.name.slice(0, 2)]).toEqual(['LONGANSWER', 3_000_000, 'éé']);
      }
      expect((await cloud.ask(path, { as: null, redirect: 'manual' })).status).toBe(401);
    } finally {
      await cloud.pool.query(`UPDATE instrument SET name = 'Long answer' WHERE length(name) > 100000`);
    }
  });

  it('gives each symbol of a list its own answer', async () => {
    const answer = await cloud.ask('/quotes?symbols=AAPL,NO-SUCH-SYMBOL');
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).toContain('AAPL');
    expect(text).toContain('NO-SUCH-SYMBOL');
  });

  it('runs a source now: 202, a run to follow, and a new price', async () => {
    const answer = await cloud.ask('/sources/yahoo/run', { method: 'POST', as: 'operate', body: { job: 'quotes' } });
    expect(answer.status).toBe(202);
    const location = answer.headers.get('location') ?? '';
    expect(location).toContain('/runs/');
    const run = await eventually('the run to end', async () => {
      const path = location.slice(location.indexOf('/runs/'));
      const asked = await cloud.ask(path);
      if (asked.status === 404) return undefined;
      const { data } = z.object({ data: runDetailSchema }).parse(await asked.json());
      return data.finishedAt === null ? undefined : data;
    });
    expect(run).toMatchObject({ status: 'succeeded', trigger: 'manual' });
  });

  it('keeps both prices of a corrected quote, and reads the past as it was known', async () => {
    const asOf = new Date(Date.now() - 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
    const collect = async (price: number) => {
      await cloud.fault({ source: 'yahoo', fault: 'price', on: true, symbol: 'JPM', price, asOf });
      await waitForRuns(cloud.pool, await planCycle(cloud.functions, 'quotes'), 90_000);
      await cloud.noFaults();
    };
    await collect(271.25);
    const [first] = await cloud.rows(
      `SELECT q.ingested_at FROM quote q JOIN symbol_alias a USING (listing_id)
       WHERE a.namespace = 'canonical' AND a.symbol = 'JPM' AND q.as_of = $1`,
      [asOf],
    );
    const knownAt = new Date(z.date().parse(first?.['ingested_at']).getTime() + 1).toISOString();
    await collect(272.5);
    const rows = await cloud.rows(
      `SELECT price FROM quote_revision q JOIN symbol_alias a USING (listing_id)
       WHERE a.namespace = 'canonical' AND a.symbol = 'JPM' AND q.as_of = $1`,
      [asOf],
    );
    expect(rows).toEqual([{ price: '271.25' }]);
    const history = async (query: string) =>
      (await cloud.ask(`/quotes/JPM/history?from=${asOf}&to=${asOf.replace('Z', '.999Z')}${query}`)).text();
    expect(await history('')).toContain('272.5');
    expect(await history(`&knownAt=${knownAt}`)).toContain('271.25');
  });

  it('tells on the source why it failed, and gets well again', async () => {
    const before = await cloud.read('/quotes/MSFT', quoteSchema);
    await cloud.fault({ source: 'yahoo', fault: '429', on: true, kinds: ['quote'], retryAfterSeconds: 1 });
    await cloud.ask('/sources/yahoo/run', { method: 'POST', as: 'operate', body: { job: 'quotes' } });
    const sick = await eventually('yahoo to be limited', async () => {
      const health = await cloud.read('/sources/yahoo/health', sourceHealthSchema);
      return health.reason === 'rate_limited' ? health : undefined;
    });
    expect(sick.lastFailure?.reason).toBe('rate_limited');
    expect((await cloud.read('/quotes/MSFT', quoteSchema)).price).toBeDefined();
    expect(before.source).toBe('yahoo');
    await cloud.noFaults();
    await eventually(
      'a success after the failure',
      async () => {
        await cloud.ask('/sources/yahoo/run', { method: 'POST', as: 'operate', body: { job: 'quotes' } });
        const health = await cloud.read('/sources/yahoo/health', sourceHealthSchema);
        const failedAt = health.lastFailure?.at ?? '';
        return health.lastSuccessAt !== null && health.lastSuccessAt > failedAt ? health : undefined;
      },
      100_000,
    );
  });
});

describe('the dashboard server, as CloudFront on AWS', () => {
  it('serves the page with its security headers, for every path that the page routes', async () => {
    for (const path of ['/', '/sources/yahoo']) {
      const answer = await fetch(cloud.dashboardUrl + path);
      expect(answer.status).toBe(200);
      expect(answer.headers.get('content-security-policy')).toContain("object-src 'none'");
      expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
      expect(await answer.text()).toContain('<div id="root"');
    }
    expect((await fetch(`${cloud.dashboardUrl}/assets/no-such-file.js`)).status).toBe(404);
    expect((await fetch(`${cloud.dashboardUrl}/%2e%2e/%2e%2e/package.json`)).status).not.toBe(200);
  });

  it.each([
    ['/quotes/BRK%2FB', { data: { instrument: { symbol: 'BRK-B' } } }],
    ['/quotes/A%3Fx', { code: 'invalid_symbol' }],
    ['/quotes/AAPL%00', { code: 'invalid_symbol' }],
    ['/quotes/..%2fkeys', { code: 'invalid_symbol' }],
  ])('reads %s as it was sent, through the dashboard and at the gateway', async (path, answered) => {
    for (const url of [`${cloud.dashboardUrl}/api/v1`, cloud.apiUrl]) {
      const answer = await fetch(url + path, { headers: { 'x-api-key': cloud.apiKeys.read } });
      expect(await answer.json()).toMatchObject(answered);
    }
  });

  it('signs in once with a one-time token, by a cookie that no script can read', async () => {
    const token = await createSignInToken(cloud.pool, cloud.apiKeys.operate);
    const signIn = () =>
      fetch(`${cloud.apiUrl}/session`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', origin: cloud.dashboardUrl, 'sec-fetch-site': 'same-origin' },
        body: JSON.stringify({ token }),
      });
    const answer = await signIn();
    expect(answer.status).toBe(200);
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/^qtr_session_\d+=/);
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    const session = cookie.split(';')[0] ?? '';
    const who = await fetch(`${cloud.apiUrl}/session`, { headers: { cookie: session } });
    expect(await who.json()).toMatchObject({ data: { scopes: expect.arrayContaining(['operate']) } });
    expect((await signIn()).status).toBe(401);
    // A change from another site, with the cookie, is refused.
    const foreign = await fetch(`${cloud.apiUrl}/sources/yahoo/run`, {
      method: 'POST',
      headers: { cookie: session, origin: 'https://evil.example', 'content-type': 'application/json' },
      body: '{}',
    });
    expect(foreign.status).toBe(403);
  });
});
