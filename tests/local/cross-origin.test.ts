import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookalikesOf, preflightMethods } from '../support/foreign-origins.ts';
import { send } from '../support/raw-request.ts';
import { sharedCloud } from '../support/shared-cloud.ts';
import { type SimulatedProxy, startSimulatedProxy } from '../support/simulated-proxy.ts';

/*
 * Every door of a running local cloud is tried by pages that are no page of the listed origin, and by that one: it may read
 * the API, and nothing else.
 */

const cloud = sharedCloud();
const listed = 'https://notebook.example';
let simulated: SimulatedProxy;
beforeAll(async () => {
  simulated = await startSimulatedProxy();
});
afterAll(() => simulated?.stop());

const doors: [name: string, base: () => string, path: string, isApi: boolean][] = [
  ['the API at the dashboard', () => cloud.dashboardUrl, '/api/v1/livez', true],
  ['a problem of the API', () => cloud.dashboardUrl, '/api/v1/quotes', true],
  ['the dashboard', () => cloud.dashboardUrl, '/', false],
  ['its downloads', () => cloud.dashboardUrl, '/downloads/any/object?X-Amz-Signature=00', false],
  ['the simulator', () => cloud.upstreamsUrl ?? '', '/yahoo/v1/finance/search?q=a', false],
  ['the switches of faults', () => cloud.upstreamsUrl ?? '', '/_control/faults', false],
  ['the proxy of its own', () => simulated.proxy.url, '/yahoo/v7/finance/quote?symbols=AAPL', false],
  ['the emulator', () => cloud.emulatorUrl, '/', false],
  ['its health', () => cloud.emulatorUrl, '/_localstack/health', false],
];

describe.each(doors)('%s', (_name, base, path, isApi) => {
  const tell = (headers: Record<string, unknown>) =>
    Object.keys(headers).filter((name) => name.startsWith('access-control-'));

  it('lets no page read it whose origin only looks like the listed one', { timeout: 120_000 }, async () => {
    for (const [what, origin] of [...lookalikesOf(listed), ...lookalikesOf(base())]) {
      const read = await send(base(), { path, headers: { origin, cookie: 'a=b' } });
      expect([what, origin, tell(read.headers)]).toEqual([what, origin, []]);
    }
  });

  it('answers no preflight of such a page', { timeout: 120_000 }, async () => {
    for (const [what, origin] of lookalikesOf(listed))
      for (const method of what === 'another site' ? preflightMethods : ['POST']) {
        const headers = {
          origin,
          'access-control-request-method': method,
          'access-control-request-headers': 'x-api-key, authorization',
          'access-control-request-private-network': 'true',
        };
        const answer = await send(base(), { method: 'OPTIONS', path, headers });
        expect([what, method, tell(answer.headers)]).toEqual([what, method, []]);
      }
  });

  it(`${isApi ? 'may' : 'may not'} be read by the listed origin`, async () => {
    const { headers } = await send(base(), { path, headers: { origin: listed } });
    expect(headers['access-control-allow-origin']).toBe(isApi ? listed : undefined);
    expect(headers['access-control-allow-credentials']).toBeUndefined();
    if (isApi) expect(String(headers['vary']).toLowerCase()).toContain('origin');
  });
});
