import { describe, expect, it } from 'vitest';
import { postgresOutcomeStore } from '../../core/adapters/postgres/sources/outcome-store.ts';
import { type BackfillView, backfillSchema } from '../../core/contracts/http/backfills.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { type Pipeline, runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL'], requestTimeoutMs: 400 } });
const all = async (sql: string) => (await world.pool.query(sql)).rows;
const ask = async (path: string, init: { method?: string; json?: unknown; headers?: Record<string, string> } = {}) =>
  world.api().ask(path, { key: (await world.keys()).operate, ...init });
const view = async (answer: Response): Promise<BackfillView> =>
  envelope(backfillSchema).parse(await answer.json()).data;
const order = { sourceId: 'yahoo', symbols: ['AAPL', 'BRK.B'], from: '2016-01-01', to: '2026-06-30' };
const start = async (json: Record<string, unknown> = order) => view(await ask('/backfills', { method: 'POST', json }));
const progress = async (id: string) => view(await ask(`/backfills/${id}`));
/** A tick that plans no run: only what waits is sent. */
const send = async ({ plan }: Pipeline) =>
  plan({ time: new Date().toISOString(), run: { sourceId: 'nobody', trigger: 'manual', requestId: 'x' } });
async function turn(stages: Pipeline) {
  await send(stages);
  await stages.scrape();
  await stages.monitor();
  await stages.ingest();
  await stages.monitor();
  await stages.judge();
}

describe('a backfill', () => {
  it('is answered at once, cut into ranges, and stores the bars of the past with its progress', async () => {
    const answer = await ask('/backfills', { method: 'POST', json: order });
    const accepted = await view(answer);
    expect([answer.status, answer.headers.get('location')]).toEqual([202, `/api/v1/backfills/${accepted.id}`]);
    expect(accepted).toMatchObject({
      status: 'planned',
      symbols: ['AAPL', 'BRK-B'],
      chunks: { total: 6, done: 0, failed: 0, running: 0, waiting: 6, cancelled: 0 },
      rows: 0,
      finishedAt: null,
    });
    expect(Date.parse(accepted.etaAt ?? '')).toBeGreaterThan(Date.now());
    const stages = world.pipeline();
    await turn(stages);
    const done = await progress(accepted.id);
    expect(done).toMatchObject({ status: 'succeeded', chunks: { done: 6, waiting: 0 }, etaAt: null });
    expect(done.rows).toBeGreaterThan(5_000);
    const [bars] = await all(
      `SELECT min(date)::text AS first, max(date)::text AS last, count(*)::int AS bars FROM bar`,
    );
    expect(bars?.first).toMatch(/^2016-01-0/);
    expect(bars?.bars).toBeGreaterThan(5_000);
    expect(await all(`SELECT trigger, status FROM run JOIN task ON run_id = id GROUP BY 1, 2`)).toEqual([
      { trigger: 'backfill', status: 'succeeded' },
    ]);
    expect((await ask('/backfills')).status).toBe(200);
  });

  it('says nothing of how the source is', async () => {
    await start();
    await turn(world.pipeline());
    expect(await all('SELECT status FROM source_health')).toEqual([{ status: 'unknown' }]);
  });

  it('asked for twice with the same key is one', async () => {
    const post = () => ask('/backfills', { method: 'POST', json: order, headers: { 'idempotency-key': 'once' } });
    const first = await view(await post());
    expect((await view(await post())).id).toBe(first.id);
    expect(await all('SELECT count(*)::int AS tasks FROM task')).toEqual([{ tasks: 6 }]);
  });

  it('leaves half of the minute to live runs, and goes on when there is quota again', async () => {
    const { id } = await start();
    await world.pool.query(
      `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at)
       SELECT 'yahoo', 'task', now(), now(), clock_timestamp() FROM generate_series(1, $1::int)`,
      [yahoo.quota.perMinute / 2],
    );
    const stages = world.pipeline();
    await turn(stages);
    expect(await progress(id)).toMatchObject({ status: 'planned', chunks: { waiting: 6, failed: 0 } });
    await stages.cycle(runNow('quotes'));
    expect(await all(`SELECT status FROM task WHERE NOT backfill`)).toEqual([{ status: 'succeeded' }]);
    // Not overdue while it waits, however long.
    const hourLater = new Date(Date.now() + 3_600_000);
    expect(await postgresOutcomeStore(world.pool).endOverdue(hourLater, hourLater)).toEqual([]);
    await world.pool.query(`UPDATE permit SET used_at = used_at - interval '2 minutes'`);
    await world.pool.query('UPDATE task SET waits_until = now()');
    await turn(stages);
    expect(await progress(id)).toMatchObject({ status: 'succeeded', chunks: { done: 6 } });
  });

  it('sends no more chunks at once than the minute has room for', async () => {
    await start({
      ...order,
      symbols: ['AAPL', 'MSFT', 'NVDA', 'AMZN', 'META', 'TSLA', 'JPM', 'V', 'KO', 'JNJ', 'XOM'],
    });
    const stages = world.pipeline();
    await send(stages);
    await send(stages);
    expect(stages.queue.take('scrape-yahoo')).toHaveLength(yahoo.quota.perMinute / 2);
    expect(await all(`SELECT status, count(*)::int AS n FROM task GROUP BY 1 ORDER BY 1`)).toEqual([
      { status: 'planned', n: 3 },
      { status: 'queued', n: 30 },
    ]);
  });

  it('asks again for a chunk that failed in passing, and loses no message that was lost', async () => {
    const { id } = await start({ ...order, symbols: ['AAPL'], from: '2024-01-01' });
    const stages = world.pipeline();
    world.upstreams.control.switch({ source: 'yahoo', fault: '500', on: true, kinds: ['chart'] });
    await turn(stages);
    expect(await progress(id)).toMatchObject({ status: 'planned', chunks: { waiting: 1, failed: 0 } });
    expect(await all('SELECT waits_until > now() AS later, attempt FROM task')).toEqual([{ later: true, attempt: 1 }]);
    world.upstreams.control.clear();
    await world.pool.query('UPDATE task SET waits_until = now()');
    await send(stages);
    stages.queue.take('scrape-yahoo');
    const later = new Date(Date.now() + 3_600_000);
    await postgresOutcomeStore(world.pool).endOverdue(later, later);
    await turn(stages);
    expect(await progress(id)).toMatchObject({ status: 'succeeded', chunks: { done: 1 } });
  });

  it('that is cancelled asks for nothing more and keeps what it has', async () => {
    const { id } = await start();
    const stages = world.pipeline();
    await send(stages);
    await world.pool.query(`UPDATE task SET status = 'planned', queued_at = NULL WHERE part >= 2`);
    await stages.scrape();
    await stages.ingest();
    const cancelled = await view(await ask(`/backfills/${id}`, { method: 'DELETE' }));
    expect(cancelled).toMatchObject({ status: 'cancelled', chunks: { total: 6, cancelled: expect.any(Number) } });
    expect(cancelled.chunks.waiting).toBe(0);
    expect(cancelled.finishedAt).not.toBeNull();
    expect((await send(stages)).sent).toBe(0);
    expect((await ask(`/backfills/${id}`, { method: 'DELETE' })).status).toBe(200);
  });

  it.each([
    [{ ...order, sourceId: 'coingecko' }, 422, 'not_backfillable'],
    [{ ...order, interval: '1m' }, 422, 'not_backfillable'],
    [{ ...order, sourceId: 'nope' }, 404, 'unknown_source'],
    [{ ...order, symbols: ['A B'] }, 400, 'invalid_symbol'],
    [{ ...order, from: '2026-06-30' }, 400, 'invalid_request'],
    [{ ...order, from: '1776-07-04' }, 400, 'invalid_request'],
    [{ ...order, to: '2999-01-01' }, 400, 'invalid_request'],
    [
      { ...order, interval: '1h', from: '1900-01-01', symbols: Array.from({ length: 30 }, (_, n) => `S${n}`) },
      400,
      'invalid_request',
    ],
    [{ ...order, symbols: [] }, 400, 'invalid_request'],
  ])('refuses %j', async (json, status, code) => {
    const answer = await ask('/backfills', { method: 'POST', json });
    expect([answer.status, await answer.json()]).toMatchObject([status, { code }]);
    expect(await all('SELECT 1 FROM run')).toEqual([]);
  });
});
