/* The Yahoo source through a Yahoo proxy that a setting names, with a key in its address. */
import { serve } from '@hono/node-server';
import { expect, it } from 'vitest';
import { openGate } from '../../functions/yahoo-proxy/gate.ts';
import { freePort } from '../../localstack/ports.ts';
import { runNow } from '../support/pipeline.ts';
import { everythingLogged, everythingStored } from '../support/planted-secrets.ts';
import { useWorld } from '../support/use-world.ts';
import { testProxy } from '../support/yahoo-proxy-fixture.ts';

const key = 'PLANTED-key-of-the-proxy';
const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL', 'VOD.L'], requestTimeoutMs: 20_000 } });

it('gives its prices, and is down with the address in words where nothing answers; the key is nowhere', async () => {
  const { proxy, calls } = await testProxy(world.upstreams, { gate: openGate(key) });
  const port = await freePort();
  const server = serve({ fetch: proxy.app.fetch, hostname: '127.0.0.1', port });
  const sourceUrls = { yahoo: `http://127.0.0.1:${port}/yahoo/k/${key}` };
  const blobs: string[] = [];
  const cycle = async (job: string) => {
    const stages = world.pipeline({ sourceUrls });
    await stages.cycle(runNow(job, undefined, 'yahoo'));
    for (const name of stages.blobs.blobs.keys()) blobs.push(JSON.stringify(await stages.blobs.get(name)));
  };
  const logs = await everythingLogged(async () => {
    await cycle('quotes');
    await cycle('daily-bars');
    expect(await world.all('SELECT count(DISTINCT listing_id)::int AS quotes FROM latest_quote')).toEqual([
      { quotes: 2 },
    ]);
    expect(await world.all('SELECT count(DISTINCT listing_id)::int AS bars FROM bar')).toEqual([{ bars: 2 }]);
    expect(calls.length).toBeGreaterThan(2);
    await new Promise((resolve) => server.close(resolve));
    await cycle('quotes');
  });
  const [failed] = await world.all(
    "SELECT reason, message FROM task WHERE status = 'failed' ORDER BY finished_at DESC LIMIT 1",
  );
  expect(failed).toEqual({
    reason: 'down',
    message: expect.stringContaining(`127.0.0.1:${port}/yahoo/k/[redacted]`),
  });
  expect(blobs.join('\n')).toContain(`127.0.0.1:${port}/yahoo/k/[redacted]/v7/finance/quote`);
  for (const [place, text] of Object.entries({
    blobs: blobs.join('\n'),
    logs,
    rows: await everythingStored(world.pool),
  }))
    expect(text.toLowerCase().includes(key.toLowerCase()), place).toBe(false);
});
