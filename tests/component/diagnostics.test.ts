import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  diagnosisAcceptedSchema,
  diagnosisItemSchema,
  diagnosisViewSchema,
} from '../../core/contracts/http/diagnostics.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { type Keys, makeKeys, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 2, keepRows: true });
let keys: Keys;

beforeAll(async () => {
  keys = await makeKeys(world.pool);
}, 60_000);
beforeEach(() => world.pool.query('TRUNCATE diagnosis'));

async function dataOf<S extends z.ZodType>(answer: Response, schema: S) {
  return envelope(schema).parse(await answer.json());
}

async function made(api: ReturnType<typeof testApi>): Promise<string> {
  const answer = await api.ask('/diagnostics', { method: 'POST', key: keys.operate });
  const { data } = await dataOf(answer, diagnosisAcceptedSchema);
  expect([answer.status, answer.headers.get('location')]).toEqual([202, `/api/v1/diagnostics/${data.id}`]);
  return data.id;
}

describe('POST /diagnostics', () => {
  it('needs scope operate, and answers when the report is there', async () => {
    const api = testApi(world.pool);
    expect((await api.ask('/diagnostics', { method: 'POST', key: keys.read })).status).toBe(403);
    const id = await made(api);
    const report = await api.ask(`/diagnostics/${id}`, { key: keys.read });
    expect(report.status).toBe(200);
  });

  it('is made without the queues where they cannot be asked, and that is logged', async () => {
    const inspector = {
      counts: () => Promise.reject(new Error('no SQS')),
      peek: async () => [],
      redrive: async () => 0,
    };
    const api = testApi(world.pool, { inspector });
    await made(api);
    expect(api.logged).toEqual([new Error('no SQS')]);
  });

  it('asks for a summary where a model is configured, and is made also when that cannot be asked for', async () => {
    const api = testApi(world.pool, { summaries: true });
    const id = await made(api);
    expect(api.queue.take('summaries')).toEqual([{ diagnosisId: id }]);
    const broken = testApi(world.pool, { summaries: true, queue: { send: () => Promise.reject(new Error('no SQS')) } });
    await made(broken);
    expect(broken.logged).toHaveLength(1);
    const off = testApi(world.pool);
    await made(off);
    expect(off.queue.take('summaries')).toEqual([]);
  });
});

describe('GET /diagnostics/{id}', () => {
  it('is Markdown by the name of the report, unless JSON is asked for', async () => {
    const api = testApi(world.pool);
    const id = await made(api);
    const read = (accept?: string) =>
      api.ask(`/diagnostics/${id}`, { key: keys.read, ...(accept === undefined ? {} : { headers: { accept } }) });
    for (const accept of [undefined, '*/*', 'text/markdown', 'text/*', 'text/markdown, application/json']) {
      const answer = await read(accept);
      expect(answer.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
      expect(answer.headers.get('content-disposition')).toBe('attachment; filename="diagnostics_report.md"');
      expect(await answer.text()).toMatch(/^# Diagnostics report\n/);
    }
    for (const accept of ['application/json', 'application/json, text/markdown;q=0.5']) {
      const { data } = await dataOf(await read(accept), diagnosisViewSchema);
      expect(data).toMatchObject({ id, status: 'done', summary: null, changes: null });
    }
  });

  it('shows a summary with the model that wrote it', async () => {
    const api = testApi(world.pool);
    const id = await made(api);
    await world.pool.query('UPDATE diagnosis SET summary = $2, summary_model = $3 WHERE id = $1', [
      id,
      'All is well.',
      'm-1',
    ]);
    const text = await (await api.ask(`/diagnostics/${id}`, { key: keys.read })).text();
    expect(text).toContain('Written by the model `m-1`');
    const json = await api.ask(`/diagnostics/${id}`, { key: keys.read, headers: { accept: 'application/json' } });
    expect((await dataOf(json, diagnosisViewSchema)).data.summary).toEqual({ model: 'm-1', text: 'All is well.' });
  });

  it('is a 404 for an id that nobody gave', async () => {
    const answer = await testApi(world.pool).ask(`/diagnostics/${randomUUID()}`, { key: keys.read });
    expect([answer.status, await answer.json()]).toEqual([404, expect.objectContaining({ code: 'unknown_diagnosis' })]);
  });
});

describe('GET /diagnostics', () => {
  it('lists reports page by page, the newest first', async () => {
    const api = testApi(world.pool);
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      api.time.now += 60_000;
      ids.unshift(await made(api));
    }
    const list = async (query: string) =>
      dataOf(await api.ask(`/diagnostics?${query}`, { key: keys.read }), z.array(diagnosisItemSchema));
    const first = await list('limit=2');
    expect(first.data.map(({ id }) => id)).toEqual(ids.slice(0, 2));
    const second = await list(`limit=2&cursor=${first.meta.nextCursor}`);
    expect(second.data.map(({ id }) => id)).toEqual(ids.slice(2));
    expect(second.meta.nextCursor).toBeUndefined();
  });
});
