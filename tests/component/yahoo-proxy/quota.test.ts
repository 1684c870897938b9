import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryState } from '../../../core/adapters/memory/state.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { setQuotas } from '../../../core/sources/catalogue.ts';
import { keyGate } from '../../../functions/yahoo-proxy/gate.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { inventedSymbol } from '../../../localstack/upstreams/yahoo/listings.ts';
import { type TestProxy, testProxy } from '../../support/yahoo-proxy-fixture.ts';

let upstreams: RunningUpstreams;
let test: TestProxy;
beforeAll(async () => {
  upstreams = await startUpstreams({ port: 0, listings: 200 });
});
afterAll(() => upstreams.stop());
beforeEach(async () => {
  test = await testProxy(upstreams, {}, 20_000);
});
afterEach(() => {
  upstreams.control.clear();
  setQuotas(new Map());
});

const names = Array.from({ length: 100 }, (_, at) => inventedSymbol(at + 1));
const chart = (symbol: string) => `/yahoo/v8/finance/chart/${encodeURIComponent(symbol)}?range=5d&interval=1d`;
const retryAfter = (answer: Response) => Number(answer.headers.get('retry-after'));

/** As `download` of yfinance asks: so many at once, each name once. */
async function download(symbols: readonly string[], of = test): Promise<Map<string, Response>> {
  const answers = new Map<string, Response>();
  const left = [...symbols];
  const worker = async () => {
    for (let symbol = left.shift(); symbol !== undefined; symbol = left.shift())
      answers.set(symbol, await of.ask(chart(symbol)));
  };
  await Promise.all(Array.from({ length: 8 }, worker));
  return answers;
}
const withStatus = (answers: ReadonlyMap<string, Response>, status: number) =>
  [...answers].flatMap(([symbol, answer]) => (answer.status === status ? [symbol] : []));

describe('the quota of a minute', () => {
  it('of 60 lets 45 of 60 names through; the others hear when there is room, have it then, and pause nobody', async () => {
    const sixty = names.slice(0, 60);
    const first = await download(sixty);
    expect(withStatus(first, 200)).toHaveLength(45);
    const limited = withStatus(first, 429);
    expect(limited).toHaveLength(15);
    for (const symbol of limited) {
      const answer = first.get(symbol);
      expect(await answer?.text()).toBe('Too Many Requests\r\n');
      expect(answer && retryAfter(answer)).toBeGreaterThan(30);
      expect(answer && retryAfter(answer)).toBeLessThanOrEqual(67);
    }
    // Nobody is paused by it: what was fetched is served, and health says that Yahoo is well.
    const [fetched = ''] = withStatus(first, 200);
    expect((await test.ask(chart(fetched))).headers.get('x-cache')).toBe('HIT');
    expect(await (await test.ask('/yahoo/health')).json()).toMatchObject({
      checks: { 'yahoo:pause': [{ observedValue: null }], 'yahoo:breaker': [{ observedValue: 'closed' }] },
    });
    let open = limited;
    let rounds = 0;
    for (; open.length > 0 && rounds < 20; rounds++) {
      const [symbol = ''] = open;
      const again = await test.ask(chart(symbol));
      if (again.status === 429) test.pass(retryAfter(again));
      else {
        expect(again.status).toBe(200);
        open = open.slice(1);
      }
    }
    expect(open).toEqual([]);
    // Once told to wait, the first was let in, and all others with it.
    expect(rounds).toBe(16);
  });

  it('that is used up leaves kept answers, marked stale, and is told truly to who has none', async () => {
    await test.ask(chart('AAPL'));
    test.pass(3_600);
    for (const symbol of names.slice(1, 46)) await test.ask(chart(symbol));
    const kept = await test.ask(chart('AAPL'));
    expect(kept.status).toBe(200);
    expect(kept.headers.get('x-cache')).toBe('STALE');
    expect(kept.headers.get('warning')).toMatch(/^111 /);
    const none = await test.ask(chart(names[50] ?? ''));
    expect(none.status).toBe(429);
    test.pass(retryAfter(none) - 5);
    // Within its patience, it waits in line.
    const began = performance.now();
    const waited = await test.ask(chart(names[50] ?? ''));
    expect(waited.status).toBe(200);
    expect(performance.now() - began).toBeGreaterThan(500);
  });

  it('of 400 gives 100 names at once', async () => {
    setQuotas(new Map([['yahoo', { perMinute: 400, perDay: 20_000 }]]));
    expect(withStatus(await download(names), 200)).toHaveLength(100);
  });

  it('has turns for each key: one that asks for much keeps no other waiting', async () => {
    setQuotas(new Map([['yahoo', { perMinute: 16, perDay: 1_000 }]]));
    const [greedy, modest] = [createApiKey().key, createApiKey().key];
    const ids = new Map([
      [greedy, 'greedy'],
      [modest, 'modest'],
    ]);
    let ahead = 0;
    const now = () => Date.now() + ahead;
    const state = memoryState(now, (key) => ids.get(key) ?? null);
    const gate = keyGate(state, { perSecond: 1_000, burst: 1_000 }, now);
    test = await testProxy(upstreams, { state, now, gate }, 20_000);
    for (const symbol of names.slice(0, 12)) await test.ask(chart(symbol), { 'x-api-key': greedy });
    // Room comes in five seconds: all wait in line.
    ahead = 62_000;
    const done: string[] = [];
    const ask = async (key: string, symbol: string) => {
      const answer = await test.ask(chart(symbol), { 'x-api-key': key });
      done.push(`${ids.get(key)} ${answer.status}`);
    };
    await Promise.all([
      ...names.slice(20, 50).map((symbol) => ask(greedy, symbol)),
      ...names.slice(50, 53).map((symbol) => ask(modest, symbol)),
    ]);
    expect(done.filter((each) => each === 'modest 200')).toHaveLength(3);
    expect(done.filter((each) => each === 'greedy 200').length).toBeGreaterThan(0);
    expect(done.filter((each) => each === 'greedy 429').length).toBeGreaterThan(0);
  });
});
