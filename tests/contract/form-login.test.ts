import { beforeEach, describe, expect, it, vi } from 'vitest';
import { httpUpstream } from '../../core/adapters/http/upstream.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { createSealer } from '../../core/auth/seal.ts';
import { sessionSchema, sessionSecrets } from '../../core/auth/session.ts';
import { scrapeMessageSchema } from '../../core/contracts/messages.ts';
import { scrapeQueueName } from '../../core/contracts/queues.ts';
import type { Upstream } from '../../core/ports/upstream.ts';
import { openSource } from '../../core/scraping/open-source.ts';
import { scrapeTask } from '../../core/scraping/scrape-task.ts';

import { type Fault, faultSchema } from '../../localstack/upstreams/control.ts';
import { demoCredentials, demoTotpSecret } from '../../localstack/upstreams/demo-broker/demo-broker.ts';
import { brokerOverHttp } from '../support/broker-over-http.ts';
import { runNow } from '../support/pipeline.ts';
import { everythingLogged, everythingStored, shown } from '../support/planted-secrets.ts';
import { useWorld } from '../support/use-world.ts';

/*
 * A source that signs in by a form over HTTP, all the way: plan, login, answers, blobs, rows. The catalogue has none of
 * this kind, so it is put there for this file.
 */
vi.mock('../../core/sources/catalogue.ts', async (original) => {
  const real = await original<typeof import('../../core/sources/catalogue.ts')>();
  const { brokerOverHttp: broker } = await import('../support/broker-over-http.ts');
  const sourceOf = (id: string) => (id === broker.id ? broker : real.sourceOf(id));
  const knownSource = (id: string) => sourceOf(id) ?? real.knownSource(id);
  const parserOf = (id: string, find = knownSource) => real.parserOf(id, find);
  return { ...real, catalogue: [...real.catalogue, broker], sourceOf, knownSource, parserOf };
});

/** The source has no simulator of its own: it asks the one of the broker. */
vi.mock('../../localstack/upstreams/simulator.ts', async (original) => {
  const { simulator } = await import('../../localstack/upstreams/demo-broker/demo-broker.ts');
  return { ...(await original<object>()), loadSimulators: async () => new Map([['demo-broker', simulator]]) };
});

const { id } = brokerOverHttp;
const symbols = brokerOverHttp.jobs[0]?.symbols ?? [];
const refusedMessage = 'The source refused the user name or password that is set for it.';

const world = useWorld({ connections: 12, sources: ['demo-broker'] });
let credentials: { username: string; password: string; totpSecret?: string };

beforeEach(async () => {
  credentials = { ...demoCredentials };
  await setCredentials();
});

const all = async (sql: string) => (await world.pool.query(sql)).rows;
const setCredentials = () =>
  postgresState(world.pool).call({ op: 'noteCredentials', sourceId: id, isSet: true, keyId: null });
const requests = () => world.upstreams.control.requests(false)['demo-broker'] ?? {};
const fault = (asked: Partial<Fault> & { fault: Fault['fault'] }) =>
  world.upstreams.control.switch(faultSchema.parse({ source: 'demo-broker', ...asked }));

/** The pipeline with as many workers as there are tasks, all at the same time. */
function start({
  asked,
  between = (upstream) => upstream,
}: {
  asked?: string[];
  between?: (upstream: Upstream) => Upstream;
} = {}) {
  const sourceUrls = { [id]: world.upstreams.urlOf('demo-broker') };
  const stages = world.pipeline({ sourceUrls, ...(asked && { symbols: asked }) });
  const state = postgresState(world.pool);
  const { queue, blobs } = stages;
  const work = async (message: unknown) => {
    const source = await openSource(id, {
      state,
      sourceUrls,
      sessionSecret: async () => 'the secret of these tests',
      upstream: (options) => between(httpUpstream({ ...options, timeoutMs: 2_000 })),
      now: Date.now,
      wait: (ms) => new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20))),
      credentials: async () => JSON.stringify(credentials),
    });
    const backoff = { initialMs: 5, maxMs: 20 };
    await scrapeTask(scrapeMessageSchema.parse(message), {
      source,
      state,
      blobs,
      queue,
      now: Date.now,
      worker: 'test',
      backoff,
    });
  };
  return {
    ...stages,
    async cycle(): Promise<void> {
      await stages.plan(runNow('positions', undefined, id));
      await Promise.all(queue.take(scrapeQueueName(id)).map(work));
      await stages.monitor();
      await stages.ingest();
      await stages.monitor();
    },
  };
}

describe('a login form over HTTP', () => {
  it('is filled in once for ten workers: token, redirect, cookie, and a price for each', async () => {
    await start().cycle();
    expect(await all(`SELECT DISTINCT status, reason FROM task`)).toEqual([{ status: 'succeeded', reason: null }]);
    const stored = await all(
      `SELECT a.symbol FROM latest_quote q JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' ORDER BY 1`,
    );
    expect(stored.map(({ symbol }) => symbol)).toEqual([...symbols].sort());
    // The form, what was typed into it, and the page that the answer leads to.
    expect(requests()).toEqual({ login: 2, page: 1, quote: symbols.length, total: symbols.length + 3 });
    expect(
      await all(`SELECT count(*)::int AS used FROM permit WHERE purpose = 'login' AND used_at IS NOT NULL`),
    ).toEqual([{ used: 3 }]);
  });

  it('holds for later runs', async () => {
    const { cycle } = start();
    await cycle();
    await cycle();
    expect(requests()).toMatchObject({ login: 2, quote: 2 * symbols.length });
  });

  it('is done again once, by one of ten, when the source forgets the session', async () => {
    const { cycle } = start();
    await cycle();
    world.upstreams.control.requests(true);
    fault({ fault: 'expired', madeBefore: new Date(Date.now() + 1).toISOString() });
    await cycle();
    expect(await all(`SELECT DISTINCT status FROM task`)).toEqual([{ status: 'succeeded' }]);
    expect(requests()).toMatchObject({ login: 2, page: 1 });
    // Those that came with the old session asked once more; those that came later did not have to.
    expect(requests()['quote']).toBeGreaterThan(symbols.length);
    expect(requests()['quote']).toBeLessThanOrEqual(2 * symbols.length);
  });

  it('is done again before a session runs out by itself', async () => {
    const { cycle } = start();
    await cycle();
    await world.pool.query(`UPDATE auth_session SET expires_at = now() - interval '1 second'`);
    await cycle();
    expect(await all(`SELECT DISTINCT status FROM task`)).toEqual([{ status: 'succeeded' }]);
    expect(requests()).toMatchObject({ login: 4, quote: 2 * symbols.length });
  });

  it.each([
    ['a source that refuses it', () => fault({ fault: 'refused' })],
    ['a wrong password', () => Object.assign(credentials, { password: 'wrong-horse-battery' })],
    ['a user name that it does not know', () => Object.assign(credentials, { username: 'nobody-we-know' })],
  ])('ends as auth_expired with %s, asked once and not by each of ten', async (_name, spoil) => {
    spoil();
    const { cycle, blobs } = start();
    await cycle();
    expect(await all(`SELECT DISTINCT status, reason, message FROM task`)).toEqual([
      { status: 'failed', reason: 'auth_expired', message: refusedMessage },
    ]);
    expect(requests()).toEqual({ login: 2, total: 2 });
    expect(blobs.blobs.size).toBe(0);
    // New credentials are tried at once.
    world.upstreams.control.clear();
    credentials = { ...demoCredentials };
    await setCredentials();
    await cycle();
    expect(await all(`SELECT count(*)::int AS good FROM task WHERE status = 'succeeded'`)).toEqual([
      { good: symbols.length },
    ]);
  });

  it.each([
    ['locked', 'account_locked', {}],
    ['second-factor', 'second_factor_wanted', {}],
    ['terms', 'terms_unaccepted', {}],
    [
      'after-password',
      'password_change_wanted',
      { path: '/next', html: '<p>Your password has expired.</p>', within: 'page' },
    ],
    ['after-password', 'login_unrecognized', { path: '/next', html: '<p>Lorem ipsum</p>', within: 'page' }],
  ] as const)(
    'with %s is made once by ten workers, and not again before a person continues: %s',
    async (name, code, more) => {
      fault({ fault: name, kinds: ['login', 'other'], ...more } as Parameters<typeof fault>[0]);
      const { cycle } = start();
      await cycle();
      const once = requests()['login'];
      await cycle();
      expect(await all('SELECT DISTINCT status, reason, detail FROM task')).toEqual([
        { status: 'failed', reason: 'auth_expired', detail: { code } },
      ]);
      expect(requests()['login']).toBe(once);
      expect(requests()['quote']).toBeUndefined();
      world.upstreams.control.clear();
      await switchStore(world.pool).continueLogin(id, new Date());
      await cycle();
      expect(await all(`SELECT count(*)::int AS good FROM task WHERE status = 'succeeded'`)).toEqual([
        { good: symbols.length },
      ]);
    },
  );

  it('passes a second factor with the secret of its authenticator app', async () => {
    credentials.totpSecret = demoTotpSecret;
    fault({ fault: 'second-factor', kinds: ['login'] });
    await start({ asked: ['AAPL'] }).cycle();
    expect(await all('SELECT status, reason FROM task')).toEqual([{ status: 'succeeded', reason: null }]);
  });

  it('that leads nowhere ends as auth_expired: no session is accepted', async () => {
    fault({ fault: 'expired', kinds: ['quote'] });
    await start().cycle();
    expect(await all(`SELECT DISTINCT status, reason FROM task`)).toEqual([
      { status: 'failed', reason: 'auth_expired' },
    ]);
  });

  it.each([
    ['429', 'rate_limited'],
    ['403', 'blocked'],
    ['500', 'down'],
    ['hang', 'timeout'],
  ] as const)('a login page with %s ends as %s', async (name, reason) => {
    fault({ fault: name, kinds: ['login'] });
    await start({ asked: ['AAPL'] }).cycle();
    expect(await all(`SELECT reason FROM task`)).toEqual([{ reason }]);
    expect(requests()).toEqual({ login: 1, total: 1 });
  });
});

it('user name, password, token and cookies are in no blob, row, message or error, whatever the source repeats of them', async () => {
  const seen = new Set([credentials.password]);
  /** As a careless site would: each answer shows what was typed into its form. */
  const careless = (upstream: Upstream): Upstream => {
    return async (call) => {
      const answer = await upstream(call);
      const { body: sent = '' } = call;
      for (const [, value = ''] of sent.matchAll(/csrf_token=([^&]+)/g)) seen.add(value);
      const told = [credentials.password, encodeURIComponent(credentials.password), btoa(credentials.password)];
      const { response } = answer;
      return response
        ? {
            ...answer,
            response: {
              ...response,
              headers: { ...response.headers, 'x-account': credentials.password },
              body: response.body.replace(/"positions":/, `"signedInWith":${JSON.stringify(told)},$&`),
            },
          }
        : answer;
    };
  };
  const { cycle, queue, blobs } = start({ asked: ['AAPL'], between: careless });
  const messages: string[] = [];
  const { send } = queue;
  queue.send = async (name, sent, delay) => {
    messages.push(JSON.stringify(sent));
    await send(name, sent, delay);
  };
  const logs = await everythingLogged(async () => {
    await cycle();
    const [row] = await all('SELECT sealed FROM auth_session');
    const opened = createSealer('the secret of these tests').open(String(row?.['sealed']), id);
    for (const secret of sessionSecrets(sessionSchema.parse(JSON.parse(opened ?? 'null')))) seen.add(secret);
    fault({ fault: 'echo', kinds: ['quote'] });
    await cycle();
    world.upstreams.control.clear();
    await world.pool.query('DELETE FROM auth_session');
    fault({ fault: 'echo', kinds: ['login'] });
    await cycle();
  });
  expect(await all('SELECT reason FROM task ORDER BY finished_at')).toEqual([
    { reason: null },
    { reason: 'down' },
    { reason: 'down' },
  ]);
  const kept = await Promise.all([...blobs.blobs.keys()].map(async (key) => JSON.stringify(await blobs.get(key))));
  expect(kept.join()).toContain('"signedInWith"'.replaceAll('"', '\\"'));
  expect(kept.join()).toContain('unexpected error, request was:');
  // The password, the token, and the cookies whole and one by one.
  expect(seen.size).toBeGreaterThanOrEqual(4);
  const texts = {
    blobs: kept.join('\n'),
    messages: messages.join('\n'),
    database: await everythingStored(world.pool),
    logs,
  };
  expect(shown(seen, texts)).toEqual([]);
});
