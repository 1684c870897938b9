import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installYfinanceFeatures } from '../clients/yahoo-clients.ts';
import { type SimulatedProxy, startSimulatedProxy } from '../support/simulated-proxy.ts';

/** The last Saturday afternoon: no price moves while the two are compared. */
function lastSaturday(): string {
  const day = 86_400_000;
  const today = Math.floor(Date.now() / day) * day;
  const back = (new Date(today).getUTCDay() + 1) % 7 || 7;
  return new Date(today - back * day + 15 * 3_600_000).toISOString();
}

describe('yfinance', () => {
  const clock = lastSaturday();
  let simulated: SimulatedProxy;
  let features: Awaited<ReturnType<typeof installYfinanceFeatures>>;

  beforeAll(async () => {
    features = await installYfinanceFeatures();
    simulated = await startSimulatedProxy({ quotas: 'yahoo=4000/1000000' }, { clock });
  }, 180_000);
  afterAll(() => simulated?.stop());

  /** Straight at the simulated Yahoo, and through the proxy. */
  const both = (symbol: string) =>
    Promise.all(
      [simulated.upstreams.urlOf('yahoo'), `${simulated.proxy.url}/yahoo`].map((base) => features(base, clock, symbol)),
    );

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
