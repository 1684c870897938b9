import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { iso, makeBatch, makeListing, makeQuote, testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

/** As many as the simulated sources have, and as many as a watch list of an index has. */
const instruments = 518;

const { world, api, keys, get } = useApi();

beforeAll(async () => {
  const { pool } = world;
  for (let each = 0; each < instruments; each++) {
    const listing = await makeListing(pool, `SYM${each}`, { name: `Company ${(each * 7919) % 1000} Inc.` });
    // A task has 200 symbols, and a row its own time to the microsecond.
    const batch = each % 200 === 0 ? await makeBatch(pool) : batches.at(-1);
    if (batch !== undefined && each % 200 === 0) batches.push(batch);
    const price = 10 + ((each * 104_729) % 99_991) / 100;
    await makeQuote(pool, listing, batch ?? '', {
      price: price.toFixed(2),
      previous: (price * (1 + (((each * 31) % 61) - 30) / 1000)).toFixed(2),
      volume: String(1_000 + ((each * 7_919_317) % 90_000_000)),
      asOf: iso(-60 - ((each * 13) % 57)),
      ingestedAt: `2026-11-20T14:59:31.${String((each * 7919) % 1_000_000).padStart(6, '0')}Z`,
    });
  }
}, 120_000);
const batches: string[] = [];

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

describe('an answer on the wire', () => {
  it('has all 518 quotes in less than 60 kB, in each coding', async () => {
    const plain = await (await get('/quotes?limit=1000')).text();
    expect(JSON.parse(plain).meta.count).toBe(instruments);
    for (const [accepts, unpack] of [
      ['br', brotliDecompressSync],
      ['gzip', gunzipSync],
    ] as const) {
      const answer = await get('/quotes?limit=1000', { 'accept-encoding': accepts });
      expect(answer.headers.get('content-encoding')).toBe(accepts);
      const packed = await bytesOf(answer);
      console.info(`${instruments} quotes: ${plain.length} B, ${packed.length} B as ${accepts}`);
      expect(packed.length).toBeLessThan(60_000);
      expect(JSON.parse(unpack(packed).toString()).data).toEqual(JSON.parse(plain).data);
    }
  });

  it('has the same ETag in each coding, and a 304 whatever the client takes', async () => {
    const plain = await get('/quotes?limit=50');
    const etag = plain.headers.get('etag') ?? '';
    for (const accepts of ['br', 'gzip', 'identity']) {
      const full = await get('/quotes?limit=50', { 'accept-encoding': accepts });
      expect([full.headers.get('etag'), full.headers.get('vary')]).toEqual([etag, plain.headers.get('vary')]);
      const same = await get('/quotes?limit=50', { 'accept-encoding': accepts, 'if-none-match': etag });
      expect([same.status, same.headers.get('content-encoding'), await same.text()]).toEqual([304, null, '']);
      expect(same.headers.get('vary')).toContain('accept-encoding');
    }
  });

  it('is left as it is where it is short, or where the client takes no coding', async () => {
    const short = await get('/quotes?limit=5&fields=price', { 'accept-encoding': 'br' });
    expect([short.headers.get('content-encoding'), short.headers.get('vary')]).toEqual([
      null,
      'x-api-key, authorization, cookie, accept, accept-encoding',
    ]);
    for (const accepts of ['identity', 'br;q=0, gzip;q=0', 'deflate'])
      expect(
        (await get('/quotes?limit=50', { 'accept-encoding': accepts })).headers.get('content-encoding'),
      ).toBeNull();
  });

  it('of a batch, of a report as text and of CSV has a coding too', async () => {
    const symbols = Array.from({ length: 30 }, (_, each) => `SYM${each}`);
    const headers = { 'accept-encoding': 'gzip' };
    const batch = await api.ask('/quotes/batch', { method: 'POST', key: keys.read, headers, json: { symbols } });
    expect([batch.headers.get('content-encoding'), batch.headers.get('vary')]).toEqual(['gzip', 'accept-encoding']);
    expect(JSON.parse(gunzipSync(await bytesOf(batch)).toString()).data).toHaveLength(30);
    const document = await api.ask('/openapi.json', { headers });
    expect(JSON.parse(gunzipSync(await bytesOf(document)).toString()).openapi).toBe('3.1.0');
  });

  it('without a body has none: HEAD, and a problem', async () => {
    const head = await api.ask('/quotes?limit=50', {
      method: 'HEAD',
      key: keys.read,
      headers: { 'accept-encoding': 'br' },
    });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const problem = await get('/quotes/NOPE', { 'accept-encoding': 'br' });
    expect([problem.status, problem.headers.get('content-encoding')]).toEqual([404, null]);
  });
});

describe('the rate limit', () => {
  it('is in every answer to a key: good ones, problems, 304 and 429; not where there is no key', async () => {
    const limited = testApi(world.pool, { rateLimit: { perSecond: 1, burst: 4 } });
    const ask = (path: string, headers: Record<string, string> = {}) => limited.ask(path, { key: keys.read, headers });
    const first = await ask('/quotes/SYM1');
    const etag = first.headers.get('etag') ?? '';
    const answers = [first, await ask('/quotes/NOPE'), await ask('/quotes/SYM1', { 'if-none-match': etag })];
    answers.push(await ask('/sources/yahoo/run'), await ask('/quotes/SYM1'), await ask('/quotes/SYM1'));
    expect(answers.map((each) => [each.status, each.headers.get('ratelimit')])).toEqual([
      [200, '"key";r=3;t=1'],
      [404, '"key";r=2;t=2'],
      [304, '"key";r=1;t=3'],
      // No route, so no key was looked at.
      [405, null],
      [200, '"key";r=0;t=4'],
      [429, '"key";r=0;t=4'],
    ]);
    expect(first.headers.get('ratelimit-policy')).toBe('"key";q=4;w=4');
    expect((await limited.ask('/health')).headers.get('ratelimit')).toBeNull();
    expect((await limited.ask('/quotes/SYM1')).headers.get('ratelimit')).toBeNull();
  });
});

describe('a page of another origin', () => {
  const origin = 'https://notebook.example';

  it('reads answers, problems included, where its origin is listed; others stay as they are', async () => {
    const open = testApi(world.pool, { corsOrigins: [origin] });
    for (const path of ['/quotes/SYM1', '/quotes/NOPE', '/no-such-route']) {
      const answer = await open.ask(path, { key: keys.read, headers: { origin } });
      expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
      expect(answer.headers.get('access-control-expose-headers')).toContain('ratelimit');
      const other = await open.ask(path, { key: keys.read, headers: { origin: 'https://other.example' } });
      expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([answer.status, null]);
      expect(other.headers.get('vary')).toContain('origin');
      expect([...answer.headers.keys(), ...other.headers.keys()]).not.toContain('access-control-allow-credentials');
    }
    const etag = (await open.ask('/quotes/SYM1', { key: keys.read })).headers.get('etag') ?? '';
    const same = await open.ask('/quotes/SYM1', { key: keys.read, headers: { origin, 'if-none-match': etag } });
    expect([same.status, same.headers.get('access-control-allow-origin')]).toEqual([304, origin]);
  });

  it('asks first, without a key', async () => {
    const open = testApi(world.pool, { corsOrigins: [origin] });
    const asks = (from: string) =>
      open.ask('/quotes/batch', {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-api-key',
        },
      });
    const answer = await asks(origin);
    expect([answer.status, answer.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    const refused = await asks('https://other.example');
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([405, null]);
  });

  it('has no use of the session of a visitor', async () => {
    const open = testApi(world.pool, { corsOrigins: [origin] });
    const signedIn = await open.ask('/session', { method: 'POST', json: { key: keys.operate } });
    const cookie = (signedIn.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const changed = await open.ask('/sources/yahoo/stop', {
      method: 'POST',
      headers: { origin, cookie, 'sec-fetch-site': 'same-site' },
    });
    expect([changed.status, JSON.parse(await changed.text()).code]).toEqual([403, 'foreign_origin']);
  });
});
