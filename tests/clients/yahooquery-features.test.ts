import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type SimulatedProxy, startSimulatedProxy } from '../support/simulated-proxy.ts';
import { run } from './install.ts';
import { installPackages, type Packages } from './recipes/run-recipe.ts';
import { featuresSchema } from './yahoo-clients.ts';

let packages: Packages;
let simulated: SimulatedProxy;

beforeAll(async () => {
  packages = await installPackages();
  // A Saturday: no price moves while the two are compared.
  simulated = await startSimulatedProxy({ quotas: 'yahoo=4000/1000000' }, { clock: '2026-11-28T15:00:00Z' });
}, 900_000);
afterAll(() => simulated?.stop());

it('yahooquery gets through the proxy what it gets from the same Yahoo itself, of everything that it offers', async () => {
  const script = join(import.meta.dirname, 'yahooquery_features.py');
  const [straight, through] = await Promise.all(
    [simulated.upstreams.urlOf('yahoo'), `${simulated.proxy.url}/yahoo`].map(async (base) =>
      featuresSchema.parse(
        JSON.parse(await run(join(packages.python, 'bin', 'python'), [script, base], 'yahooquery failed')),
      ),
    ),
  );
  expect(Object.keys(straight ?? {}).length).toBeGreaterThan(30);
  for (const [feature, answer] of Object.entries(straight ?? {})) {
    expect([feature, answer]).toEqual([feature, { got: expect.anything() }]);
    expect([feature, JSON.stringify(answer).length > 50]).toEqual([feature, true]);
  }
  expect(through).toEqual(straight);
}, 170_000);
