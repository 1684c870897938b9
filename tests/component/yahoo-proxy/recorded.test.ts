import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { routeNamed, routes } from '../../../core/proxy/routes.ts';
import { proxyListener } from '../../../functions/yahoo-proxy/standalone.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';

/*
 * Requests as clients make them, and answers in the shapes of Yahoo's own. The proxy must ask the one for the other, and pass
 * it on byte for byte.
 */

const folder = new URL('../../recorded/yahoo/', import.meta.url).pathname;
const exchangesSchema = z.array(
  z.strictObject({
    path: z.string(),
    /** Of a POST. */
    body: z.record(z.string(), z.unknown()).optional(),
    /** The path that Yahoo is asked, where the client knows it by another name. */
    asks: z.string().optional(),
    status: z.int(),
    answer: z.string(),
  }),
);

const recorded = readdirSync(folder).map((file) => ({
  route: file.replace(/\.json$/, ''),
  exchanges: exchangesSchema.parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))),
}));

it('has some of every route, and no others', () => {
  expect(recorded.map(({ route }) => route).sort()).toEqual(routes.map(({ name }) => name).sort());
  expect(recorded.flatMap(({ exchanges }) => exchanges).length).toBeGreaterThanOrEqual(60);
});

describe.each(recorded)('$route', ({ route, exchanges }) => {
  let test: TestProxy;
  let says: { status: number; answer: string };
  beforeEach(async () => {
    test = await testProxy(
      { urlOf: () => 'http://recorded.test' },
      { upstream: () => async (call) => answerTo(call.url) },
    );
  });

  /** What stands in for Yahoo: its steps to a session, and the recorded answer to all else. */
  function answerTo(url: URL) {
    const said = { setCookies: [] as string[], error: null, url, latencyMs: 1 };
    const response = (status: number, body: string) => ({ status, headers: {}, body, truncated: false });
    if (url.pathname === '/')
      return { ...said, setCookies: ['A3=d=a-session-of-these-tests; Path=/'], response: response(404, '') };
    if (url.pathname === '/v1/test/getcrumb') return { ...said, response: response(200, 'haT3oykhHqZ') };
    return { ...said, response: response(says.status, says.answer) };
  }

  it.each(exchanges)('$path is answered as Yahoo answered', async ({ path, body, asks, status, answer }) => {
    says = { status, answer };
    for (const again of [1, 2]) {
      const got = await test.request({
        path: `/yahoo${path}`,
        ...(body === undefined ? {} : { body: JSON.stringify(body, null, again) }),
      });
      expect([again, got.status, await got.text()]).toEqual([again, status, answer]);
    }
    const asked = test.calls.filter(({ url }) => url.pathname !== '/' && url.pathname !== '/v1/test/getcrumb');
    // The second time it is known, a refusal too.
    expect(asked).toHaveLength(1);
    const [call] = asked;
    expect(call?.method).toBe(routeNamed(route)?.method);
    expect(decodeURIComponent(call?.url.pathname ?? '')).toBe(decodeURIComponent(asks ?? path.replace(/\?.*$/, '')));
    expect(call?.body === undefined ? undefined : JSON.parse(call.body)).toEqual(body);
    // The crumb is our own, and is sent where it is needed only. What a client says of itself is not.
    expect(call?.url.searchParams.has('crumb')).toBe(routeNamed(route)?.needsSession);
    expect(call?.url.search).not.toMatch(/corsDomain/);
  });

  it('comes over HTTP from memory as it came the first time, each character of it', async () => {
    const server = createServer(proxyListener(test.proxy));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/yahoo`;
    try {
      for (const { path, status, answer } of exchanges.filter(({ body }) => body === undefined)) {
        says = { status, answer };
        for (const headers of [{}, {}, { 'accept-encoding': 'identity' }, { 'accept-encoding': 'gzip' }]) {
          const got = await fetch(base + path, { headers });
          expect([path, got.status, await got.text()]).toEqual([path, status, answer]);
        }
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});
