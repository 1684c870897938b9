import { describe, expect, it } from 'vitest';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const symbols = ['AAPL', 'MSFT', 'VOD.L', 'BTC-USD'];
const world = useWorld({ sources: ['yahoo'], pipeline: { symbols, requestTimeoutMs: 400 } });
const all = async (sql: string) => (await world.pool.query(sql)).rows;
const latest = () =>
  all(
    `SELECT a.symbol, q.price, q.currency FROM latest_quote q JOIN symbol_alias a USING (listing_id) WHERE a.namespace = 'canonical' ORDER BY 1`,
  );
const health = async () =>
  (await all('SELECT status, reason, failure_reason, failure_message, last_success_at FROM source_health'))[0];

describe('one price all the way', () => {
  it('is asked for with a session, kept raw, and stored with where it came from', async () => {
    const stages = world.pipeline();
    const { cycle, blobs } = stages;
    const [runId] = await cycle(runNow('quotes'));
    const prices = await latest();
    expect(prices.map((row) => [row.symbol, row.currency])).toEqual([
      ['AAPL', 'USD'],
      ['BTC-USD', 'USD'],
      ['MSFT', 'USD'],
      ['VOD.L', 'GBP'],
    ]);
    expect(await all('SELECT status, accepted, rejected, attempt FROM task')).toEqual([
      { status: 'succeeded', accepted: 4, rejected: 0, attempt: 1 },
    ]);
    expect(await health()).toMatchObject({ status: 'healthy', reason: null });
    const [row] = await all(
      `SELECT b.run_id, b.part, b.attempt, b.blob_key, b.parser_version FROM quote q JOIN batch b ON b.id = q.batch_id LIMIT 1`,
    );
    expect(row).toMatchObject({ run_id: runId, part: 0, attempt: 1, parser_version: 'yahoo-4' });
    expect(blobs.blobs.has(row?.blob_key)).toBe(true);
    expect(await all('SELECT type FROM outbox')).not.toEqual([]);
    await world.invariant(stages);
  });

  it('uses one session for many runs', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    await cycle(runNow('quotes'));
    expect(world.upstreams.control.requests(false)['yahoo']).toMatchObject({ quote: 2, crumb: 1 });
  });

  it('stores daily bars with dates of the exchange, and splits and dividends', async () => {
    const stages = world.pipeline();
    const { cycle } = stages;
    await cycle(runNow('daily-bars'));
    const bars = await all(
      `SELECT a.symbol, count(*)::int AS bars, count(date)::int AS dated, min(basis) AS basis FROM bar JOIN symbol_alias a USING (listing_id) WHERE namespace = 'canonical' GROUP BY 1 ORDER BY 1`,
    );
    expect(bars.map((row) => row.symbol)).toEqual([...symbols].sort());
    for (const row of bars) {
      expect(row.bars).toBeGreaterThan(200);
      expect(row).toMatchObject({ dated: row.bars, basis: 'splits' });
    }
    await world.invariant(stages);
  });

  it('leaves no credential in a blob, though the source echoes it', async () => {
    const { cycle, blobs } = world.pipeline();
    await cycle(runNow('quotes'));
    world.upstreams.control.switch({ source: 'yahoo', fault: 'echo', on: true });
    await cycle(runNow('quotes'));
    for (const key of blobs.blobs.keys()) {
      const text = JSON.stringify(await blobs.get(key));
      expect(text).toContain('[redacted]');
      expect(text).not.toMatch(/A[13]S?=d=/);
    }
  });
});

describe('a fault', () => {
  it('a consent that Europe wants is given, and the run succeeds', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    world.upstreams.control.switch({ source: 'yahoo', fault: 'consent', on: true });
    await cycle(runNow('quotes'));
    expect(await all('SELECT status FROM task')).toEqual([{ status: 'succeeded' }, { status: 'succeeded' }]);
    expect(world.upstreams.control.requests(false)['yahoo']).toMatchObject({ crumb: 2 });
  });

  it('a failure in passing costs a second request and nothing else', async () => {
    const stages = world.pipeline();
    const { cycle } = stages;
    world.upstreams.control.switch({ source: 'yahoo', fault: '500', on: true, kinds: ['quote'], times: 1 });
    await cycle(runNow('quotes'));
    expect(await all('SELECT status, accepted FROM task')).toEqual([{ status: 'succeeded', accepted: 4 }]);
    expect(world.upstreams.control.requests(false)['yahoo']).toMatchObject({ quote: 2 });
    expect(await all('SELECT requests FROM task_attempt')).toEqual([{ requests: 2 }]);
    await world.invariant(stages);
  });

  it('a source that says when to come back is not asked before [fault 32]', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    world.upstreams.control.switch({ source: 'yahoo', fault: '429', on: true, times: 1, retryAfterSeconds: 120 });
    await cycle(runNow('quotes'));
    world.upstreams.control.requests(true);
    await cycle(runNow('quotes'));
    await cycle(runNow('daily-bars'));
    expect(world.upstreams.control.requests(false)).toEqual({});
    const waiting = await all(
      `SELECT status, waits_until > now() + interval '100 seconds' AS long FROM task WHERE finished_at IS NULL`,
    );
    expect(waiting).toEqual([
      { status: 'queued', long: true },
      { status: 'queued', long: true },
    ]);
    await world.pool.query('UPDATE source_state SET held_until = NULL');
    await cycle(runNow('quotes'));
    expect(await all('SELECT 1 FROM task WHERE finished_at IS NULL')).toEqual([]);
  });

  it('wrong units are stored with a finding, and not served', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    // A first price is provisional, and blocks none: the second one settles it.
    await cycle(runNow('quotes'));
    const [before] = await all(
      `SELECT q.price::float8 AS price FROM latest_quote q JOIN symbol_alias a USING (listing_id)
       WHERE a.namespace = 'yahoo' AND a.symbol = 'AAPL'`,
    );
    const price = Number(before?.['price']) * 100;
    // Market times are whole seconds: this is another one.
    const asOf = new Date(Date.now() + 2_000).toISOString();
    world.upstreams.control.switch({ source: 'yahoo', fault: 'price', on: true, symbol: 'AAPL', price, asOf });
    await cycle(runNow('quotes'));
    expect(await all('SELECT symbol, reason FROM quarantine')).toEqual([]);
    expect(
      await all(
        `SELECT a.symbol, f.rule, f.severity, f.status FROM finding f
         JOIN symbol_alias a ON a.listing_id = f.listing_id AND a.namespace = f.source WHERE f.kind = 'quote'`,
      ),
    ).toEqual([{ symbol: 'AAPL', rule: 'unit', severity: 'wrong', status: 'open' }]);
    expect(await all(`SELECT accepted, rejected FROM task ORDER BY finished_at DESC LIMIT 1`)).toEqual([
      { accepted: 3, rejected: 1 },
    ]);
  });

  it('an expired session is renewed once, and the run succeeds', async () => {
    const { cycle } = world.pipeline();
    await cycle(runNow('quotes'));
    world.upstreams.control.switch({ source: 'yahoo', fault: 'expired', on: true, times: 1 });
    await cycle(runNow('quotes'));
    expect((await all('SELECT status FROM task ORDER BY finished_at DESC LIMIT 1'))[0]).toEqual({
      status: 'succeeded',
    });
    expect(world.upstreams.control.requests(false)['yahoo']).toMatchObject({ crumb: 2 });
  });
});

it('the same key with another price makes a revision', async () => {
  const { cycle } = world.pipeline();
  const asOf = new Date(Date.now() - 60_000).toISOString();
  const price = async (value: number) => {
    world.upstreams.control.switch({ source: 'yahoo', fault: 'price', on: true, symbol: 'AAPL', price: value, asOf });
    await cycle(runNow('quotes'));
  };
  await price(244.6);
  await price(244.6);
  expect(await all('SELECT * FROM quote_revision')).toEqual([]);
  await price(244.9);
  expect(await all('SELECT price FROM quote_revision')).toEqual([{ price: '244.6' }]);
  expect((await latest())[0]).toMatchObject({ symbol: 'AAPL', price: '244.9' });
});
