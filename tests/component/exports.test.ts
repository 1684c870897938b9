import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { exportWorkStore } from '../../core/adapters/postgres/history/export-store.ts';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import { type ExportedFile, exportLinkSchema, exportSchema } from '../../core/contracts/http/exports.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import { makeKey, makeListing, noon, testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, post } = useApi();
const body = { symbols: ['aapl'], intervals: ['1d', 'tick'], from: '2026-01-01', to: '2026-06-30' };
beforeAll(() => makeListing(world.pool, 'AAPL'));

const work = () => exportWorkStore(world.pool);

const file: ExportedFile = {
  ...{ key: 'exports/x/bars/a.parquet', path: 'bars/exchange=XNAS/interval=1d/month=2026-01/a.parquet' },
  ...{ rows: 3, bytes: 99, sha256: 'ab', sums: { price: '1', volume: '2' } },
  first: { listingId: 1, source: 'yahoo', asOf: '2026-01-02T00:00:00Z', ingestedAt: '2026-01-02T00:00:00Z' },
  last: { listingId: 1, source: 'yahoo', asOf: '2026-01-04T00:00:00Z', ingestedAt: '2026-01-04T00:00:00Z' },
  ...{ table: 'bars', exchange: 'XNAS', interval: '1d', month: '2026-01' },
};

async function read(path: string, key = keys.read) {
  return api.ask(path, { key });
}
const codeOf = async (answer: Response) => [answer.status, problemSchema.parse(await answer.json()).code];

async function made(asked: object = body) {
  const answer = await post('/exports', asked);
  expect(answer.status).toBe(202);
  const { data } = envelope(exportSchema).parse(await answer.json());
  expect(answer.headers.get('location')).toBe(`/api/v1/exports/${data.id}`);
  return data;
}

/** Ends the work on an export, with files. */
async function done(id: string, files: readonly ExportedFile[]): Promise<void> {
  await work().plan(id, [{ table: 'bars', exchange: 'XNAS', interval: '1d', month: '2026-01' }]);
  const found = await work().work(id);
  if (!found) throw new Error('no export');
  expect(await work().advance(found, { unit: 1, listingAt: 0 }, files)).toBe(true);
  await work().finish(id, 500, new Date(noon), new Date(noon + 7 * 86_400_000));
}

it('is made for later, and says how far it is', async () => {
  const data = await made();
  expect(data).toMatchObject({
    ...{ status: 'waiting', symbols: ['AAPL'], exchange: null, intervals: ['1d', 'tick'], listings: 1 },
    ...{ from: '2026-01-01', to: '2026-06-30', use: 'internal', leftOut: [], parts: { done: 0, total: null } },
    ...{ rows: 0, files: 0, finishedAt: null, expiresAt: null },
  });
  expect(api.queue.take('exports')).toEqual([{ exportId: data.id }]);
  expect(await codeOf(await read(`/exports/${data.id}/files`))).toEqual([409, 'export_not_ready']);

  await done(data.id, [file]);
  const { data: one } = envelope(exportSchema).parse(await (await read(`/exports/${data.id}`)).json());
  expect(one).toMatchObject({
    ...{ status: 'succeeded', parts: { done: 1, total: 1 }, rows: 3, bytes: 599, files: 1 },
    expiresAt: '2026-11-27T15:00:00.000Z',
  });
  const listed = envelope(z.array(exportSchema)).parse(await (await read('/exports')).json());
  expect(listed.data.map(({ id }) => id)).toContain(data.id);
});

it('gives links to its files, page by page, the manifest first', async () => {
  const { id } = await made();
  await done(id, [file, { ...file, path: 'b', key: 'exports/x/b.parquet' }]);
  const first = envelope(z.array(exportLinkSchema)).parse(await (await read(`/exports/${id}/files?limit=1`)).json());
  expect(first.data).toEqual([
    {
      path: '_manifest.json',
      url: `https://bucket.invalid/exports/${id}/_manifest.json?signed`,
      bytes: null,
      sha256: null,
      rows: null,
    },
    { path: file.path, url: `https://bucket.invalid/${file.key}?signed`, bytes: 99, sha256: 'ab', rows: 3 },
  ]);
  const next = await read(`/exports/${id}/files?limit=1&cursor=${first.meta.nextCursor}`);
  const second = envelope(z.array(exportLinkSchema)).parse(await next.json());
  expect(second.data.map(({ path }) => path)).toEqual(['b']);
  expect(second.meta.nextCursor).toBeUndefined();

  api.time.now = noon + 8 * 86_400_000;
  const { data } = envelope(exportSchema).parse(await (await read(`/exports/${id}`)).json());
  expect(data.status).toBe('expired');
  expect(await codeOf(await read(`/exports/${id}/files`))).toEqual([409, 'export_not_ready']);
  api.time.now = noon;
});

it('is refused with a reason', async () => {
  api.queue.take('exports');
  const refused = async (differs: object) => codeOf(await post('/exports', { ...body, ...differs }));
  expect(await refused({ symbols: ['NOBODY'] })).toEqual([404, 'unknown_symbol']);
  expect(await refused({ exchange: 'XNAS' })).toEqual([400, 'invalid_request']);
  expect(await refused({ symbols: undefined, exchange: 'XNONE' })).toEqual([400, 'invalid_request']);
  expect(await refused({ to: '2026-11-21' })).toEqual([400, 'invalid_request']);
  expect(await refused({ from: '2026-07-01' })).toEqual([400, 'invalid_request']);
  expect(await refused({ intervals: ['2d'] })).toEqual([400, 'invalid_request']);
  await world.pool.query(
    `INSERT INTO listing (instrument_id, mic, currency, zone) SELECT (SELECT min(id) FROM instrument), 'XMANY', 'C' || i, 'UTC' FROM generate_series(1, 5001) i`,
  );
  expect(await refused({ symbols: undefined, exchange: 'XMANY' })).toEqual([422, 'export_too_large']);
  expect(await refused({ symbols: undefined })).toEqual([422, 'export_too_large']);
  expect(await codeOf(await read('/exports/0198a7c0-0000-5000-8000-000000000001'))).toEqual([404, 'unknown_export']);
  expect(api.queue.take('exports')).toEqual([]);
});

it('has what its key may see, says what it leaves out, and is for keys that may see as much', async () => {
  const byUse = new Map<KeyUse, string>();
  for (const use of ['internal', 'display', 'redistribute'] as const)
    byUse.set(use, await makeKey(world.pool, 'operate', null, use));
  const ask = (path: string, use: KeyUse, init: object = {}) => api.ask(path, { key: byUse.get(use) ?? '', ...init });
  const answer = await ask('/exports', 'display', { method: 'POST', json: body });
  const { data, warnings } = envelope(exportSchema).parse(await answer.json());
  expect(data.use).toBe('display');
  expect(data.leftOut).toContain('yahoo');
  expect(data.leftOut).not.toContain('coingecko');
  expect(warnings.map(({ code }) => code)).toEqual(['licence_forbids']);
  await done(data.id, [file]);

  const { data: ofAll } = envelope(exportSchema).parse(
    await (await ask('/exports', 'internal', { method: 'POST', json: body })).json(),
  );
  expect(ofAll.leftOut).toEqual([]);
  await done(ofAll.id, [file]);
  const seen = async (use: KeyUse) =>
    envelope(z.array(exportSchema))
      .parse(await (await ask('/exports', use)).json())
      .data.flatMap(({ id }) => ([data.id, ofAll.id].includes(id) ? id : []))
      .toSorted();
  expect(await seen('internal')).toEqual([data.id, ofAll.id].toSorted());
  expect(await seen('display')).toEqual([data.id]);
  expect(await seen('redistribute')).toEqual([]);
  for (const path of [`/exports/${ofAll.id}`, `/exports/${ofAll.id}/files`])
    expect(await codeOf(await ask(path, 'display'))).toEqual([403, 'licence_forbids']);
  expect(await codeOf(await ask(`/exports/${ofAll.id}`, 'display', { method: 'DELETE' }))).toEqual([
    403,
    'licence_forbids',
  ]);
  expect((await ask(`/exports/${data.id}/files`, 'internal')).status).toBe(200);
});

it('is not there when its message cannot be sent, and is made by the same request later', async () => {
  api.queue.take('exports');
  const broken = testApi(world.pool, { queue: { send: () => Promise.reject(new Error('no SQS')) } });
  const asked = { ...body, from: '2026-03-01' };
  const init = { method: 'POST', json: asked, key: keys.operate, headers: { 'idempotency-key': 'export-march' } };
  const listed = async () =>
    envelope(z.array(exportSchema))
      .parse(await (await read('/exports')).json())
      .data.filter(({ from }) => from === asked.from)
      .map(({ id }) => id);
  expect((await broken.ask('/exports', init)).status).toBe(500);
  expect(await listed()).toEqual([]);

  const { data } = envelope(exportSchema).parse(await (await api.ask('/exports', init)).json());
  expect(api.queue.take('exports')).toEqual([{ exportId: data.id }]);
  // Sent again while the first message waits: that one's export stays.
  expect((await broken.ask('/exports', init)).status).toBe(500);
  expect(await listed()).toEqual([data.id]);
});

it('stays when work on it has begun, although its request says that the message could not be sent', async () => {
  const begun: string[] = [];
  const send = async (_: string, [message]: readonly unknown[]) => {
    const { exportId } = z.object({ exportId: z.string() }).parse(message);
    await work().begin(exportId);
    begun.push(exportId);
    throw new Error('no answer of SQS');
  };
  const unsure = testApi(world.pool, { queue: { send } });
  expect((await unsure.ask('/exports', { method: 'POST', json: body, key: keys.operate })).status).toBe(500);
  expect((await work().work(begun[0] ?? ''))?.tries).toBe(1);
});

it('is cancelled, and withdrawn when it is done', async () => {
  const { id } = await made();
  const cancelled = await api.ask(`/exports/${id}`, { method: 'DELETE', key: keys.operate });
  expect(envelope(exportSchema).parse(await cancelled.json()).data.status).toBe('cancelled');
  expect(await work().work(id)).toBeNull();
  const { id: other } = await made({ ...body, from: '2026-02-01' });
  await done(other, [file]);
  await api.ask(`/exports/${other}`, { method: 'DELETE', key: keys.operate });
  expect(await codeOf(await read(`/exports/${other}/files`))).toEqual([409, 'export_not_ready']);
  const unknown = await api.ask(`/exports/0198a7c0-0000-5000-8000-000000000001`, {
    method: 'DELETE',
    key: keys.operate,
  });
  expect(await codeOf(unknown)).toEqual([404, 'unknown_export']);
});
