import { beforeAll, describe, expect, it } from 'vitest';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { breachesIn, breachesOf, type Kept } from '../support/invariants/expect-invariant.ts';
import { mutations } from '../support/invariants/mutations.ts';
import { storedRows } from '../support/invariants/stored-rows.ts';
import { runNow } from '../support/pipeline.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({
  sources: ['yahoo', 'coingecko', 'slickcharts'],
  browser: true,
  keepRows: true,
  pipeline: { symbols: ['AAPL', 'MSFT', 'BTC-USD', '^DJI'], requestTimeoutMs: 400 },
});

let kept: Kept;
let ids: { batch: string; slot: string };

/** Two sources on one listing, bars with actions, former versions of a quote and a constituent, a row in quarantine and a failed run. */
beforeAll(async () => {
  const { cycle, blobs, due } = world.pipeline({ browser: world.browser });
  const quotes = () => cycle(runNow('quotes'));
  await cycle({ time: new Date().toISOString() });
  const asOf = new Date(Date.now() + 1_000).toISOString();
  for (const price of [301, 302]) {
    world.fault({ source: 'yahoo', fault: 'price', symbol: 'AAPL', price, asOf, on: true });
    await quotes();
  }
  world.fault({ source: 'yahoo', fault: 'price', symbol: 'AAPL', on: false });
  world.fault({ source: 'slickcharts', fault: 'price', symbol: 'AAPL', price: 303, on: true });
  await cycle(runNow('constituents', new Date().toISOString(), 'slickcharts'));
  world.fault({ source: 'slickcharts', fault: 'price', symbol: 'AAPL', on: false });
  const later = new Date(Date.now() + 2_000).toISOString();
  world.fault({ source: 'yahoo', fault: 'price', symbol: 'MSFT', price: 50_000, asOf: later, on: true });
  world.fault({ source: 'yahoo', fault: 'drift', symbol: 'BTC-USD', on: true });
  await quotes();
  world.fault({ source: 'yahoo', fault: 'price', symbol: 'MSFT', on: false });
  world.fault({ source: 'yahoo', fault: 'drift', symbol: 'BTC-USD', on: false });
  for (const fault of ['500', '500']) {
    world.fault({ source: 'yahoo', fault, on: true });
    await quotes();
    world.fault({ source: 'yahoo', fault, on: false });
  }
  await quotes();
  const [newest] = await world.all(
    `SELECT max(q.batch_id)::text AS batch, min(b.id)::text AS slot FROM quote q
     JOIN batch b ON b.kind = 'quotes' AND b.run_id IN (SELECT id FROM run WHERE trigger = 'schedule')
     WHERE q.source = 'yahoo'`,
  );
  ids = { batch: String(newest?.['batch']), slot: String(newest?.['slot']) };
  kept = { blobs: blobs.blobs, due };
});

describe('the checker of the invariants', () => {
  it('is tried on a world in which constituents were replaced', async () => {
    const [revised] = await world.all(
      `SELECT data->>'revised' AS rows FROM outbox WHERE type = 'constituents.revised'`,
    );
    expect(Number(revised?.['rows'])).toBeGreaterThan(0);
  });

  it('finds nothing in a world that is in order', async () => {
    expect(await breachesOf(world.pool, kept)).toEqual([]);
  });

  it.each(mutations)('notices $name', async ({ sql }) => {
    const connection = await world.pool.connect();
    try {
      await connection.query('BEGIN');
      // No foreign key and no trigger may get in the way.
      await connection.query("SET LOCAL session_replication_role = 'replica'");
      const statement = sql.replaceAll(':batch', ids.batch).replaceAll(':slot', ids.slot);
      expect((await connection.query(statement)).rowCount).toBeGreaterThan(0);
      expect(await breachesIn(await storedRows(connection), kept)).not.toEqual([]);
    } finally {
      await connection.query('ROLLBACK');
      connection.release();
    }
  });

  it('notices a due slot that never got its run', async () => {
    const [run] = kept.due ?? [];
    if (!run) throw new Error('Nothing was due.');
    const slot = new Date(Date.parse(run.slot) - 60_000).toISOString();
    const due = [...(kept.due ?? []), { ...run, slot, id: runIdOf({ ...run, slot }) }];
    expect(await breachesOf(world.pool, { ...kept, due })).not.toEqual([]);
  });

  it('notices a blob lost', async () => {
    const [, ...others] = kept.blobs;
    expect(await breachesOf(world.pool, { ...kept, blobs: new Map(others) })).not.toEqual([]);
  });

  it('notices a blob that nobody read', async () => {
    const [[key, bytes] = ['', Buffer.alloc(0)]] = kept.blobs;
    const blobs = new Map([...kept.blobs, [key.replace('-1.json', '-2.json'), bytes]]);
    expect(await breachesOf(world.pool, { ...kept, blobs })).not.toEqual([]);
  });

  it('notices a blob that is cut short', async () => {
    const [[key, bytes] = ['', Buffer.alloc(0)]] = kept.blobs;
    const blobs = new Map([...kept.blobs, [key, bytes.subarray(0, 100)]]);
    expect(await breachesOf(world.pool, { ...kept, blobs })).not.toEqual([]);
  });
});
