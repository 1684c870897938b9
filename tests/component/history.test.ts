import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { quoteSchema, tickRowSchema } from '../../core/contracts/http/market.ts';
import { iso, makeBatch, makeListing, makeQuote } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const one = envelope(quoteSchema);
const ticks = envelope(z.array(tickRowSchema));

const { world, get } = useApi();
let batchId: string;

beforeAll(async () => {
  batchId = await makeBatch(world.pool);
}, 60_000);

describe('what was known when', () => {
  it('reads both versions of a corrected price, and the history shows when each held', async () => {
    const listing = await makeListing(world.pool, 'FIXED');
    const asOf = iso(-3600);
    await makeQuote(world.pool, listing, batchId, { price: '100.5', asOf, fetchedAt: iso(-3590) });
    await makeQuote(world.pool, listing, await makeBatch(world.pool), { price: '100.4', asOf, fetchedAt: iso(-1800) });
    const at = async (known: string) => one.parse(await (await get(`/quotes/FIXED?knownAt=${known}`)).json());
    expect((await at(iso(-3590))).data).toMatchObject({
      price: 100.5,
      asOf,
      rule: 'only_source',
      confidence: 'single',
    });
    expect((await at(iso(-1801))).data.price).toBe(100.5);
    expect((await at(iso(-1800))).data.price).toBe(100.4);
    expect((await at(iso(-1800))).meta.knownAt).toBe(iso(-1800));
    expect((await get(`/quotes/FIXED?knownAt=${iso(-4000)}`)).status).toBe(404);

    const current = ticks.parse(await (await get('/quotes/FIXED/history')).json());
    expect(current.data.map(({ price, knownTo }) => [price, knownTo])).toEqual([[100.4, null]]);
    const all = ticks.parse(await (await get('/quotes/FIXED/history?revisions=1&order=asc')).json());
    expect(all.data.map(({ price, knownFrom, knownTo }) => [price, knownFrom, knownTo])).toEqual([
      [100.5, iso(-3590), iso(-1800)],
      [100.4, iso(-1800), null],
    ]);
    const then = ticks.parse(await (await get(`/quotes/FIXED/history?knownAt=${iso(-2000)}`)).json());
    expect(then.data.map(({ price }) => price)).toEqual([100.5]);
  });

  it('leaves out what a finding calls wrong, unless it is asked for as it came', async () => {
    const listing = await makeListing(world.pool, 'HISTWRONG');
    await makeQuote(world.pool, listing, batchId, { price: '100', asOf: iso(-900), fetchedAt: iso(-890) });
    await makeQuote(world.pool, listing, batchId, { price: '10000', asOf: iso(-600), fetchedAt: iso(-590) });
    await world.pool.query(
      `INSERT INTO finding (listing_id, source, row_key, rule, severity, kind, at, said, evidence, batch_id, opened_at)
       VALUES ($1, 'yahoo', 'unit', 'unit', 'wrong', 'quote', $2, 10000, $3, $4, $2)`,
      [listing, iso(-600), { code: 'other_unit', factor: 0.01, fields: ['close'], witness: 'stored_quote' }, batchId],
    );
    const prices = async (query: string) =>
      ticks
        .parse(await (await get(`/quotes/HISTWRONG/history?order=asc${query}`)).json())
        .data.map(({ price }) => price);
    expect(await prices('')).toEqual([100]);
    expect(await prices('&quality=raw')).toEqual([100, 10_000]);
    expect(await prices(`&quality=raw&knownAt=${iso(-700)}`)).toEqual([100]);
    expect(await prices('&quality=repaired')).toEqual([100]);
    expect((await get('/quotes/HISTWRONG/history?quality=best')).status).toBe(400);
  });

  it('a row is known at its own knownFrom, and not a millisecond before', async () => {
    const listing = await makeListing(world.pool, 'MICRO');
    await makeQuote(world.pool, listing, batchId, { price: '7', ingestedAt: '2026-11-20T14:00:00.123456Z' });
    const { data } = ticks.parse(await (await get('/quotes/MICRO/history')).json());
    expect(data[0]?.knownFrom).toBe('2026-11-20T14:00:00.124Z');
    expect((await get(`/quotes/MICRO?knownAt=${data[0]?.knownFrom}`)).status).toBe(200);
    expect((await get('/quotes/MICRO?knownAt=2026-11-20T14:00:00.123455Z')).status).toBe(404);
  });
});

describe('the history', () => {
  beforeAll(async () => {
    const listing = await makeListing(world.pool, 'HIST');
    for (let minute = 0; minute < 5; minute++) {
      const asOf = iso(-600 + minute * 60);
      await makeQuote(world.pool, listing, batchId, { price: String(50 + minute), asOf, fetchedAt: asOf });
    }
    // One correction in the middle: two rows with the same time must not confuse the cursor.
    await makeQuote(world.pool, listing, await makeBatch(world.pool), {
      price: '52.5',
      asOf: iso(-480),
      fetchedAt: iso(-400),
    });
  });

  it.each(['asc', 'desc'])('pages without losing or repeating a row, %s', async (order) => {
    const seen: unknown[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page++) {
      const path = `/quotes/HIST/history?limit=1&revisions=1&order=${order}${cursor}`;
      const { data, meta } = ticks.parse(await (await get(path)).json());
      seen.push(...data.map((row) => row.price));
      if (!meta.nextCursor) break;
      cursor = `&cursor=${meta.nextCursor}`;
    }
    const ascending = [50, 51, 52, 52.5, 53, 54];
    expect(seen).toEqual(order === 'asc' ? ascending : ascending.toReversed());
  });

  it('takes from inclusive and to exclusive, with any zone', async () => {
    const from = encodeURIComponent('2026-11-20T15:51:00+01:00');
    const { data } = ticks.parse(await (await get(`/quotes/HIST/history?from=${from}&to=${iso(-420)}`)).json());
    expect(data.map((row) => row.price)).toEqual([52.5, 51]);
  });

  it.each([
    'from=yesterday',
    'from=2026-02-30',
    'to=2026-11-20T25:00:00Z',
    'from=0001-01-01',
    'order=up',
    'limit=2001',
  ])('refuses %s, and says where', async (query) => {
    const response = await get(`/quotes/HIST/history?${query}`);
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { code: 'invalid_request', errors: [{ path: `query.${query.split('=')[0]}` }] },
    ]);
  });

  it('comes as CSV by Accept or by format, with the next page in the Link', async () => {
    const byAccept = await get('/quotes/HIST/history?limit=2', { accept: 'text/csv' });
    const byFormat = await get('/quotes/HIST/history?limit=2&format=csv');
    const json = await get('/quotes/HIST/history', { accept: 'application/json, text/csv;q=0.5' });
    expect(byAccept.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(byAccept.headers.get('content-disposition')).toBe('attachment; filename="HIST-history.csv"');
    const text = await byAccept.text();
    expect(text).toBe(await byFormat.text());
    const lines = text.split('\r\n');
    expect(lines[0]).toMatch(/^symbol,source,asOf,price,.*,licence$/);
    expect(lines[1]).toContain(`HIST,yahoo,${iso(-360)},54,241.53,-187.53,`);
    expect(lines).toHaveLength(4);
    expect(json.headers.get('content-type')).toBe('application/json');
    const next = /<(.*)>; rel="next"/.exec(byFormat.headers.get('link') ?? '')?.[1] ?? '';
    expect(await (await get(`/quotes/HIST/history${next}`)).text()).toContain(',52.5,');
  });
});
