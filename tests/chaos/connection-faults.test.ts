import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createPool, inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { timeLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { type LoadOptions, type QueuedLoad, queueLoad, quickLimits } from '../support/load-through-queue.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/* What breaks between the functions and Postgres while ingest reads. The TCP proxy breaks it. */

let database: TestDatabase;
let pool: Pool;
let proxy: TcpProxy;
let url: string;
const loads: QueuedLoad[] = [];
beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
});
afterAll(() => database.stop());
beforeEach(async () => {
  await emptyDatabase(pool);
  proxy = await startTcpProxy(database.url);
  url = proxy.through(database.url);
});
afterEach(async () => {
  for (const load of loads.splice(0)) await load.stop();
  await proxy.close();
});

async function newLoad(options: LoadOptions): Promise<QueuedLoad> {
  const load = await queueLoad(pool, options);
  loads.push(load);
  return load;
}

/** Reads, and does something every so often until it has fired enough, or all is read. */
async function readWhile(
  load: QueuedLoad,
  everyMs: number,
  fired: () => boolean,
  fault: () => void | Promise<void>,
): Promise<void> {
  const reading = load.read(url);
  const faults = async () => {
    while (load.queue.size > 0 && !fired()) {
      await sleep(everyMs);
      await fault();
    }
    proxy.refuse(false);
  };
  await Promise.all([reading, faults()]);
}

describe('a connection that is cut', () => {
  it('before its COMMIT has stored nothing, and the blob is read again [fault 3]', async () => {
    const load = await newLoad({ ticks: 12, containers: 4 });
    proxy.cutAt({ statement: 'COMMIT', when: 'before', which: (count) => count % 3 === 0 });
    await load.read(url);
    expect(proxy.counts.cut).toBeGreaterThan(10);
    expect(load.counts.held).toBeGreaterThanOrEqual(proxy.counts.cut);
    await load.expectStored();
  });

  it('after its COMMIT, before the answer, has stored all, and the repeat finds it [fault 4]', async () => {
    const load = await newLoad({ ticks: 12, containers: 4 });
    proxy.cutAt({ statement: 'COMMIT', when: 'after', which: (count) => count % 3 === 0 });
    await load.read(url);
    expect(proxy.counts.cut).toBeGreaterThan(10);
    // Each blob was read by somebody, and those whose answer was cut once more.
    expect(load.counts.receives).toBeGreaterThan(load.load.length);
    await load.expectStored();
  });

  it('by a reset, with new ones refused half of the time, costs no message a try [fault 9]', async () => {
    const load = await newLoad({ ticks: 30, containers: 4 });
    const fired = () => proxy.counts.cut >= 8 && proxy.counts.refused >= 4;
    let turn = 0;
    await readWhile(load, 50, fired, () => {
      proxy.reset();
      proxy.refuse(turn++ % 2 === 0);
    });
    expect(fired()).toBe(true);
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });

  it('by the server, which ends all backends again and again, is replaced [fault 8]', async () => {
    const load = await newLoad({ ticks: 30, containers: 4 });
    const admin = database.pool(1);
    let ended = 0;
    await readWhile(
      load,
      100,
      () => ended >= 8,
      async () => {
        const { rows } = await admin.query<{ ended: number }>(
          `SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int AS ended FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'`,
        );
        ended += rows[0]?.ended ?? 0;
      },
    );
    expect(ended).toBeGreaterThanOrEqual(8);
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });
});

describe('a network that is silent', () => {
  it('ends each call by its own limit, and all is read once it is over [fault 10]', async () => {
    const load = await newLoad({ ticks: 15, containers: 4 });
    const reading = load.read(url);
    await expect.poll(() => load.counts.done, { interval: 5 }).toBeGreaterThan(4);
    proxy.blackHole(true);
    await expect.poll(() => proxy.counts.swallowed, { timeout: 10_000 }).toBeGreaterThan(3);
    // Nobody hangs: within their limits all containers have given their messages back.
    await expect.poll(() => load.counts.held, { timeout: 20_000 }).toBeGreaterThan(3);
    proxy.blackHole(false);
    await reading;
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });

  it('because a container vanished in its transaction holds nobody for longer than the limit of a silent one [fault 10]', async () => {
    const load = await newLoad({ ticks: 3, containers: 3 });
    // A container takes the turn of all these blobs and their latest rows, and then its host is gone.
    const vanished = createPool({ url }, 1, quickLimits);
    const lost = inTransaction(vanished, async (connection) => {
      await connection.query(`SELECT pg_advisory_xact_lock(hashtext('yahoo'), id) FROM listing`);
      await connection.query('LOCK TABLE latest_quote IN ACCESS EXCLUSIVE MODE');
      expect(proxy.vanish()).toBe(1);
      await sleep(10 * quickLimits.idleInTransaction);
    }).catch(() => undefined);
    await expect.poll(async () => (await idleInTransaction()) > 0).toBe(true);
    const started = performance.now();
    const direct = database.url;
    await load.read(direct);
    const took = performance.now() - started;
    expect(await idleInTransaction()).toBe(0);
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
    // 0.75 s here for 10 s in a function, and the rest is reading.
    expect(took).toBeLessThan(15_000);
    expect(timeLimits('ingest').idleInTransaction).toBeLessThan(15_000);
    await lost;
    await vanished.end();
  });

  const idleInTransaction = async () =>
    (
      await pool.query<{ count: number }>(
        "SELECT count(*)::int AS count FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()",
      )
    ).rows[0]?.count ?? 0;
});

describe('a network that is slow', () => {
  it('delays each packet by 2 s ± 1 s: open connections and new ones fail cleanly, without a storm, and all is read after [fault 11]', async () => {
    const containers = 4;
    const load = await newLoad({ ticks: 15, containers });
    const reading = load.read(url);
    await expect.poll(() => load.counts.done, { interval: 5, timeout: 20_000 }).toBeGreaterThan(4);
    const before = { accepted: proxy.counts.accepted, delayed: proxy.counts.delayed };
    proxy.latency({ ms: 2_000, jitterMs: 1_000 });
    const began = performance.now();
    await expect.poll(() => proxy.counts.delayed - before.delayed, { timeout: 20_000 }).toBeGreaterThan(10);
    // Both what was open and new connections are given up at their limits, and no message loses one of its tries.
    await expect.poll(() => load.counts.held, { timeout: 30_000 }).toBeGreaterThan(containers);
    const slowMs = performance.now() - began;
    // A packet takes a second at the least, and a login needs several: a connection is given up at its limit and not before,
    // and each container has one at a time.
    const most = containers * (slowMs / quickLimits.connect + 2);
    expect(proxy.counts.accepted - before.accepted).toBeLessThanOrEqual(most);
    expect(proxy.counts.accepted).toBeGreaterThan(before.accepted);
    proxy.latency(null);
    await reading;
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });

  it('in small slices only makes it slower [fault 11]', async () => {
    const load = await newLoad({ ticks: 3, containers: 3 });
    proxy.slice({ bytes: 256, everyMs: 1 });
    await load.read(url);
    expect(proxy.counts.delayed).toBeGreaterThan(10);
    await load.expectStored();
  });
});

describe('locks of others', () => {
  it.each(['latest_quote', 'quote', 'task', 'symbol_alias'])(
    'ACCESS EXCLUSIVE on %s holds the messages, and all is read once it is free [fault 13]',
    async (table) => {
      const load = await newLoad({ ticks: 4, containers: 3 });
      const blocker = await pool.connect();
      try {
        await blocker.query('BEGIN');
        await blocker.query(`LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
        const reading = load.read(url);
        await expect.poll(() => load.counts.held, { timeout: 20_000 }).toBeGreaterThan(0);
        // No row got in, whatever else did: one blob in ten is a refusal and has none.
        const stored = await pool.query('SELECT FROM batch WHERE accepted > 0');
        expect(stored.rowCount).toBe(0);
        await blocker.query('COMMIT');
        await reading;
      } finally {
        blocker.release(true);
      }
      expect(load.counts.failed).toBe(0);
      await load.expectStored();
    },
  );

  it('in the opposite order are a deadlock, which is tried again [fault 14]', async () => {
    const load = await newLoad({
      ticks: 12,
      containers: 4,
      limits: { ...quickLimits, lock: 10_000, statement: 15_000, query: 16_000 },
    });
    const deadlocks = async () =>
      Number(
        (
          await pool.query<{ deadlocks: string }>(
            'SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()',
          )
        ).rows[0]?.deadlocks,
      );
    const before = await deadlocks();
    const reading = load.read(url);
    let stop = false;
    const reversed = (async () => {
      while (!stop && load.queue.size > 0) {
        await inTransaction(pool, async (connection) => {
          // Postgres ends the one that waits for its deadlock_timeout first: the loader.
          await connection.query("SET LOCAL deadlock_timeout = '10s'");
          await connection.query('SELECT FROM latest_quote ORDER BY listing_id DESC LIMIT 1 FOR UPDATE');
          await sleep(20);
          await connection.query('SELECT FROM latest_quote ORDER BY listing_id FOR UPDATE');
        });
        if ((await deadlocks()) > before + 3) stop = true;
      }
    })();
    await Promise.all([reading, reversed]);
    await expect.poll(deadlocks, { timeout: 15_000 }).toBeGreaterThan(before);
    expect(load.counts.failed).toBe(0);
    await load.expectStored();
  });
});

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
