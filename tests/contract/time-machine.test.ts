import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { AnswerBlobs } from '../../core/ports/answer-blobs.ts';
import type { State } from '../../core/ports/state.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import type { ProxyWorld } from '../../functions/yahoo-proxy/assemble.ts';
import { blobsInMemory, recordingProxy } from '../support/recording-proxy.ts';
import { useWorld } from '../support/use-world.ts';
import { oneOfEachRoute } from '../support/yahoo-proxy-requests.ts';

const world = useWorld({ connections: 8, sources: ['yahoo'] });
const minute = 60_000;
const start = Date.parse('2026-11-23T15:00:00Z');
let state: State;
let blobs: ReturnType<typeof blobsInMemory>;

beforeAll(() => {
  setQuotas(new Map([['yahoo', { perMinute: 4_000, perDay: 300_000 }]]));
  state = postgresState(world.pool);
});
afterAll(() => setQuotas(new Map()));
beforeEach(() => {
  blobs = blobsInMemory();
});
const proxyOf = (more: Partial<ProxyWorld> = {}) => recordingProxy(world, { state, blobs, start, ...more });

const chart = (close: number) =>
  JSON.stringify({
    chart: {
      result: [{ meta: { symbol: 'AAPL' }, timestamp: [1], indicators: { quote: [{ close: [close] }] } }],
      error: null,
    },
  });
const quotes = (...prices: [string, number][]) =>
  JSON.stringify({
    quoteResponse: {
      result: prices.map(([symbol, price]) => ({ symbol, regularMarketPrice: price, marketState: 'CLOSED' })),
      error: null,
    },
  });
const chartPath = '/yahoo/v8/finance/chart/AAPL?range=1mo&interval=1d';

describe('what Yahoo answered at an instant', () => {
  it('comes byte for byte, from when it was heard until something else was', async () => {
    const { says, hear, asOf, goTo } = await proxyOf();
    says(start, ` ${chart(10)}\n`);
    const first = await hear(chartPath);
    says(start + 60 * minute, chart(11));
    const second = await hear(chartPath);
    goTo(start + 120 * minute);
    expect(first.text).toBe(` ${chart(10)}\n`);
    expect((await asOf(start - 1, chartPath)).status).toBe(404);
    for (const at of [start, start + 59 * minute]) expect((await asOf(at, chartPath)).text).toBe(first.text);
    for (const at of [start + 60 * minute, start + 119 * minute])
      expect((await asOf(at, chartPath)).text).toBe(second.text);
    const { headers } = await asOf(start, chartPath);
    expect(headers.get('x-quotron-source')).toBe('recorded');
    expect(headers.get('age')).toBe('7200');
  });

  it('is asked for by ISO 8601 or seconds since the epoch; what is neither is a 400, and the future a 422', async () => {
    const { says, hear, asOf, goTo } = await proxyOf();
    says(start, chart(10));
    await hear(chartPath);
    goTo(start + 60 * minute);
    for (const same of [
      '2026-11-23T15:30:00Z',
      '2026-11-23T15%3A30%3A00Z',
      '2026-11-23T15:30',
      '2026-11-23T16:30:00+01:00',
      '20261123T153000Z',
      String(start / 1000 + 1800),
    ])
      expect([same, (await asOf(same, chartPath)).text]).toEqual([same, chart(10)]);
    for (const none of ['yesterday', '2026-02-30', '12', '2026-11-23T25:00Z', '%E0%A4%A'])
      expect([none, (await asOf(none, chartPath)).status]).toEqual([none, 400]);
    for (const later of [start + 61 * minute, '2027-01-01', '4102444800'])
      expect((await asOf(later, chartPath)).status).toBe(422);
  });

  it('is found where the end of a chart is the client’s now, which was another second then', async () => {
    const { says, hear, asOf, goTo } = await proxyOf();
    const until = (end: number) => `/yahoo/v8/finance/chart/AAPL?period1=1700000000&period2=${end}&interval=1d`;
    says(start, chart(10));
    await hear(until(start / 1000 + 3));
    goTo(start + 600 * minute);
    expect((await asOf(start + minute, until(start / 1000 + 36_000))).text).toBe(chart(10));
  });

  it('has of several quotes those that were heard, and names the others', async () => {
    const { says, hear, asOf, goTo } = await proxyOf();
    const path = (symbols: string) => `/yahoo/v7/finance/quote?symbols=${symbols}`;
    says(start, quotes(['AAPL', 1], ['MSFT', 2]));
    await hear(path('AAPL,MSFT'));
    says(start + 30 * minute, quotes(['AAPL', 3]));
    await hear(path('AAPL,NONE'));
    goTo(start + 31 * minute);
    expect((await asOf(start + minute, path('MSFT,AAPL'))).text).toBe(quotes(['MSFT', 2], ['AAPL', 1]));
    const some = await asOf(start + minute, path('AAPL,IBM'));
    expect(some.text).toBe(quotes(['AAPL', 1]));
    expect(some.headers.get('x-quotron-missing')).toBe('IBM');
    expect((await asOf(start + minute, path('IBM'))).status).toBe(404);
    const unknown = await asOf(start + 31 * minute, path('NONE'));
    expect([unknown.status, unknown.text]).toEqual([200, quotes()]);
    const chosen = await asOf(start + 31 * minute, `${path('AAPL')}&fields=symbol`);
    expect(chosen.text).toContain('"regularMarketPrice":3');
  });

  it('may be a refusal, and pages and posts too', async () => {
    const { says, hear, asOf, request, proxy, goTo } = await proxyOf();
    const refusal = '{"chart":{"result":null,"error":{"code":"Not Found","description":"No data found"}}}';
    says(start, refusal, 404);
    expect((await hear(chartPath)).status).toBe(404);
    says(start, '<html><table></table></html>');
    const page = '/yahoo/calendar/earnings?symbol=AAPL';
    await hear(page);
    const post = oneOfEachRoute.find(({ route }) => route === 'screener');
    if (post?.body === undefined) throw new Error('there is no request of the screener');
    const screened = '{"finance":{"result":[{"quotes":[]}],"error":null}}';
    says(start, screened);
    const { body } = post;
    const path = `/yahoo${post.path}`;
    expect((await request({ path, body })).status).toBe(200);
    await proxy.past?.record.settled(30_000);
    goTo(start + 10 * minute);
    const refused = await asOf(start, chartPath);
    expect([refused.status, refused.text]).toEqual([404, refusal]);
    const seen = await asOf(start, page);
    expect([seen.text, seen.headers.get('content-type')]).toEqual([
      '<html><table></table></html>',
      'text/html;charset=utf-8',
    ]);
    const again = await request({ path: path.replace('/yahoo/', `/yahoo/at/${start / 1000}/`), body });
    expect(await again.text()).toBe(screened);
  });

  it('is marked where it was not heard again for longer than the proxy would have given it', async () => {
    const { says, hear, asOf, goTo } = await proxyOf();
    says(start, chart(10));
    await hear(chartPath);
    goTo(start + 10 * 24 * 60 * minute);
    expect((await asOf(start + 60 * minute, chartPath)).headers.get('x-cache')).toBe('HIT');
    const old = (await asOf(start + 9 * 24 * 60 * minute, chartPath)).headers;
    expect([old.get('x-cache'), old.get('warning')]).toEqual(['STALE', '110 quotron "Response is Stale"']);
  });

  it('calls nobody, whatever the breaker and the quota say, and what is asked is not what is answered now', async () => {
    const { says, hear, asOf, sent, ask, proxy, goTo } = await proxyOf();
    says(start, chart(10));
    await hear(chartPath);
    const before = sent.length;
    says(start + 600 * minute, 'no JSON');
    for (let times = 0; times < 30; times++) await asOf(start, `/yahoo/v8/finance/chart/S${times}?range=1d`);
    expect((await asOf(start, chartPath)).text).toBe(chart(10));
    expect(sent.length).toBe(before);
    expect(proxy.breaker.state).toBe('closed');
    goTo(start + 601 * minute);
    says(start + 601 * minute, chart(12));
    expect(await (await ask(chartPath)).text()).toBe(chart(12));
  });

  it('has the crumb and the cookie of clients, and no route of the proxy’s own', async () => {
    const { asOf, goTo } = await proxyOf();
    goTo(start);
    expect((await asOf(start, '/yahoo/v1/test/getcrumb')).text).toBe('Quotron.000');
    expect((await asOf(start + 1, '/yahoo/v1/test/getcrumb')).status).toBe(422);
    const cookies = await asOf(start, '/yahoo/');
    expect([cookies.status, cookies.headers.get('set-cookie')]).toEqual([404, expect.stringContaining('A3=')]);
    const page = await asOf(start, '/yahoo/quote/AAPL', { accept: 'text/html,application/xhtml+xml' });
    expect([page.status, page.headers.get('set-cookie')]).toEqual([200, expect.stringContaining('A3=')]);
    for (const own of ['quote/AAPL', 'market/sp500', 'health', 'metrics', 'v1/finance/nothing'])
      expect([own, (await asOf(start, `/yahoo/${own}`)).status]).toEqual([own, 501]);
  });

  it('of a simulator is not given for Yahoo’s own', async () => {
    const simulated = await proxyOf({ simulated: true });
    simulated.says(start, chart(10));
    await simulated.hear(chartPath);
    const { asOf } = await proxyOf();
    expect((await asOf(start, chartPath)).status).toBe(404);
    expect((await simulated.asOf(start, chartPath)).text).toBe(chart(10));
  });
});

describe('the record', () => {
  it('has a blob of each different answer, and of the same one again only its end, now and then', async () => {
    const { says, hear } = await proxyOf();
    // What a test before has heard hours later may be recorded only now.
    const rows = () =>
      world.all('SELECT from_at, to_at FROM proxy_answer WHERE from_at < $1 ORDER BY from_at', [
        new Date(start + 300 * minute),
      ]);
    const minutes = (...list: number[]) => list.map((each) => new Date(start + each * minute));
    for (const [at, close] of [
      [0, 10],
      [4, 10],
      [60, 10],
      [120, 11],
      [180, 10],
    ] as const) {
      says(start + at * minute, chart(close));
      await hear(`${chartPath}&lang=en-US`);
    }
    const [a, b, c, d, e] = minutes(0, 60, 120, 180, 180);
    expect(await rows()).toEqual([
      { from_at: a, to_at: b },
      { from_at: c, to_at: c },
      { from_at: d, to_at: e },
    ]);
    expect([...blobs.kept.keys()]).toHaveLength(2);
    for (const key of blobs.kept.keys()) expect(key).toMatch(/^proxy\/2026-11\/[\w-]{43}\.gz$/);
    // A body of a month before is written again: the old blob goes sooner than the row that would name it.
    says(Date.parse('2026-12-01T00:00:00Z'), chart(10));
    await hear(`${chartPath}&lang=en-US`);
    expect([...blobs.kept.keys()]).toHaveLength(3);
    const [newest] = await world.all('SELECT from_at FROM proxy_answer ORDER BY from_at DESC LIMIT 1');
    expect(newest).toEqual({ from_at: new Date('2026-12-01T00:00:00Z') });
  });

  it('is one blob of what came together, of which each body is a part, and no row of what is known', async () => {
    const { says, hear, asOf, goTo } = await proxyOf();
    const path = (symbols: readonly string[]) => `/yahoo/v7/finance/quote?symbols=${symbols.join()}`;
    const names = Array.from({ length: 40 }, (_, index) => `P${index}`);
    says(start, quotes(...names.map((name, index): [string, number] => [name, index])));
    await hear(path(names));
    expect(blobs.kept.size).toBe(1);
    const later = start + 60 * minute;
    // All but two are as they were.
    says(later, quotes(...names.map((name, index): [string, number] => [name, index < 2 ? 100 + index : index])));
    await hear(path(names));
    expect(blobs.kept.size).toBe(2);
    const rows = await world.all("SELECT key FROM proxy_answer WHERE key LIKE 'quote:P%'");
    expect(rows).toHaveLength(42);
    goTo(later + minute);
    for (const some of [names, ['P7'], ['P1', 'P39']]) {
      const wanted = some.map((name): [string, number] => [name, Number(name.slice(1))]);
      expect((await asOf(start + minute, path(some))).text).toBe(quotes(...wanted));
    }
    expect((await asOf(later, path(['P1', 'P2']))).text).toBe(quotes(['P1', 101], ['P2', 2]));
  });

  it('of the former release, which named each blob by its body, is read, and the same answer again is no new row', async () => {
    const { says, hear, asOf } = await proxyOf();
    says(start, chart(10));
    await hear(chartPath);
    await world.pool.query('UPDATE proxy_answer SET content = NULL');
    says(start + 60 * minute, chart(10));
    await hear(chartPath);
    expect(await world.all("SELECT to_at FROM proxy_answer WHERE key LIKE 'chart:AAPL%'")).toEqual([
      { to_at: new Date(start + 60 * minute) },
    ]);
    expect((await asOf(start + minute, chartPath)).text).toBe(chart(10));
  });

  it('is right when answers are noted in another order than they were heard', async () => {
    const note = (at: number, blob: string) =>
      state.call({
        op: 'recordAnswers',
        answers: [{ key: 'k', status: 200, blob, keepSeconds: 60, fetchedAt: new Date(at).toISOString() }],
      });
    await note(start + 10 * minute, 'b');
    await note(start, 'a');
    await note(start, 'a');
    const of = async (at: number) =>
      (await state.call({ op: 'recordedAnswers', keys: ['k', 'other'], at: new Date(at).toISOString() })).answers.map(
        ({ blob }) => blob,
      );
    expect([await of(start - 1), await of(start), await of(start + 9 * minute), await of(start + 10 * minute)]).toEqual(
      [[], ['a'], ['a'], ['b']],
    );
  });

  it('that cannot be written fails and delays no answer; it is counted, logged, and tried again later', async () => {
    let hangs = true;
    let tried = 0;
    const put = async (key: string, packed: Buffer) => {
      tried++;
      if (hangs) throw new Error('S3 does not answer');
      await blobs.put(key, packed);
    };
    const { says, hear, asOf, logged, ask, proxy } = await proxyOf({ blobs: { put, get: blobs.get } });
    says(start, chart(10));
    expect(await hear(chartPath)).toEqual({ status: 200, text: chart(10) });
    expect((await hear(chartPath.replace('AAPL', 'MSFT'))).status).toBe(200);
    expect(tried).toBe(1);
    expect(logged).toEqual([new Error('S3 does not answer')]);
    expect(proxy.metrics.takeDeltas().unrecorded).toBe(2);
    expect(await (await ask('/yahoo/metrics')).text()).toContain('quotron_proxy_unrecorded_total 2');
    hangs = false;
    says(start + 60 * minute, chart(11));
    await hear(chartPath);
    expect((await asOf(start + 60 * minute, chartPath)).text).toBe(chart(11));
    expect((await asOf(start, chartPath)).status).toBe(404);
  });

  it('is not waited for by the answer, nor for longer than an invocation may', async () => {
    const { says, ask, proxy } = await proxyOf({ blobs: { put: () => new Promise(() => {}), get: blobs.get } });
    says(start, chart(10));
    expect((await ask(chartPath)).status).toBe(200);
    await proxy.past?.record.settled(10);
    expect(proxy.metrics.takeDeltas().unrecorded).toBe(0);
  });

  it('whose blob is gone has no answer, and one that cannot be read is a 503', async () => {
    let fails = false;
    const get: AnswerBlobs['get'] = async (key, part) => {
      if (fails) throw new Error('S3 does not answer');
      return blobs.get(key, part);
    };
    const { says, hear, asOf } = await proxyOf({ blobs: { put: blobs.put, get } });
    says(start, chart(10));
    await hear(chartPath);
    fails = true;
    expect((await asOf(start, chartPath)).status).toBe(503);
    fails = false;
    blobs.kept.clear();
    expect((await asOf(start, chartPath)).status).toBe(404);
  });

  it('is not kept by a proxy without a database, which says so', async () => {
    const { asOf } = await proxyOf({ blobs: null });
    const answer = await asOf(start, chartPath);
    expect([answer.status, answer.text]).toEqual([501, expect.stringContaining('no database')]);
  });
});
