import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inventedSymbol } from '../../localstack/upstreams/yahoo/listings.ts';
import { type SimulatedProxy, startSimulatedProxy } from '../support/simulated-proxy.ts';
import { installYfinanceDownload, namesWithData } from './yahoo-clients.ts';

/* What `tests/contract/yfinance-download.test.ts` has with minutes that the test lets pass, with real ones. */

const names = Array.from({ length: 60 }, (_, at) => inventedSymbol(at + 1));
let download: Awaited<ReturnType<typeof installYfinanceDownload>>;
let simulated: SimulatedProxy;

beforeAll(async () => {
  download = await installYfinanceDownload();
  simulated = await startSimulatedProxy({}, { listings: 200 });
}, 180_000);
afterAll(() => simulated?.stop());

const chart = (symbol: string) => fetch(`${simulated.proxy.url}/yahoo/v8/finance/chart/${symbol}?range=1mo`);

it('yfinance has all of 60 names at the usual quota when its download is repeated after the times that it is told', async () => {
  const seen = new Set<string>();
  for (let round = 0; seen.size < 60 && round < 6; round++) {
    const got = await download(`${simulated.proxy.url}/yahoo`, names);
    for (const name of namesWithData(got)) seen.add(name);
    if (seen.size === 60) break;
    expect(got.failures.join()).toContain('YFRateLimitError');
    // Of a name that nobody has asked for.
    const refused = await chart(inventedSymbol(100 + round));
    if (refused.status === 429) await sleep(Number(refused.headers.get('retry-after')) * 1_000);
    expect([200, 429]).toContain(refused.status);
    const then = await chart(inventedSymbol(120 + round));
    expect(then.status).toBe(200);
  }
  expect([...seen].toSorted()).toEqual(names.toSorted());
}, 600_000);
