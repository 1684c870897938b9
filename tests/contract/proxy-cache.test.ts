import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { SharedAnswer } from '../../core/contracts/proxy.ts';
import type { State } from '../../core/ports/state.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { stateSharedCache } from '../../functions/yahoo-proxy/shared-cache.ts';
import { useWorld } from '../support/use-world.ts';
import { type TestProxy, testProxy } from '../support/yahoo-proxy-fixture.ts';

const world = useWorld({ connections: 8, sources: ['yahoo'] });
let state: State;

beforeAll(async () => {
  state = postgresState(world.pool);
});

const answer = (text: string, more: Partial<SharedAnswer> = {}): SharedAnswer => ({
  status: 200,
  body: Buffer.from(text).toString('base64'),
  fetchedAt: new Date().toISOString(),
  freshSeconds: 60,
  reuseSeconds: 60,
  keepSeconds: 3_600,
  ...more,
});
const take = (keys: string[], leaseSeconds = 20) =>
  state.call({ op: 'cacheTake', sourceId: 'yahoo', keys, leaseSeconds });
const put = (key: string, token: number, kept = answer('x')) =>
  state.call({ op: 'cachePut', sourceId: 'yahoo', answers: [{ key, token, answer: kept }] });

describe('the lease on an answer', () => {
  it('goes to one of fifty who ask at once', async () => {
    const taken = await Promise.all(Array.from({ length: 50 }, () => take(['a', 'b'])));
    for (const key of ['a', 'b']) {
      const tokens = taken.flatMap(({ entries }) => entries.find((entry) => entry.key === key)?.token ?? []);
      expect(tokens).toHaveLength(1);
    }
  });

  it('is not given while the answer is fresh, and is given again when it is not', async () => {
    await put('a', (await take(['a'])).entries[0]?.token ?? 0);
    expect((await take(['a'])).entries[0]).toMatchObject({ token: null, answer: { status: 200 } });
    await world.pool.query(`UPDATE proxy_cache SET fetched_at = now() - interval '61 seconds'`);
    expect((await take(['a'])).entries[0]).toMatchObject({ token: 2, answer: { status: 200 } });
  });

  it('passes to the next when its holder died, whose late answer is then refused', async () => {
    const first = (await take(['a'])).entries[0]?.token ?? 0;
    await world.pool.query(`UPDATE proxy_cache SET leased_until = now() - interval '1 second'`);
    const second = (await take(['a'])).entries[0]?.token ?? 0;
    expect(second).toBeGreaterThan(first);
    expect(await put('a', first)).toEqual({ kept: 0 });
    expect(await put('a', second)).toEqual({ kept: 1 });
  });

  it('is not needed to look', async () => {
    expect((await take(['a'], 0)).entries).toEqual([{ key: 'a', answer: null, token: null, failure: null }]);
    expect((await take(['a'])).entries[0]?.token).toBe(1);
  });

  it('of a failed try tells the others, who do not try again at once', async () => {
    const token = (await take(['a'])).entries[0]?.token ?? 0;
    await state.call({
      op: 'cacheFail',
      sourceId: 'yahoo',
      leases: [{ key: 'a', token }],
      reason: 'timeout',
      holdSeconds: 30,
      pauseSeconds: 0,
    });
    expect((await take(['a'])).entries[0]).toMatchObject({ token: null, failure: 'timeout' });
    await world.pool.query(`UPDATE proxy_cache SET failed_until = now()`);
    expect((await take(['a'])).entries[0]).toMatchObject({ token: 2, failure: null });
  });
});

describe('a pause', () => {
  const pause = (seconds: number) =>
    state.call({
      op: 'cacheFail',
      sourceId: 'yahoo',
      leases: [],
      reason: 'blocked',
      holdSeconds: 0,
      pauseSeconds: seconds,
    });

  it('is heard by all and ends with an answer', async () => {
    const token = (await take(['a'])).entries[0]?.token ?? 0;
    await pause(60);
    await pause(10);
    const heard = await take(['b']);
    expect(heard.pause).toMatchObject({ reason: 'blocked' });
    expect(Date.parse(heard.pause?.until ?? '')).toBeGreaterThan(Date.now() + 50_000);
    expect(heard.entries[0]?.token).toBeNull();
    await put('a', token);
    expect((await take(['b'])).pause).toBeNull();
  });

  it('is also what the scrapers were told by Yahoo, and what a person wants', async () => {
    await state.call({ op: 'holdSource', sourceId: 'yahoo', seconds: 60 });
    expect((await take(['a'])).pause).toMatchObject({ reason: 'rate_limited' });
    await world.pool.query('TRUNCATE source_state');
    await world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('proxy', false)`);
    expect((await take(['a'])).pause).toMatchObject({ reason: 'stopped' });
  });
});

it('the sweep deletes what has expired, and of the rest what expires next, down to its size', async () => {
  for (const [key, keepSeconds] of [
    ['over', 0],
    ['soon', 100],
    ['later', 1_000],
    ['last', 2_000],
  ] as const) {
    const token = (await take([key])).entries[0]?.token ?? 0;
    await put(key, token, answer('0123456789', { keepSeconds, freshSeconds: 0 }));
  }
  expect(await state.call({ op: 'cacheSweep', maxBytes: 1_000 })).toEqual({ removed: 1, bytes: 30 });
  expect(await state.call({ op: 'cacheSweep', maxBytes: 20 })).toEqual({ removed: 1, bytes: 20 });
  const { rows } = await world.pool.query('SELECT key FROM proxy_cache ORDER BY key');
  expect(rows).toEqual([{ key: 'last' }, { key: 'later' }]);
});

describe('long answers', () => {
  const shared = () => stateSharedCache(state, 'yahoo');
  const lifetime = { fresh: 60, reuse: 60, keep: 3_600 };
  /** Digits that do not pack well, as prices do not. */
  const digits = (bytes: number) => randomBytes(bytes / 2).toString('hex');
  const share = async (bodies: ReadonlyMap<string, string>) => {
    const { entries } = await shared().take([...bodies.keys()], true);
    await shared().put(
      [...bodies].map(([key, body]) => ({
        key,
        token: entries.get(key)?.token ?? 0,
        answer: { status: 200, body, lifetime, fetchedAt: Date.now() },
      })),
    );
    return shared().take([...bodies.keys()], false);
  };

  it('of 3 MB are there for every container', async () => {
    const body = digits(3_000_000);
    const { entries } = await share(new Map([['long', body]]));
    expect(entries.get('long')?.answer?.body).toBe(body);
  });

  it('go in several requests where there are many', async () => {
    const bodies = new Map(Array.from({ length: 6 }, (_, at) => [`long ${at}`, digits(2_000_000)]));
    await share(bodies);
    for (const [key, body] of bodies)
      expect((await shared().take([key], false)).entries.get(key)?.answer?.body).toBe(body);
  });

  it('that are too long for it are leased again at once: the next container fetches for itself', async () => {
    const { entries } = await share(new Map([['too long', digits(6_000_000)]]));
    expect(entries.get('too long')?.answer).toBeNull();
    expect((await shared().take(['too long'], true)).entries.get('too long')?.token).toBeGreaterThan(0);
  });
});

describe('containers that share a database', () => {
  const containers = (count: number): Promise<TestProxy[]> =>
    Promise.all(
      Array.from({ length: count }, () =>
        testProxy(world.upstreams, { state, shared: stateSharedCache(state, 'yahoo'), gatherMs: 0 }),
      ),
    );
  const asked = (kind: 'quote' | 'chart') => world.upstreams.control.requests(false)['yahoo']?.[kind] ?? 0;
  const chart = '/yahoo/v8/finance/chart/AAPL?range=1mo&interval=1d';

  it('fifty with nothing in memory make one call, and give the same answer', async () => {
    const all = await containers(50);
    const answers = await Promise.all(all.map((each) => each.ask(chart)));
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200));
    expect(new Set(await Promise.all(answers.map((each) => each.text()))).size).toBe(1);
    expect(asked('chart')).toBe(1);
    const results = answers.map(({ headers }) => headers.get('x-cache'));
    expect(results.filter((each) => each === 'MISS')).toHaveLength(1);
    expect(results.filter((each) => each === 'HIT')).toHaveLength(49);
  });

  it('make one call when it fails, too', async () => {
    world.upstreams.control.switch({ source: 'yahoo', on: true, fault: 'malformed', kinds: ['chart'] });
    const all = await containers(20);
    const answers = await Promise.all(all.map((each) => each.ask(chart)));
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(502));
    expect(asked('chart')).toBe(1);
  });

  it('share quotes by symbol, and one session', async () => {
    const [one, two] = await containers(2);
    await one?.ask('/yahoo/v7/finance/quote?symbols=AAPL,MSFT');
    const answer = await two?.ask('/yahoo/v7/finance/quote?symbols=MSFT,AAPL');
    expect(answer?.headers.get('x-cache')).toBe('HIT');
    await two?.ask('/yahoo/v7/finance/quote?symbols=NVDA');
    expect(world.upstreams.control.requests(false)['yahoo']).toMatchObject({ quote: 2, crumb: 1 });
  });

  it('have what was fetched by one that is gone when Yahoo is down', async () => {
    const [one] = await containers(1);
    await one?.ask(chart);
    world.upstreams.control.switch({ source: 'yahoo', on: true, fault: '500' });
    await world.pool.query(`UPDATE proxy_cache SET fetched_at = fetched_at - interval '1 day'`);
    const answers = await Promise.all((await containers(5)).map((each) => each.ask(chart)));
    for (const each of answers) {
      expect(each.status).toBe(200);
      expect(each.headers.get('x-cache')).toBe('STALE');
    }
  });

  it('one’s open breaker keeps all of them from calling', async () => {
    const breaker = { threshold: 1, openMs: 60_000, maxOpenMs: 60_000, random: () => 0 };
    const make = () => testProxy(world.upstreams, { state, shared: stateSharedCache(state, 'yahoo'), breaker });
    world.upstreams.control.switch({ source: 'yahoo', on: true, fault: '403', kinds: ['chart'] });
    expect((await (await make()).ask(chart)).status).toBe(502);
    const other = await make();
    expect((await other.ask('/yahoo/v8/finance/chart/MSFT')).status).toBe(502);
    expect(asked('chart')).toBe(1);
    expect(await (await other.ask('/yahoo/health')).json()).toMatchObject({
      checks: { 'yahoo:pause': [{ observedValue: { reason: 'blocked' } }] },
    });
  });

  it('go on without the cache when it is out of reach, but never without a permit', async () => {
    const broken: State = {
      call(request) {
        if (request.op === 'cacheTake' || request.op === 'cachePut') return Promise.reject(new Error('no such luck'));
        return state.call(request);
      },
    };
    const lone = await testProxy(world.upstreams, { state, shared: stateSharedCache(broken, 'yahoo') });
    expect((await lone.ask(chart)).status).toBe(200);
    const { rows } = await world.pool.query(
      `SELECT count(*)::int AS used FROM permit WHERE purpose = 'proxy' AND used_at IS NOT NULL`,
    );
    expect(rows).toEqual([{ used: 1 }]);
    const permitless: State = { call: () => Promise.reject(new Error('all is down')) };
    const alone = await testProxy(world.upstreams, {
      state: permitless,
      shared: stateSharedCache(permitless, 'yahoo'),
    });
    expect((await alone.ask('/yahoo/v8/finance/chart/MSFT')).status).toBe(502);
    expect(asked('chart')).toBe(1);
  });

  it('never use more permits than the proxy’s share of the quota', async () => {
    const all = await containers(10);
    await Promise.all(
      all.flatMap((each, at) =>
        Array.from({ length: 10 }, (_, word) => each.ask(`/yahoo/v1/finance/search?q=w${at}x${word}`)),
      ),
    );
    const { rows } = await world.pool.query<{ used: number }>(
      `SELECT count(*)::int AS used FROM permit WHERE used_at IS NOT NULL`,
    );
    expect(rows[0]?.used).toBe(45);
    expect(world.upstreams.control.requests(false)['yahoo']?.['search']).toBe(45);
  });
});

it('our own ledger’s no keeps no container from asking for itself, and says truly when', async () => {
  setQuotas(new Map([['yahoo', { perMinute: 12, perDay: 1_000 }]]));
  try {
    const make = () => testProxy(world.upstreams, { state, shared: stateSharedCache(state, 'yahoo'), gatherMs: 0 });
    const [one, two] = [await make(), await make()];
    const search = (word: number) => `/yahoo/v1/finance/search?q=word${word}`;
    for (let word = 0; word < 9; word++) expect((await one.ask(search(word))).status, `${word}`).toBe(200);
    const [limited, again, other] = [await one.ask(search(9)), await two.ask(search(9)), await two.ask(search(10))];
    for (const answer of [limited, again, other]) {
      expect(answer.status).toBe(429);
      // The minute and a margin, less what these calls took.
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(8);
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(67);
    }
    expect((await two.ask(search(3))).headers.get('x-cache')).toBe('HIT');
    expect(await (await two.ask('/yahoo/health')).json()).toMatchObject({
      checks: { 'yahoo:pause': [{ observedValue: null }] },
    });
    // The minute is over.
    await world.pool.query(`UPDATE permit SET used_at = used_at - interval '70 seconds'`);
    expect((await two.ask(search(9))).status).toBe(200);
  } finally {
    setQuotas(new Map());
  }
});
