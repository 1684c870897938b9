import { beforeEach, describe, expect, it } from 'vitest';
import { demoCredentials } from '../../localstack/upstreams/demo-broker/demo-broker.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({
  sources: ['slickcharts', 'demo-broker', 'coingecko'],
  browser: true,
  pipeline: {
    symbols: ['^DJI', 'BTC-USD', 'AAPL'],
    credentials: (id) => JSON.stringify(id === 'demo-broker' ? demoCredentials : { apiKey: 'key' }),
  },
});
beforeEach(async () => {
  await world.pool.query(
    `INSERT INTO source_credentials (source_id, is_set) VALUES ('demo-broker', true), ('coingecko', true) ON CONFLICT DO NOTHING`,
  );
});

const run = (source: string, job: string) =>
  world.pipeline({ browser: world.browser }).cycle(runNow(job, new Date().toISOString(), source));
const newest = () => world.all('SELECT status, reason, detail FROM task ORDER BY finished_at DESC LIMIT 1');
const requests = (source: string) => world.upstreams.control.requests(false)[source];
const pages = [
  ['slickcharts', 'constituents'],
  ['demo-broker', 'positions'],
] as const;

describe('a challenge', () => {
  it.each(pages)('of %s that passes by itself is waited for, and then the page is read', async (source, job) => {
    world.fault({ source, fault: 'challenge', passesAfterMs: 300, kinds: ['page'] });
    await run(source, job);
    expect(await newest()).toEqual([{ status: 'succeeded', reason: null, detail: null }]);
  });

  it.each(pages)('of %s that stays is blocked, after one request that is not repeated', async (source, job) => {
    if (source === 'demo-broker') await run(source, job);
    world.upstreams.control.requests(true);
    world.fault({ source, fault: 'challenge', kinds: ['page'] });
    await run(source, job);
    expect(await newest()).toEqual([
      { status: 'failed', reason: 'blocked', detail: { code: 'bot_challenge', wall: 'aws-waf-challenge' } },
    ]);
    expect(requests(source)).toMatchObject({ page: 1 });
  });
});

describe('a captcha, in each of its faces', () => {
  it.each([0, 1, 2, 3, 4])('face %d is blocked for a browser and for an API alike', async (face) => {
    for (const [source, job] of [
      ['slickcharts', 'constituents'],
      ['coingecko', 'quotes'],
    ] as const) {
      world.fault({ source, fault: 'captcha', face });
      world.upstreams.control.requests(true);
      await run(source, job);
      expect(await newest()).toMatchObject([
        { status: 'failed', reason: 'blocked', detail: { code: 'bot_challenge', wall: expect.any(String) } },
      ]);
      expect(requests(source)).toMatchObject({ total: 1 });
    }
    expect(await world.all('SELECT 1 FROM latest_quote UNION ALL SELECT 1 FROM constituent')).toEqual([]);
  });
});

it.each([
  ['slickcharts', 'constituents'],
  ['coingecko', 'quotes'],
] as const)(
  'a file to be saved in place of an answer of %s is a clear failure, and is not asked for again',
  async (source, job) => {
    world.fault({ source, fault: 'download' });
    world.upstreams.control.requests(true);
    await run(source, job);
    expect(await newest()).toEqual([{ status: 'failed', reason: 'schema_drift', detail: { code: 'download' } }]);
    expect(requests(source)).toMatchObject({ total: 1 });
  },
);

it('maintenance that ends between two tries is no failure', async () => {
  world.fault({ source: 'slickcharts', fault: 'maintenance', times: 1 });
  await run('slickcharts', 'constituents');
  expect(await newest()).toEqual([{ status: 'succeeded', reason: null, detail: null }]);
});
