import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { importedRowSchema } from '../../core/contracts/http/imports.ts';
import { partEnvelope } from '../../core/contracts/imports.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import type { LicenceClass } from '../../core/contracts/words/licence.ts';
import { makeKey } from '../support/api-fixture.ts';
import { importFile, rowsAsText } from '../support/import-file.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'] } });
const rowsSchema = z.object({ data: z.array(importedRowSchema) });
const quoteSchema = z.object({
  data: z.object({ price: z.number(), source: z.string(), candidates: z.array(z.unknown()).optional() }),
});

function bars(symbol: string, days: number, close = 100) {
  return Array.from({ length: days }, (_, day) => {
    const date = new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(0, 10);
    return {
      symbol,
      date,
      open: close,
      high: close + 2,
      low: close - 2,
      close: close + 1,
      volume: 1000,
      currency: 'USD',
    };
  });
}

async function setUp() {
  const pipeline = world.pipeline();
  const api = world.api({ queue: pipeline.queue, clock: Date.now });
  const { operate } = await world.keys();
  const heldOf = async (id: string) =>
    rowsSchema.parse(await (await api.ask(`/imports/${id}/rows`, { key: operate })).json()).data;
  return { pipeline, api, key: operate, heldOf };
}

describe('a file of bars', () => {
  it('is stored in parts, and its sum comes out again; the same file twice adds no row', async () => {
    const { pipeline, api, key } = await setUp();
    const file = { kind: 'bars', parts: [rowsAsText(bars('ACME', 300)), rowsAsText(bars('OTHR', 200, 50))] } as const;
    const first = await importFile(api, pipeline, key, file);
    expect(first).toMatchObject({ status: 'done', parts: 2, partsRead: 2, accepted: 500, written: 500, rejected: 0 });
    const sums = 'SELECT count(*)::int AS rows, sum(close)::text AS sum FROM bar WHERE source = $1';
    const expected = [{ rows: 500, sum: String(300 * 101 + 200 * 51) }];
    expect(await world.all(sums, ['import'])).toEqual(expected);
    const again = await importFile(api, pipeline, key, file);
    expect(again).toMatchObject({ status: 'done', accepted: 500, written: 0 });
    expect(await world.all(sums, ['import'])).toEqual(expected);
  });

  it('leaves what it does not name as it is', async () => {
    const { pipeline, api, key } = await setUp();
    const all = bars('ACME', 60);
    await importFile(api, pipeline, key, { kind: 'bars', parts: [rowsAsText(all)] });
    const [first, last] = [all[0], all.at(-1)];
    const some = await importFile(api, pipeline, key, {
      kind: 'bars',
      parts: [rowsAsText([{ ...first, close: 102 }, last])],
    });
    expect(some).toMatchObject({ status: 'done', accepted: 2, written: 1 });
    expect(await world.all('SELECT count(*)::int AS rows FROM bar WHERE withdrawn_at IS NULL')).toEqual([{ rows: 60 }]);
  });

  it('says of each bad row its line and reason, and stores its neighbours', async () => {
    const { pipeline, api, key, heldOf } = await setUp();
    const good = bars('ACME', 30);
    const lines = good.map((row) => JSON.stringify(row));
    lines[3] = JSON.stringify({ ...good[3], close: 'much' });
    lines[7] = '{"symbol": "ACME",';
    lines[11] = JSON.stringify({ ...good[11], clsoe: 4 });
    lines[12] = JSON.stringify({ ...good[12], currency: 'EUR' });
    lines[13] = JSON.stringify({ ...good[13], date: '2099-01-01' });
    lines[14] = JSON.stringify({ ...good[14], open: null, low: null, close: 0 });
    const done = await importFile(api, pipeline, key, {
      kind: 'bars',
      parts: [{ format: 'ndjson', text: lines.join('\n'), firstLine: 1001 }],
    });
    expect(done).toMatchObject({ status: 'partial', accepted: 24, rejected: 6 });
    const held = await heldOf(done.id);
    expect(held.map(({ line, reason, finding }) => [line, reason, finding]).sort()).toEqual([
      [1004, 'schema', { code: 'invalid_fields', fields: ['close'] }],
      [1008, 'schema', { code: 'invalid_fields', fields: ['json'] }],
      [1012, 'schema', { code: 'invalid_fields', fields: ['clsoe'] }],
      [1013, 'source_mismatch', { code: 'other_currency', currency: 'EUR', expected: 'USD' }],
      [1014, 'future_time', expect.objectContaining({ code: 'future_time' })],
      [1015, 'non_positive', { code: 'non_positive_price', price: '0' }],
    ]);
  });

  it('is CSV as well, with empty cells for what is missing', async () => {
    const { pipeline, api, key } = await setUp();
    const text = 'symbol,date,open,high,low,close,volume,currency,name\r\nACME,2024-01-02,1,3,,2,,GBp,"A, ""B"""\r\n';
    const done = await importFile(api, pipeline, key, { kind: 'bars', parts: [{ format: 'csv', text, firstLine: 2 }] });
    expect(done).toMatchObject({ status: 'done', accepted: 1 });
    expect(await world.all('SELECT open::text, low, close::text, currency, minor_factor FROM bar')).toEqual([
      { open: '0.01', low: null, close: '0.02', currency: 'GBP', minor_factor: 100 },
    ]);
  });
});

describe('imported quotes', () => {
  const now = Date.now();
  const tick = (price: number, secondsAgo: number, differs: Record<string, unknown> = {}) => ({
    ...{ symbol: 'AAPL', asOf: new Date(now - secondsAgo * 1000).toISOString(), price, currency: 'USD' },
    ...differs,
  });
  const priceOf = async (api: ReturnType<typeof world.api>, key: string, path: string) =>
    quoteSchema.parse(await (await api.ask(path, { key })).json()).data;

  it('are the price where there is no other, and never where a source has the exchange’s time', async () => {
    const { pipeline, api, key } = await setUp();
    await importFile(api, pipeline, key, {
      kind: 'quotes',
      parts: [rowsAsText([tick(12, 60, { symbol: 'ACME' }), tick(11, 120, { symbol: 'ACME' }), tick(1, 0)])],
    });
    expect(await priceOf(api, key, '/quotes/ACME')).toMatchObject({ price: 12, source: 'import' });
    await pipeline.cycle({ time: new Date().toISOString() });
    const chosen = await priceOf(api, key, '/quotes/AAPL?explain=1');
    expect(chosen).toMatchObject({ source: 'yahoo', candidates: [expect.anything(), expect.anything()] });
    const later = tick(chosen.price * 1.001, -1);
    await importFile(api, pipeline, key, { kind: 'quotes', parts: [rowsAsText([later])] });
    expect(await priceOf(api, key, '/quotes/AAPL')).toMatchObject({ source: 'yahoo', price: chosen.price });
    expect((await priceOf(api, key, '/quotes/AAPL?source=import')).source).toBe('import');
  });

  it('are seen by the keys that their licence class allows', async () => {
    const { pipeline, api, key } = await setUp();
    const imported = (licence: LicenceClass, symbol: string) =>
      importFile(api, pipeline, key, { kind: 'quotes', licence, parts: [rowsAsText([tick(5, 60, { symbol })])] });
    const hidden = await imported('internal', 'ACMA');
    const shown = await imported('redistribute', 'ACMB');
    const made = await api.ask('/keys', {
      method: 'POST',
      key: (await world.keys()).admin,
      json: { name: 'shop', scope: 'read', use: 'redistribute' },
    });
    const shop = z.object({ data: z.object({ key: z.string() }) }).parse(await made.json()).data.key;
    expect((await api.ask('/quotes/ACMA', { key: shop })).status).toBe(403);
    expect(await priceOf(api, shop, '/quotes/ACMB')).toMatchObject({ price: 5, source: 'import-redistribute' });
    const listed = await (await api.ask('/imports', { key: shop })).json();
    expect(listed).toMatchObject({ data: [{ id: shown.id }], warnings: [{ code: 'licence_forbids' }] });
    for (const path of ['', '/rows'])
      expect((await api.ask(`/imports/${hidden.id}${path}`, { key: shop })).status).toBe(403);
    const operator = await makeKey(world.pool, 'operate', null, 'redistribute');
    const refused = async (method: string, path: string, json: unknown) =>
      (await api.ask(path, { method, key: operator, json })).status;
    expect(await refused('POST', '/imports', { kind: 'bars', licence: 'internal' })).toBe(403);
    expect(await refused('POST', `/imports/${hidden.id}/finish`, { parts: 1 })).toBe(403);
    const part = { bytes: 3, sha256: `${'A'.repeat(43)}=` };
    expect(await refused('PUT', `/imports/${hidden.id}/parts/1`, part)).toBe(403);
  });
});

describe('raw answers of a source', () => {
  it('are read by its parser, and stored as imported', async () => {
    const { pipeline, api, key, heldOf } = await setUp();
    const row = { '1. open': '1.0', '2. high': '3.0', '3. low': '0.5', '4. close': '2.0', '5. volume': '10' };
    const text = JSON.stringify({
      'Meta Data': { '2. Symbol': 'MSFT', '5. Time Zone': 'US/Eastern' },
      'Time Series (Daily)': { '2024-01-03': row, '2024-01-02': row, '2024-01-0x': row },
    });
    const done = await importFile(api, pipeline, key, {
      kind: 'bars',
      source: 'alpha-vantage',
      parts: [{ format: 'answer', text, contentType: 'application/json', url: 'import:', symbols: [] }],
    });
    expect(done).toMatchObject({ status: 'partial', answersOf: 'alpha-vantage', accepted: 2, rejected: 1 });
    expect(await heldOf(done.id)).toMatchObject([{ line: null, reason: 'schema' }]);
    expect(await world.all('SELECT DISTINCT source FROM bar')).toEqual([{ source: 'import' }]);
    expect(await world.all('SELECT count(*)::int AS rows FROM corporate_action')).toEqual([{ rows: 0 }]);
  });
});

describe('the way of an import', () => {
  it('ends each part that was never uploaded, and stores the others', async () => {
    const { pipeline, api, key } = await setUp();
    const made = await importFile(api, pipeline, key, { kind: 'bars', parts: [rowsAsText(bars('ACME', 3))] });
    expect(made.status).toBe('done');
    await world.uncheckedFromNow('the part is announced and never uploaded');
    const opened = await api.ask('/imports', { method: 'POST', key, json: { kind: 'bars', licence: 'internal' } });
    const { id } = z.object({ data: z.object({ id: z.string() }) }).parse(await opened.json()).data;
    const announced = { bytes: 3, sha256: `${'A'.repeat(43)}=` };
    await api.ask(`/imports/${id}/parts/0`, { method: 'PUT', key, json: announced });
    await api.ask(`/imports/${id}/finish`, { method: 'POST', key, json: { parts: 1 } });
    await pipeline.ingest();
    const one = await (await api.ask(`/imports/${id}`, { key })).json();
    expect(one).toMatchObject({ data: { status: 'failed', partsFailed: 1, accepted: 0 } });
    const run = await (await api.ask(`/runs/${id}`, { key })).json();
    expect(run).toMatchObject({ data: { sourceId: 'import', parts: [{ detail: { code: 'blob_missing' } }] } });
  });

  it.each([
    ['of another import', { runId: '0198a7c0-0000-5000-8000-000000000001' }],
    ['of another source', { sourceId: 'yahoo' }],
    ['of a later release', { version: 2 }],
  ])('ends a part that says it is one %s, and leaves no message', async (_what, more) => {
    const { pipeline, api, key } = await setUp();
    await world.uncheckedFromNow('the part is no envelope that the command writes');
    const asked = await api.ask('/imports', { method: 'POST', key, json: { kind: 'bars', licence: 'internal' } });
    const made = z
      .object({ data: z.object({ id: z.string(), sourceId: z.string(), createdAt: z.string() }) })
      .parse(await asked.json()).data;
    const of = { importId: made.id, job: 'bars', kind: 'bars', part: 0, ...made } as const;
    const packed = gzipSync(
      JSON.stringify({ ...partEnvelope(of, rowsAsText(bars('ACME', 1)), made.createdAt), ...more }),
    );
    const announced = { bytes: packed.length, sha256: `${'A'.repeat(43)}=` };
    await api.ask(`/imports/${made.id}/parts/0`, { method: 'PUT', key, json: announced });
    const blobKey = rawBlobKey({ ...made, runId: made.id, part: 0, attempt: 1 });
    pipeline.blobs.blobs.set(blobKey, packed);
    await api.ask(`/imports/${made.id}/finish`, { method: 'POST', key, json: { parts: 1 } });
    await pipeline.ingest();
    const run = await (await api.ask(`/runs/${made.id}`, { key })).json();
    expect(run).toMatchObject({ data: { parts: [{ status: 'failed', detail: { code: 'blob_damaged' } }] } });
    expect(await world.all('SELECT 1 FROM bar')).toEqual([]);
  });

  it('takes each step twice, and none in another form', async () => {
    const { api, key } = await setUp();
    await world.uncheckedFromNow('the part is announced and never uploaded, and nothing reads it here');
    const asked = { method: 'POST', key, json: { kind: 'bars', licence: 'internal' } };
    const headers = { 'idempotency-key': 'one' };
    const opened = await Promise.all([1, 2].map(async () => (await api.ask('/imports', { ...asked, headers })).json()));
    expect(opened[0]).toEqual(expect.objectContaining({ data: expect.objectContaining({ status: 'open' }) }));
    const { id } = z.object({ data: z.object({ id: z.string() }) }).parse(opened[0]).data;
    expect(opened[1]).toMatchObject({ data: { id } });
    const part = { bytes: 3, sha256: `${'A'.repeat(43)}=` };
    const announce = (n: number, json: unknown) => api.ask(`/imports/${id}/parts/${n}`, { method: 'PUT', key, json });
    const finish = (parts: number) => api.ask(`/imports/${id}/finish`, { method: 'POST', key, json: { parts } });
    const statusOf = async (answer: Promise<Response>) => (await answer).status;
    expect([await statusOf(announce(0, part)), await statusOf(announce(0, part))]).toEqual([200, 200]);
    expect(await statusOf(announce(0, { ...part, bytes: 4 }))).toBe(409);
    expect(await statusOf(announce(0, { ...part, sha256: 'no' }))).toBe(400);
    expect(await statusOf(announce(0, { ...part, bytes: 100_000_000 }))).toBe(400);
    expect(await statusOf(finish(2))).toBe(409);
    expect([await statusOf(finish(1)), await statusOf(finish(1))]).toEqual([202, 202]);
    expect(await statusOf(announce(1, part))).toBe(409);
    const nobody = '0198a7c0-0000-5000-8000-000000000001';
    expect(await statusOf(api.ask(`/imports/${nobody}/finish`, { method: 'POST', key, json: { parts: 1 } }))).toBe(404);
    expect(await statusOf(api.ask('/imports', { ...asked, json: { kind: 'bars' } }))).toBe(400);
  });
});
