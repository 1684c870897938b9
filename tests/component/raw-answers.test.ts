import { randomUUID } from 'node:crypto';
import { beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { bodyBytesHeader, rawAnswerSchema, shownBodyBytes } from '../../core/contracts/http/raw-answers.ts';
import { makeRun } from '../support/api-fixture.ts';
import { rawBlob } from '../support/raw-blob.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys } = useApi();
const page = '<script>alert(document.cookie)</script>';
let runId: string;

const ask = (path: string, key = keys.operate) => api.ask(path, { key });

beforeAll(async () => {
  runId = await makeRun(world.pool, { tasks: [{ status: 'succeeded' }, { status: 'succeeded' }] });
  const long = `${'a'.repeat(shownBodyBytes - 1)}€€€`;
  const none = { response: null, error: { code: 'timeout' as const, message: 'No answer.' } };
  await keep(0, [{ body: page, type: 'text/html' }, none]);
  await keep(1, [{ body: long }]);
}, 60_000);

async function keep(part: number, answers: Parameters<typeof rawBlob>[1]) {
  const key = `raw/yahoo/2026-11-20/${runId}/${part}-1.json.gz`;
  await world.pool.query('DELETE FROM task_attempt WHERE run_id = $1 AND part = $2', [runId, part]);
  await world.pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, blob_key) VALUES ($1, $2, 1, 'w', $3)`,
    [runId, part, key],
  );
  await api.blobs.put(key, rawBlob({ runId, sourceId: 'yahoo', part }, answers));
}

it('lists what was asked and what came, over all parts or of one', async () => {
  const list = async (query = '') =>
    envelope(z.array(rawAnswerSchema)).parse(await (await ask(`/runs/${runId}/answers${query}`)).json()).data;
  expect(await list()).toMatchObject([
    { n: 0, part: 0, attempt: 1, status: 200, contentType: 'text/html', bytes: page.length, error: null },
    { n: 1, part: 0, status: null, bytes: 0, error: 'timeout' },
    { n: 2, part: 1, status: 200, bytes: shownBodyBytes + 8 },
  ]);
  expect(await list('?part=1')).toMatchObject([{ n: 0, part: 1 }]);
});

it('gives a body as a file of text that no browser renders, whatever it is', async () => {
  const answer = await ask(`/runs/${runId}/answers/0`);
  expect([answer.status, await answer.text()]).toEqual([200, page]);
  const headers = Object.fromEntries(answer.headers);
  expect(headers).toMatchObject({
    'content-type': 'text/plain; charset=utf-8',
    'content-disposition': `attachment; filename="answer-${runId}-0.txt"`,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    [bodyBytesHeader]: String(page.length),
  });
  expect(headers['content-security-policy']).toContain('sandbox');
  expect(headers['content-security-policy']).toContain("default-src 'none'");
});

it('shows at most a megabyte, cut between characters, and says how long it is', async () => {
  const answer = await ask(`/runs/${runId}/answers/2`);
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(bytes.length).toBe(shownBodyBytes - 1);
  expect(answer.headers.get(bodyBytesHeader)).toBe(String(shownBodyBytes + 8));
});

it('is empty where no answer came', async () => {
  expect(await (await ask(`/runs/${runId}/answers/1`)).text()).toBe('');
});

it('is a 404 where there is none, a 400 for what is no number, and for operators only', async () => {
  expect((await ask(`/runs/${runId}/answers/3`)).status).toBe(404);
  expect((await ask(`/runs/${randomUUID()}/answers/0`)).status).toBe(404);
  for (const n of ['-1', 'x', '1.5']) expect((await ask(`/runs/${runId}/answers/${n}`)).status).toBe(400);
  for (const path of [`/runs/${runId}/answers`, `/runs/${runId}/answers/0`])
    expect((await ask(path, keys.read)).status).toBe(403);
});

it('a blob that is gone is a 404 that says so, and a run of many blobs is asked for part by part', async () => {
  const many = await makeRun(world.pool, {
    tasks: Array.from({ length: 26 }, () => ({ status: 'succeeded' as const })),
  });
  await world.pool.query('DELETE FROM task_attempt WHERE run_id = $1', [many]);
  await world.pool.query(
    `INSERT INTO task_attempt (run_id, part, attempt, worker, blob_key)
     SELECT $1::uuid, part, 1, 'w', 'raw/yahoo/2026-11-20/' || $1::uuid || '/' || part || '-1.json.gz' FROM generate_series(0, 25) part`,
    [many],
  );
  expect((await ask(`/runs/${many}/answers`)).status).toBe(400);
  const gone = await ask(`/runs/${many}/answers?part=3`);
  expect([gone.status, await gone.json()]).toMatchObject([404, { code: 'unknown_answer' }]);
});
