import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { notRunHere } from '../../support/fault-table/not-run-here.ts';
import { type SimulatedProxy, startSimulatedProxy } from '../../support/simulated-proxy.ts';
import { ownAddress, whyNoPrivateHosts, withYahooAt } from '../../support/yahoo-hosts.ts';
import { closesOf, numbersIn } from './closes.ts';
import { installPackages, type Packages, runRecipe } from './run-recipe.ts';

/* Clients that know Yahoo's hosts only, unchanged: for them, and for nothing else here, these hosts are the proxy. */

const folder = mkdtempSync(join(tmpdir(), 'quotron-as-yahoo-'));
const address = ownAddress();
let why: string | null = null;
let packages: Packages;
let simulated: SimulatedProxy | undefined;

beforeAll(async () => {
  why = await whyNoPrivateHosts(address);
  if (why !== null) return;
  packages = await installPackages();
  simulated = await startSimulatedProxy({ host: address, asYahoo: { folder, dns: [] } });
}, 900_000);
afterAll(async () => {
  await simulated?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What a recipe prints; ends the test where it cannot be run here. */
function printed(context: TestContext, client: string): Promise<string> {
  if (why !== null) notRunHere(context, why);
  return runRecipe(client, { packages, env: { QUOTRON_CA: join(folder, 'ca.pem') }, within: withYahooAt(address) });
}

const closes = () => closesOf(simulated?.upstreams.urlOf('yahoo') ?? '', 'AAPL');

/** What is installed by the person who has it, and by no package here. */
const installedOnly: readonly (readonly [client: string, probe: readonly [string, ...string[]], what: string])[] = [
  ['Finance::Quote', ['perl', '-MFinance::Quote', '-e', '1'], 'no Finance::Quote (cpan Finance::Quote)'],
  ['quantmod', ['Rscript', '-e', 'library(quantmod)'], "no R with quantmod (install.packages('quantmod'))"],
];

describe('the recipe of a client that knows Yahoo’s hosts only, as it is printed,', () => {
  for (const client of ['pricehist', 'OpenBB'])
    it(`prints the closes that Yahoo says: ${client}`, async (context) => {
      const numbers = numbersIn(await printed(context, client));
      for (const close of await closes())
        expect(Math.min(...numbers.map((number) => Math.abs(number - close))), String(close)).toBeLessThan(0.006);
    });

  it('prints the latest price that Yahoo says: beanprice', async (context) => {
    const [, price] = /price AAPL +([\d.]+) USD/.exec(await printed(context, 'beanprice')) ?? [];
    expect(Math.abs(Number(price) / ((await closes()).at(-1) ?? 0) - 1)).toBeLessThan(0.1);
  });

  for (const [client, [program, ...args], what] of installedOnly)
    it(`prints a price that Yahoo says: ${client}`, async (context) => {
      if (spawnSync(program, args).status !== 0) notRunHere(context, what);
      const last = (await closes()).at(-1) ?? 0;
      const numbers = numbersIn(await printed(context, client));
      expect(Math.min(...numbers.map((number) => Math.abs(number / last - 1)))).toBeLessThan(0.1);
    });

  it('fails where it does not trust the certificate', async (context) => {
    if (why !== null) notRunHere(context, why);
    // All but the certificate is as in the test of OpenBB above.
    const env = { QUOTRON_CA: '/etc/ssl/certs/ca-certificates.crt' };
    const reader = { packages, env, within: withYahooAt(address) };
    await expect(runRecipe('OpenBB', reader)).rejects.toThrow('the recipe for OpenBB failed');
  });
});
