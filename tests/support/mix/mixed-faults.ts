import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { signal } from '../../../localstack/processes.ts';
import { faultSchema } from '../../../localstack/upstreams/control.ts';
import type { Random } from '../random.ts';
import type { MixedWorld } from './mixed-world.ts';

/** A kind of fault. `inject` is over when the fault is, and gives how often it fired. */
export interface MixedFault {
  readonly name: string;
  readonly inject: (world: MixedWorld, random: Random) => Promise<number>;
}

/** How long a fault lasts that lasts at all. */
const someSeconds = (random: Random) => random.between(2_000, 5_000);

const upstreamFaults = [
  { fault: '429', retryAfterSeconds: 2 },
  { fault: '403' },
  { fault: '500' },
  { fault: 'odd' },
  { fault: 'slow', delayMs: 800 },
  { fault: 'hang' },
  { fault: 'malformed' },
  { fault: 'drift' },
  { fault: 'expired' },
  { fault: 'consent' },
  { fault: 'echo' },
  { fault: 'unit', symbol: 'MSFT' },
  { fault: 'stale', symbol: 'NVDA' },
];

/** All kinds. Each lasts a few seconds at the most, so that a mix of two minutes has each once. */
export const mixedFaults: readonly MixedFault[] = [
  { name: 'containers killed at work', inject: (world, random) => atWork(() => world.containers.killOne(random), 3) },
  {
    name: 'containers asleep past their time',
    inject: (world, random) => atWork(() => world.containers.sleepOne(random, random.between(8_000, 12_000)), 2),
  },
  {
    name: 'connections of the database reset',
    async inject({ proxy }, random) {
      let cut = 0;
      for (let time = 0; time < 15; time++) {
        cut += proxy.reset();
        await sleep(random.between(50, 250));
      }
      return cut;
    },
  },
  {
    name: 'new connections refused',
    async inject({ proxy }, random) {
      const { refused } = proxy.counts;
      proxy.refuse(true);
      proxy.reset();
      await sleep(someSeconds(random));
      proxy.refuse(false);
      return proxy.counts.refused - refused;
    },
  },
  {
    name: 'connections cut at their commit',
    async inject({ proxy }, random) {
      const { cut } = proxy.counts;
      const when = random.chance(0.5) ? 'before' : 'after';
      proxy.cutAt({ statement: 'COMMIT', when, which: (count) => count % 3 === 0 });
      await sleep(someSeconds(random));
      proxy.cutAt(null);
      return proxy.counts.cut - cut;
    },
  },
  {
    name: 'a network that drops everything',
    async inject({ proxy }, random) {
      const { swallowed } = proxy.counts;
      proxy.blackHole(true);
      await sleep(someSeconds(random));
      proxy.blackHole(false);
      proxy.reset();
      return proxy.counts.swallowed - swallowed;
    },
  },
  {
    name: 'containers that vanish in their transactions',
    async inject(world) {
      let inTransaction = 0;
      for (let time = 0; time < 300 && inTransaction === 0; time++) {
        await sleep(50);
        inTransaction = await countOf(
          world,
          `SELECT count(*) AS n FROM pg_stat_activity
           WHERE application_name = 'quotron' AND usename <> current_user AND xact_start IS NOT NULL`,
        );
      }
      if (inTransaction > 0) world.proxy.vanish();
      return inTransaction;
    },
  },
  {
    name: 'a slow network',
    async inject({ proxy }, random) {
      const { delayed } = proxy.counts;
      proxy.latency({ ms: 2_000, jitterMs: 1_000 });
      await sleep(someSeconds(random));
      proxy.latency(null);
      return proxy.counts.delayed - delayed;
    },
  },
  {
    name: 'connections terminated by the server',
    async inject(world) {
      let ended = 0;
      for (let time = 0; time < 5; time++) {
        ended += await countOf(
          world,
          `SELECT count(*) AS n FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'quotron' AND usename <> current_user) AS ended`,
        );
        await sleep(400);
      }
      return ended;
    },
  },
  {
    name: 'a process of Postgres killed',
    async inject(world) {
      const rows = await world.rows(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'quotron' AND usename <> current_user LIMIT 1`,
      );
      for (const { pid } of rows) signal(Number(pid), 'SIGKILL');
      // The server notices, ends all others, and recovers.
      await sleep(1_000);
      await world.rows('SELECT 1');
      return rows.length;
    },
  },
  {
    name: 'Postgres killed and started again',
    async inject(world) {
      await world.killDatabase();
      return 1;
    },
  },
  {
    name: 'a table locked',
    inject: (world, random) =>
      withOwnClient(world, async (client) => {
        const table = random.pick(['latest_quote', 'task', 'batch', 'run']) ?? 'task';
        await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
        // Until somebody has waited for a while.
        let waiting = 0;
        for (let time = 0; time < 20 && (time < 3 || waiting === 0); time++) {
          await sleep(1_000);
          waiting += await countOf(world, 'SELECT count(*) AS n FROM pg_locks WHERE NOT granted');
        }
        await client.query('ROLLBACK');
        return waiting;
      }),
  },
  {
    name: 'no connection left',
    async inject(world, random) {
      const taken: pg.Client[] = [];
      world.proxy.reset();
      for (;;) {
        const client = new pg.Client({ connectionString: world.database.urls.app });
        client.on('error', () => undefined);
        const failed = await client.connect().then(
          () => null,
          (error: unknown) => error,
        );
        if (failed !== null) break;
        taken.push(client);
      }
      // What asks for a connection now gets none.
      const { accepted } = world.proxy.counts;
      await sleep(someSeconds(random));
      const refused = world.proxy.counts.accepted - accepted;
      await Promise.all(taken.map((client) => client.end().catch(() => undefined)));
      return refused;
    },
  },
  {
    name: 'messages three times at once',
    async inject({ queues }, random) {
      const { repeated } = queues.counts;
      queues.repeat(true);
      await sleep(someSeconds(random));
      queues.repeat(false);
      return queues.counts.repeated - repeated;
    },
  },
  { name: 'former messages again, shuffled', inject: async ({ queues }) => queues.sendAgain(60) },
  {
    name: 'messages much later than others',
    async inject({ queues }, random) {
      const { delayed } = queues.counts;
      queues.delay(true);
      await sleep(someSeconds(random));
      queues.delay(false);
      return queues.counts.delayed - delayed;
    },
  },
  {
    name: 'poisoned messages',
    async inject({ queues }) {
      for (let time = 0; time < 5; time++) queues.sendPoison();
      return 5;
    },
  },
  {
    name: 'messages lost',
    async inject({ queues }) {
      let lost = 0;
      for (let time = 0; time < 100 && lost < 3; time++) {
        if (queues.lose()) lost++;
        await sleep(100);
      }
      return lost;
    },
  },
  {
    name: 'ticks twice, of an hour ago, and of in three days',
    async inject({ containers }) {
      const tickAt = (ms: number) => ({ time: new Date(Date.now() + ms).toISOString() });
      const former = tickAt(0);
      const ticks = [former, former, tickAt(-3_600_000), tickAt(3 * 86_400_000)];
      const both = ticks.flatMap((tick) => [containers.invoke('schedule', tick), containers.invoke('monitor', tick)]);
      const ended = await Promise.allSettled(both);
      return ended.filter(({ status }) => status === 'fulfilled').length;
    },
  },
  {
    name: 'dead letters sent back twice',
    async inject({ queues }) {
      let buried = 0;
      for (let time = 0; time < 100 && buried < 2; time++) {
        if (queues.bury()) buried++;
        await sleep(100);
      }
      queues.sendAgain(10);
      return queues.redrive(2);
    },
  },
  {
    name: 'S3 and SQS failing',
    async inject({ trouble }, random) {
      const { failed } = trouble;
      trouble.fails = 0.3;
      await sleep(someSeconds(random) * 2);
      trouble.fails = 0;
      return trouble.failed - failed;
    },
  },
  {
    name: 'S3 and SQS slow',
    async inject({ trouble }, random) {
      const { slowed } = trouble;
      trouble.slowMs = 1_500;
      await sleep(someSeconds(random));
      trouble.slowMs = 0;
      return trouble.slowed - slowed;
    },
  },
  {
    name: 'a source in trouble',
    async inject({ upstreams }, random) {
      let met = 0;
      for (const chosen of random.shuffled(upstreamFaults).slice(0, 3)) {
        const fault = faultSchema.parse({ source: 'yahoo', ...chosen, on: true });
        const before = upstreams.control.hits('yahoo', fault.fault);
        upstreams.control.switch(fault);
        await sleep(someSeconds(random));
        upstreams.control.switch({ ...fault, on: false });
        met += upstreams.control.hits('yahoo', fault.fault) - before;
      }
      return met;
    },
  },
  {
    name: 'another price of the same market time, and back',
    async inject({ upstreams }, random) {
      const asOf = new Date().toISOString();
      const before = upstreams.control.hits('yahoo', 'price');
      for (const price of [300, 300.5, 300]) {
        const fault = { source: 'yahoo', fault: 'price', symbol: 'AAPL', price, asOf };
        upstreams.control.switch(faultSchema.parse({ ...fault, on: true }));
        await sleep(someSeconds(random));
      }
      upstreams.control.switch(faultSchema.parse({ source: 'yahoo', fault: 'price', symbol: 'AAPL', on: false }));
      return upstreams.control.hits('yahoo', 'price') - before;
    },
  },
];

/** Does something to containers at work, some times; each waits until one works. */
async function atWork(strike: () => string | null, times: number): Promise<number> {
  let fired = 0;
  const until = Date.now() + 15_000;
  while (fired < times && Date.now() < until) {
    if (strike() !== null) fired++;
    await sleep(fired < times ? 150 : 0);
  }
  return fired;
}

async function countOf(world: MixedWorld, text: string): Promise<number> {
  const [row] = await world.rows(text);
  return Number(row?.['n'] ?? 0);
}

async function withOwnClient(world: MixedWorld, work: (client: pg.Client) => Promise<number>): Promise<number> {
  await world.rows('SELECT 1');
  const client = new pg.Client({ connectionString: world.database.url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
