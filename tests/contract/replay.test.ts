import { afterEach, expect, it } from 'vitest';
import * as z from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { quarantineSchema } from '../../core/contracts/http/operations.ts';
import { type Pipeline, runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ sources: ['yahoo'], pipeline: { symbols: ['AAPL', 'MSFT'] } });
const all = async (sql: string) => (await world.pool.query(sql)).rows;
const open = () => all('SELECT symbol, reason FROM quarantine WHERE resolved_at IS NULL ORDER BY id');
const priceOf = async (symbol: string) =>
  (
    await all(
      `SELECT q.price FROM latest_quote q JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' AND a.symbol = '${symbol}'`,
    )
  )[0]?.price;

let started: Pipeline | undefined;
afterEach(async () => {
  if (started) await world.invariant(started);
  started = undefined;
});

/** The pipeline and an API that puts its messages into the same queues. */
function start() {
  const running = world.pipeline();
  started = running;
  const api = world.api({ queue: running.queue });
  const replay = async (body: unknown, headers: Record<string, string> = {}) => {
    const answer = await api.ask('/quarantine/replay', {
      method: 'POST',
      key: (await world.keys()).operate,
      json: body,
      headers,
    });
    return {
      status: answer.status,
      headers: answer.headers,
      body: z.record(z.string(), z.unknown()).parse(await answer.json()),
    };
  };
  return { ...api, ...running, replay };
}

/** A first price at a hundred times its own previous close: nothing tells which of them is right. */
async function undecided(running: ReturnType<typeof start>): Promise<number> {
  const price = 21_000;
  world.fault({ source: 'yahoo', fault: 'price', symbol: 'AAPL', on: true, price, asOf: new Date().toISOString() });
  await running.cycle(runNow('quotes'));
  return price;
}

it('reads the answer again and holds back again what still nothing tells, once', async () => {
  const running = start();
  await undecided(running);
  expect(await open()).toEqual([{ symbol: 'AAPL', reason: 'unit_suspect' }]);
  const { status, body, headers } = await running.replay({ sourceId: 'yahoo' });
  expect(status).toBe(202);
  expect(body['data']).toMatchObject({ status: 'queued', blobs: 1, rows: 1, more: false });
  await running.ingest();
  expect(await open()).toEqual([{ symbol: 'AAPL', reason: 'unit_suspect' }]);
  expect(await priceOf('AAPL')).toBeUndefined();
  const follow = await running.ask((headers.get('location') ?? '').replace('/api/v1', ''), {
    key: (await world.keys()).read,
  });
  const counts = { status: 'done', blobs: 1, read: 1, accepted: 1, rejected: 1, released: 0 };
  expect(await follow.json()).toMatchObject({ data: counts });
});

it('keeps when a row was first seen over replays, and brings no row back that a person discarded', async () => {
  const running = start();
  await undecided(running);
  const keys = await world.keys();
  const rows = async (state = 'open') => {
    const answer = await running.ask(`/quarantine?state=${state}`, { key: keys.read });
    return envelope(z.array(quarantineSchema)).parse(await answer.json()).data;
  };
  const [first] = await rows();
  expect(first).toMatchObject({ firstSeenAt: first?.at, finding: { code: 'price_ratio', to: 'previous_close' } });
  const previousClose = z.object({ previousClose: z.string() }).parse(first?.row).previousClose;
  expect(first?.finding).toMatchObject({ than: previousClose });
  expect(first?.row?.['asOf']).toMatch(/^\d{4}-\d\d-\d\dT/);
  await running.replay({ sourceId: 'yahoo' });
  await running.ingest();
  const [again] = await rows();
  expect(again?.id).not.toBe(first?.id);
  expect(again).toMatchObject({ firstSeenAt: first?.firstSeenAt, resolvedAt: null, discarded: null });

  const discard = async (body: unknown) =>
    running.ask('/quarantine/discard', { method: 'POST', key: keys.operate, json: body });
  expect((await discard({ ids: [again?.id] })).status).toBe(400);
  expect((await discard({ because: 'no rows named' })).status).toBe(400);
  const because = 'The source has corrected it.';
  const done = await discard({ ids: [again?.id], because });
  expect(await done.json()).toMatchObject({ data: { discarded: 1, more: false } });
  expect(await rows()).toEqual([]);
  expect(await rows('discarded')).toMatchObject([{ id: again?.id, discarded: { because } }]);
  expect(await (await discard({ ids: [again?.id], because: 'twice' })).json()).toMatchObject({
    data: { discarded: 0 },
  });

  // The whole run once more: its row fails the check as before, and is settled.
  const read = await running.ask(`/runs/${first?.runId}/replay`, { method: 'POST', key: keys.operate });
  expect(read.status).toBe(202);
  await running.ingest();
  expect(await rows()).toEqual([]);
  expect(await rows('discarded')).toHaveLength(1);
});

it('stores a price that a person vouches for, in whatever unit, and goes on from it', async () => {
  const running = start();
  const price = await undecided(running);
  const [{ id } = { id: '' }] = await all('SELECT id FROM quarantine WHERE resolved_at IS NULL');
  await running.replay({ ids: [id], believe: true });
  await running.ingest();
  expect(await open()).toEqual([]);
  expect(Number(await priceOf('AAPL'))).toBe(price);
});

it.each([
  ['unit', 100],
  ['edges', 4],
] as const)(
  'serves what the rule of %s calls wrong and a person vouches for by dismissing its finding, and goes on from it',
  async (rule, times) => {
    const running = start();
    await running.cycle(runNow('quotes'));
    await running.cycle(runNow('quotes'));
    const before = Number(await priceOf('AAPL'));
    // Market times are whole seconds: this is another one.
    const asOf = new Date(Date.now() + 2_000).toISOString();
    world.fault({ source: 'yahoo', fault: 'price', symbol: 'AAPL', on: true, price: before * times, asOf });
    await running.cycle(runNow('quotes'));
    expect(await open()).toEqual([]);
    expect(Number(await priceOf('AAPL'))).toBe(before);
    const found = await all("SELECT id, rule, severity FROM finding WHERE kind = 'quote' AND status = 'open'");
    expect(found).toMatchObject([{ rule, severity: 'wrong' }]);
    const answer = await running.ask(`/findings/${found[0]?.['id']}/dismiss`, {
      method: 'POST',
      key: (await world.keys()).operate,
    });
    expect(answer.status).toBe(200);
    expect(Number(await priceOf('AAPL')) / before / times).toBeCloseTo(1, 1);
    await running.cycle(runNow('quotes'));
    expect(await all("SELECT status FROM finding WHERE kind = 'quote'")).toEqual([{ status: 'dismissed' }]);
    expect(Number(await priceOf('AAPL')) / before / times).toBeCloseTo(1, 1);
  },
);

it('is one replay for one Idempotency-Key, however often it is asked for and delivered', async () => {
  const running = start();
  await undecided(running);
  const key = { 'idempotency-key': 'once' };
  const first = await running.replay({ sourceId: 'yahoo' }, key);
  const second = await running.replay({ sourceId: 'yahoo' }, key);
  expect(z.object({ id: z.string() }).parse(second.body['data']).id).toBe(
    z.object({ id: z.string() }).parse(first.body['data']).id,
  );
  const messages = running.queue.take('ingest');
  expect(messages).toHaveLength(2);
  await running.queue.send('ingest', messages);
  await running.ingest();
  expect(await all('SELECT blob_key FROM batch WHERE replay IS NOT NULL')).toHaveLength(1);
});

it('reads a whole run again, changes nothing that is stored, and says when there is nothing', async () => {
  const running = start();
  const [runId] = await running.cycle(runNow('quotes'));
  const before = await all('SELECT * FROM quote ORDER BY listing_id, as_of');
  const answer = await running.ask(`/runs/${runId}/replay`, { method: 'POST', key: (await world.keys()).operate });
  expect(answer.status).toBe(202);
  await running.ingest();
  expect(await all('SELECT * FROM quote ORDER BY listing_id, as_of')).toEqual(before);
  expect(await all('SELECT accepted, written FROM batch WHERE replay IS NOT NULL')).toEqual([
    { accepted: 2, written: 0 },
  ]);
  expect((await running.replay({ sourceId: 'coingecko' })).body).toMatchObject({
    code: 'nothing_to_replay',
    status: 404,
  });
  expect((await running.replay({})).body).toMatchObject({ code: 'invalid_request', status: 400 });
  const unknown = await running.ask(`/runs/${crypto.randomUUID()}/replay`, {
    method: 'POST',
    key: (await world.keys()).operate,
  });
  expect(await unknown.json()).toMatchObject({ code: 'unknown_run' });
});
