import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import {
  batchStatisticsSchema,
  runAcceptedSchema,
  runDetailSchema,
  runSchema,
} from '../../core/contracts/http/operations.ts';
import { tickSchema } from '../../core/contracts/messages.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { iso, json, makeBatch, makeRun } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, get, post, read } = useApi();

describe('run now', () => {
  it('sends a tick and tells the ids that the planner will make of it', async () => {
    const response = await post('/sources/yahoo/run', { job: 'quotes' }, { 'idempotency-key': 'again' });
    const { data, warnings } = envelope(runAcceptedSchema).parse(await response.json());
    const [tick] = api.queue.take('ticks').map((each) => tickSchema.parse(each));
    const slot = tick?.run?.requestId ?? '';
    const id = runIdOf({ sourceId: 'yahoo', job: 'quotes', trigger: 'manual', slot });
    expect([response.status, response.headers.get('location')]).toEqual([202, `/api/v1/runs/${id}`]);
    expect(data).toEqual({ id, status: 'planned', runs: [{ job: 'quotes', id }] });
    expect(warnings).toEqual([]);
    expect(tick).toEqual({
      time: iso(),
      run: { sourceId: 'yahoo', job: 'quotes', trigger: 'manual', requestId: slot },
    });
  });

  it('without a body is every job, and without an Idempotency-Key another run each time', async () => {
    const first = envelope(runAcceptedSchema).parse(await (await post('/sources/yahoo/run')).json());
    const second = envelope(runAcceptedSchema).parse(await (await post('/sources/yahoo/run', {})).json());
    expect(first.data.runs.map((run) => run.job)).toEqual(['quotes', 'daily-bars']);
    expect(first.data.id).not.toBe(second.data.id);
    const ticks = api.queue.take('ticks').map((tick) => tickSchema.parse(tick));
    expect(ticks[0]?.run?.job).toBeUndefined();
    expect(ticks[0]?.run?.requestId).not.toBe(ticks[1]?.run?.requestId);
  });

  it('refuses a job that the source does not have, and a key that cannot be one', async () => {
    expect((await post('/sources/yahoo/run', { job: 'nope' })).status).toBe(404);
    expect((await post('/sources/yahoo/run', {}, { 'idempotency-key': 'x'.repeat(129) })).status).toBe(400);
    expect(api.queue.take('ticks')).toEqual([]);
  });

  it('says so when the scrapers are stopped', async () => {
    await post('/services/scrapers/stop');
    const { warnings } = envelope(runAcceptedSchema).parse(await (await post('/sources/yahoo/run')).json());
    expect(warnings.map((warning) => warning.code)).toEqual(['service_stopped']);
    await post('/services/scrapers/start');
    api.queue.take('ticks');
  });

  it('at a run that is not there yet is a 404 worth trying again; a made-up id is not', async () => {
    const promised = runIdOf({ sourceId: 'yahoo', job: 'quotes', trigger: 'manual', slot: 'later' });
    expect(await json(await get(`/runs/${promised}`))).toMatchObject({ code: 'unknown_run', retryable: true });
    expect(await json(await get(`/runs/${randomUUID()}`))).toMatchObject({ code: 'unknown_run', retryable: false });
    expect((await get('/runs/7')).status).toBe(400);
  });
});

describe('runs', () => {
  it.each([
    ['planned', [], null],
    ['planned', [{ status: 'planned' }], null],
    ['running', [{ status: 'queued' }, { status: 'planned' }], null],
    ['running', [{ status: 'succeeded' }, { status: 'fetched' }], null],
    ['succeeded', [{ status: 'succeeded' }, { status: 'succeeded' }], null],
    ['partial', [{ status: 'succeeded' }, { status: 'failed', reason: 'down' }], 'down'],
    [
      'failed',
      [
        { status: 'failed', reason: 'down' },
        { status: 'failed', reason: 'timeout' },
        { status: 'failed', reason: 'timeout' },
      ],
      'timeout',
    ],
  ] as const)('are %s with the tasks %j', async (status, tasks, reason) => {
    const id = await makeRun(world.pool, { tasks: [...tasks] });
    const { data } = await read(runDetailSchema, `/runs/${id}`);
    expect(data).toMatchObject({ status, reason, tasks: tasks.length });
    expect(data.finishedAt === null).toBe(status === 'planned' || status === 'running');
  });

  it('are found as partial when two tasks end at once, one well and one not', async () => {
    const id = await makeRun(world.pool, {
      sourceId: 'at-once',
      tasks: [{ status: 'running' }, { status: 'running' }],
    });
    const [first, second] = [await world.pool.connect(), await world.pool.connect()];
    try {
      const end = (db: typeof first, part: number, status: string) =>
        db.query('UPDATE task SET status = $3, finished_at = now() WHERE run_id = $1 AND part = $2', [
          id,
          part,
          status,
        ]);
      await first.query('BEGIN');
      await second.query('BEGIN');
      await end(first, 0, 'failed');
      // Waits for the first one.
      const ended = end(second, 1, 'succeeded');
      await first.query('COMMIT');
      await ended;
      await second.query('COMMIT');
    } finally {
      first.release();
      second.release();
    }
    const partial = await read(z.array(runSchema), '/runs?sourceId=at-once&status=partial');
    expect(partial.data.map((run) => run.id)).toEqual([id]);
  });

  it('say which failure it was; of one that was stored before there were codes that it is unspecified', async () => {
    const id = await makeRun(world.pool, {
      tasks: [
        { status: 'failed', reason: 'down' },
        { status: 'failed', reason: 'down' },
      ],
    });
    await world.pool.query(
      `UPDATE task SET detail = '{"code": "http_status", "status": 503}' WHERE run_id = $1 AND part = 1`,
      [id],
    );
    const { data } = await read(runDetailSchema, `/runs/${id}`);
    expect(data.parts.map(({ detail }) => detail)).toEqual([
      { code: 'unspecified' },
      { code: 'http_status', status: 503 },
    ]);
  });

  it('come with parts and attempts', async () => {
    const id = await makeRun(world.pool, { tasks: [{ status: 'succeeded', accepted: 2 }] });
    await world.pool.query(
      `INSERT INTO task_attempt VALUES ($1, 0, 1, 'w', $2, $3, false, 'timeout', 'No answer in 10 s', NULL, 1, 10000.5),
                                       ($1, 0, 2, 'w', $3, $4, true, NULL, NULL, 'raw/yahoo/x', 1, 120)`,
      [id, iso(-50), iso(-40), iso(-30)],
    );
    await world.pool.query('UPDATE task SET queued_at = $2 WHERE run_id = $1', [id, iso(-55)]);
    const { data } = await read(runDetailSchema, `/runs/${id}`);
    expect(data.parts).toMatchObject([
      {
        part: 0,
        status: 'succeeded',
        symbols: ['AAPL', 'MSFT'],
        queuedAt: iso(-55),
        startedAt: iso(-50),
        fetchedAt: iso(-30),
        finishedAt: iso(-30),
        attempts: [
          { attempt: 1, ok: false, reason: 'timeout', detail: { code: 'unspecified' }, latencyMs: 10000.5 },
          { attempt: 2, ok: true, detail: null, blobKey: 'raw/yahoo/x' },
        ],
      },
    ]);
  });

  it('page, the latest due first, also those due at the same time, and filter', async () => {
    for (let turn = 0; turn < 3; turn++) await makeRun(world.pool, { sourceId: 'paged', dueAt: iso(-3600) });
    await makeRun(world.pool, { sourceId: 'paged', dueAt: iso(-7200), tasks: [{ status: 'failed', reason: 'down' }] });
    const seen: string[] = [];
    let cursor = '';
    for (let page = 0; page < 10; page++) {
      const { data, meta } = await read(z.array(runSchema), `/runs?sourceId=paged&limit=1${cursor}`);
      seen.push(...data.map((run) => run.id));
      if (!meta.nextCursor) break;
      cursor = `&cursor=${meta.nextCursor}`;
    }
    expect(new Set(seen).size).toBe(4);
    const failed = await read(z.array(runSchema), '/runs?sourceId=paged&status=failed');
    expect(failed.data.map((run) => run.id)).toEqual([seen[3]]);
    expect((await read(z.array(runSchema), '/runs?limit=200')).data.length).toBeGreaterThan(4);
    expect((await get('/runs?status=gone')).status).toBe(400);
    expect((await get('/runs?sourceId=%27')).status).toBe(400);
  });
});

describe('a batch', () => {
  it('has statistics by currency, with all digits', async () => {
    const id = await makeBatch(world.pool);
    expect((await read(z.array(batchStatisticsSchema), `/batches/${id}/statistics`)).data).toEqual([]);
    await world.pool.query(
      "INSERT INTO batch_statistics VALUES ($1, 'USD', 3, 1, 0.1, 0.1, 0.00000001, 5, 1, 1, 1, 12345678901234567890)",
      [id],
    );
    const text = await (await get(`/batches/${id}/statistics`)).text();
    expect(text).toContain('"min":0.00000001,');
    expect(text).toContain('"volume":12345678901234567890');
    expect((await get('/batches/999999/statistics')).status).toBe(404);
    expect((await get('/batches/99999999999999999999/statistics')).status).toBe(400);
  });
});
