import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type StandaloneProxy, startStandalone } from '../../functions/yahoo-proxy/standalone.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { installYfinanceFeatures } from '../clients/yahoo-clients.ts';

/** The last Saturday afternoon: no price moves while the two are compared. */
function lastSaturday(): string {
  const day = 86_400_000;
  const today = Math.floor(Date.now() / day) * day;
  const back = (new Date(today).getUTCDay() + 1) % 7 || 7;
  return new Date(today - back * day + 15 * 3_600_000).toISOString();
}

describe('yfinance', () => {
  const clock = lastSaturday();
  let upstreams: RunningUpstreams;
  let proxy: StandaloneProxy;
  let features: Awaited<ReturnType<typeof installYfinanceFeatures>>;

  beforeAll(async () => {
    features = await installYfinanceFeatures();
    upstreams = await startUpstreams({ port: 0, clock });
    proxy = await startStandalone({
      port: 0,
      host: '127.0.0.1',
      upstream: upstreams.urlOf('yahoo'),
      quotas: 'yahoo=4000/1000000',
      log: () => undefined,
      heartbeatMs: 0,
    });
  }, 180_000);
  afterAll(async () => {
    await proxy?.stop();
    await upstreams?.stop();
  });

  /** Straight at the simulated Yahoo, and through the proxy. */
  const both = (symbol: string) =>
    Promise.all([upstreams.urlOf('yahoo'), `${proxy.url}/yahoo`].map((base) => features(base, clock, symbol)));

  it('gets through the proxy what it gets from the same Yahoo itself, of everything that it offers', async () => {
    const [straight, through] = await both('AAPL');
    expect(Object.keys(straight ?? {}).length).toBeGreaterThan(50);
    for (const [feature, answer] of Object.entries(straight ?? {})) {
      expect([feature, answer]).toEqual([feature, { got: expect.anything() }]);
      expect([feature, JSON.stringify(answer).length > 30]).toEqual([feature, true]);
    }
    expect(through).toEqual(straight);
  }, 170_000);

  it('gets the same of a symbol that does not exist, failures and all', async () => {
    const [straight, through] = await both('NO-SUCH');
    expect(through).toEqual(straight);
  }, 170_000);
});
