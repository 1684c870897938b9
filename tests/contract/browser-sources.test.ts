import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { memoryRawStore } from '../../core/adapters/memory/raw-store.ts';
import { createSealer } from '../../core/auth/seal.ts';
import { sessionSchema } from '../../core/auth/session.ts';
import { resultOf } from '../../localstack/cycle.ts';
import { demoCredentials } from '../../localstack/upstreams/demo-broker/demo-broker.ts';
import { type Pipeline, type PipelineOptions, runNow } from '../support/pipeline.ts';
import { everythingLogged, everythingStored, shown } from '../support/planted-secrets.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({
  sources: ['yahoo', 'slickcharts', 'demo-broker'],
  browser: true,
  pipeline: {
    credentials: (id) => (id === 'demo-broker' ? JSON.stringify(demoCredentials) : null),
    requestTimeoutMs: 2_000,
    pageTimeoutMs: 1_500,
  },
});
let started: Pipeline[] = [];
function start(differs: Partial<PipelineOptions> = {}): Pipeline {
  const pipeline = world.pipeline({ browser: world.browser, ...differs });
  started.push(pipeline);
  return pipeline;
}
afterEach(async () => {
  const blobs = new Map(started.flatMap((each) => [...each.blobs.blobs]));
  const due = started.flatMap((each) => each.due);
  started = [];
  await world.invariant({ blobs: memoryRawStore(blobs), due });
});

beforeEach(async () => {
  await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) VALUES ('demo-broker', true)`);
});

const all = async (sql: string) => (await world.pool.query(sql)).rows;
const constituentsNow = () => runNow('constituents', undefined, 'slickcharts');
const positionsNow = () => runNow('positions', undefined, 'demo-broker');
const quotesOf = (source: string) =>
  all(
    `SELECT a.symbol, q.price FROM latest_quote q JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' AND q.source = '${source}' ORDER BY 1`,
  );

describe('what indices are made of', () => {
  it('comes from one page an index, as one batch each: 503, 101 and 30 members with weight and price', async () => {
    const { cycle, blobs, artifacts } = start();
    const runs = await cycle(constituentsNow());
    expect(
      await all(
        `SELECT a.symbol, count(*)::int AS members, round(sum(c.weight), 2)::text AS weight, count(c.price)::int AS priced,
                count(DISTINCT c.batch_id)::int AS batches, min(c.rank) AS first, max(c.rank) AS last
         FROM constituent c JOIN symbol_alias a ON a.listing_id = c.index_listing_id AND a.namespace = 'canonical'
         GROUP BY 1 ORDER BY 1`,
      ),
    ).toEqual([
      { symbol: '^DJI', members: 30, weight: '1.00', priced: 30, batches: 1, first: 1, last: 30 },
      { symbol: '^GSPC', members: 503, weight: '1.00', priced: 503, batches: 1, first: 1, last: 503 },
      { symbol: '^NDX', members: 101, weight: '1.00', priced: 101, batches: 1, first: 1, last: 101 },
    ]);
    expect(await all('SELECT status, accepted, rejected FROM task ORDER BY accepted')).toEqual([
      { status: 'succeeded', accepted: 30, rejected: 0 },
      { status: 'succeeded', accepted: 101, rejected: 0 },
      { status: 'succeeded', accepted: 503, rejected: 0 },
    ]);
    expect(await all('SELECT DISTINCT as_of_basis FROM quote')).toEqual([{ as_of_basis: 'fetched' }]);
    expect(await all(`SELECT count FROM batch_statistics WHERE currency = 'USD' ORDER BY 1`)).toHaveLength(3);
    expect(blobs.blobs.size).toBe(3);
    expect(artifacts.size).toBe(0);
    // As `npm start -- --once` tells it.
    const { indices } = await resultOf(world.pool, runs, 0);
    expect(indices.map(({ index, source, members }) => [index, source, members])).toEqual([
      ['^DJI', 'slickcharts', 30],
      ['^GSPC', 'slickcharts', 503],
      ['^NDX', 'slickcharts', 101],
    ]);
    const heaviest = await all(
      `SELECT a.symbol, c.weight FROM constituent c JOIN symbol_alias a ON a.listing_id = c.listing_id AND a.namespace = 'canonical'
       WHERE c.rank = 1 ORDER BY (SELECT symbol FROM symbol_alias i WHERE i.listing_id = c.index_listing_id AND i.namespace = 'canonical')`,
    );
    expect(indices.map((each) => each.heaviest)).toEqual(heaviest);
    for (const { fetchedAt } of indices) expect(fetchedAt).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    // Neither pictures nor fonts were asked for, and no tracker.
    expect(world.upstreams.control.requests(false)['slickcharts']).toEqual({ page: 3, other: 3, total: 6 });
  });

  it('a later page of the day replaces what it tells differently, keeps what it replaced, and repeats nothing', async () => {
    const { cycle } = start();
    await cycle(constituentsNow());
    const member = () =>
      all(
        `SELECT c.price, c.batch_id FROM constituent c JOIN symbol_alias a ON a.listing_id = c.listing_id AND a.namespace = 'canonical'
         JOIN symbol_alias i ON i.listing_id = c.index_listing_id AND i.symbol = '^DJI' WHERE a.symbol IN ('KO', 'AAPL') ORDER BY a.symbol`,
      );
    const before = await member();
    world.upstreams.control.switch({ source: 'slickcharts', fault: 'price', on: true, symbol: 'KO', price: 70.5 });
    await cycle(constituentsNow());
    const after = await member();
    expect(after[1]).toMatchObject({ price: '70.50' });
    // The same minute, the same price: the row of the first page stands.
    if (before[0]?.price === after[0]?.price) expect(after[0]).toEqual(before[0]);
    const replaced = await all(`SELECT price FROM constituent_revision WHERE price = ${before[1]?.price}`);
    expect(replaced.length).toBeGreaterThan(0);
    expect(await all('SELECT count(*)::int AS days FROM constituent_snapshot')).toEqual([{ days: 3 }]);
  });

  it('members are the listings that a source with venues knows, whichever comes first', async () => {
    const { cycle } = start();
    const venues = () =>
      all(
        `SELECT a.symbol, l.mic, l.zone, i.name FROM symbol_alias a JOIN listing l ON l.id = a.listing_id JOIN instrument i ON i.id = l.instrument_id
         WHERE a.namespace = 'canonical' AND a.symbol IN ('AAPL', 'BRK-B', '^GSPC') ORDER BY 1`,
      );
    await cycle(constituentsNow());
    expect((await venues()).map((row) => row.mic)).toEqual(['QUNK', 'QUNK', 'QIDX']);
    const listings = await all('SELECT count(*)::int AS count FROM listing');
    await start({ symbols: ['AAPL', 'BRK-B', '^GSPC'] }).cycle(runNow('quotes'));
    expect(await venues()).toEqual([
      { symbol: 'AAPL', mic: 'XNAS', zone: 'America/New_York', name: 'Apple Inc.' },
      { symbol: 'BRK-B', mic: 'XNYS', zone: 'America/New_York', name: 'Berkshire Hathaway Inc.' },
      { symbol: '^GSPC', mic: 'QIDX', zone: 'America/New_York', name: 'S&P 500' },
    ]);
    expect(await all('SELECT count(*)::int AS count FROM listing')).toEqual(listings);
    // A price with a market time beats one without, though that came first.
    expect(
      await all(
        `SELECT c.source, c.rule FROM consolidated_quote c JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' AND a.symbol = 'AAPL'`,
      ),
    ).toEqual([{ source: 'yahoo', rule: 'exchange_time' }]);
  });
});

describe('prices behind a login form', () => {
  it('are read with one session for many runs, and none of it is in a blob', async () => {
    const { cycle, blobs } = start();
    await cycle(positionsNow());
    await cycle(positionsNow());
    expect((await quotesOf('demo-broker')).map((row) => row.symbol)).toEqual([
      'AAPL',
      'BRK-B',
      'BTC-USD',
      'EURUSD=X',
      'MSFT',
      'SAP.DE',
      'SPY',
      'VOD.L',
    ]);
    expect(world.upstreams.control.requests(false)['demo-broker']).toMatchObject({ login: 2 });
    const sealed = (await all('SELECT sealed FROM auth_session'))[0];
    expect(sealed?.sealed).not.toContain('broker_session');
    for (const key of blobs.blobs.keys()) {
      const text = JSON.stringify(await blobs.get(key));
      expect(text).not.toContain(demoCredentials.password);
      expect(text).not.toMatch(/broker_session=|broker_csrf=/);
    }
  });

  it('an expired session is renewed once, and the run succeeds', async () => {
    const { cycle } = start();
    await cycle(positionsNow());
    world.fault({ source: 'demo-broker', fault: 'expired', kinds: ['page'], times: 1 });
    await cycle(positionsNow());
    expect((await all('SELECT status FROM task ORDER BY finished_at DESC LIMIT 1'))[0]).toEqual({
      status: 'succeeded',
    });
    expect(world.upstreams.control.requests(false)['demo-broker']).toMatchObject({ login: 5 });
  });

  it('a session outlives its browser', async () => {
    const { cycle } = start();
    await cycle(positionsNow());
    await world.browser.close();
    await cycle(positionsNow());
    expect(world.upstreams.control.requests(false)['demo-broker']).toMatchObject({ login: 2 });
    expect(await all(`SELECT status FROM task`)).toEqual([{ status: 'succeeded' }, { status: 'succeeded' }]);
  });

  it('a login that is refused ends the run, with a picture that shows neither name nor password', async () => {
    const { cycle, artifacts } = start();
    world.fault({ source: 'demo-broker', fault: 'refused' });
    await cycle(positionsNow());
    expect(await all('SELECT status, reason, message FROM task')).toEqual([
      {
        status: 'failed',
        reason: 'auth_expired',
        message: 'The source refused the user name or password that is set for it.',
      },
    ]);
    const [attempt] = await all('SELECT artifacts FROM task_attempt');
    expect([...artifacts.keys()].sort()).toEqual([...(attempt?.artifacts ?? [])].sort());
    expect([...artifacts.keys()].map((key) => key.replace(/.*\//, '')).sort()).toEqual([
      '0-1-page.html',
      '0-1-screenshot.png',
    ]);
    for (const { bytes } of artifacts.values()) expect(bytes.includes(demoCredentials.password)).toBe(false);
  });

  it('without credentials nothing is asked', async () => {
    const { cycle } = start({ credentials: () => null });
    await cycle(positionsNow());
    expect(world.upstreams.control.requests(false)['demo-broker']).toBeUndefined();
    expect(await all('SELECT reason FROM task')).toEqual([{ reason: 'auth_expired' }]);
  });
});

it('what a page echoes of cookies and password is in no blob, artifact, row, message or log line: plain, encoded or base64', async () => {
  const { cycle, blobs, artifacts } = start();
  await cycle(positionsNow());
  const [row] = await all('SELECT sealed FROM auth_session');
  const opened = createSealer('the secret of these tests').open(String(row?.sealed), 'demo-broker');
  const { storageState } = sessionSchema.parse(JSON.parse(opened ?? 'null'));
  const cookies = z.object({ cookies: z.array(z.object({ value: z.string() })) }).parse(JSON.parse(storageState ?? ''));
  const secrets = [demoCredentials.password, ...cookies.cookies.map(({ value }) => value)];
  expect(secrets).toHaveLength(3);
  world.fault({ source: 'demo-broker', fault: 'echo' });
  const logs = await everythingLogged(() => cycle(positionsNow()).then(() => undefined));
  const kept = await Promise.all([...blobs.blobs.keys()].map(async (key) => JSON.stringify(await blobs.get(key))));
  const pages = [...artifacts.values()].map(({ bytes }) => bytes.toString('utf8'));
  expect(kept.some((text) => text.includes('[redacted]'))).toBe(true);
  expect(artifacts.size).toBe(2);
  const database = await everythingStored(world.pool);
  expect(shown(secrets, { blobs: kept.join('\n'), artifacts: pages.join('\n'), database, logs })).toEqual([]);
});
