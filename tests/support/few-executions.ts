import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { alertingTypes } from '../../core/contracts/events/words.ts';
import { type FunctionName, insideFunctions } from '../../core/contracts/functions.ts';
import { ingestQueueName, mostReceives, scrapeQueueName, visibilitySeconds } from '../../core/contracts/queues.ts';
import { settingNames } from '../../core/contracts/settings.ts';
import { startDatabase } from '../../localstack/database.ts';
import { startUpstreams } from '../../localstack/upstreams/server.ts';
import { addChannel } from './alerts.ts';
import { startCloudDouble, ThrottledError } from './bundles/cloud-double.ts';
import { bundleTree } from './bundles/trees.ts';
import { apiSources, envOf, prepareDatabase } from './mix/bundled-service.ts';
import { containersOf } from './mix/containers.ts';
import { failedOf, type SimulatedQueue, simulatedQueue } from './simulated-queue.ts';
import { root } from './source-tree.ts';

const bundled = [
  ...(['schedule', 'scrape-api', 'ingest', 'monitor', 'recover', 'state'] as const),
  ...(['relay-events', 'evaluate-alerts', 'deliver-alerts', 'write-exports'] as const),
] satisfies readonly FunctionName[];
type Bundled = (typeof bundled)[number];

/** How often each queue is read at once: the least that SQS allows, as in `dev`. */
const readersAtOnce = 2;
/** A page takes so long; Chromium itself is left out. */
const pageMs = 1_000;
/** What the minute's tick starts. One that finds no execution is left out after a minute. */
const ticking = ['schedule', 'monitor', 'relay-events', 'evaluate-alerts', 'deliver-alerts'] as const;
const tickSeconds = 60;

export type SmallAccount = Awaited<ReturnType<typeof startSmallAccount>>;

/**
 * The service in an account that has few executions at once: the bundles of its functions as they are deployed, each container
 * a process, on the queues of `dev` with their visibility timeouts and numbers of receives. What finds no execution is
 * refused as Lambda does: a call of `state` at once, a message is tried again until it is no longer hidden, a tick for a
 * minute. The clock of queues and ticks may run faster than that of the functions.
 */
export async function startSmallAccount(executions: number, symbols: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-few-'));
  const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
  };
  try {
    const tree = bundleTree(root, join(folder, 'bundles'), bundled);
    const database = await startDatabase({ dir: join(folder, 'postgres'), persistent: true, roles: true });
    cleanups.push(() => database.stop());
    const pool = createPool({ url: database.url }, 3);
    cleanups.push(() => pool.end());
    await prepareDatabase(database.urls.owner, symbols);
    const upstreams = await startUpstreams({ port: 0 });
    cleanups.push(() => upstreams.stop());
    const receiver = await startReceiver();
    cleanups.push(() => receiver.stop());

    const clock = fastClock();
    const account = accountOf(executions);
    const readers = new Map<string, Reader>();
    const read = (queue: string, name: Reader['name'], batchSize: number, fifo = false) =>
      readers.set(queue, {
        ...{ name, batchSize, underWay: 0 },
        queue: simulatedQueue({
          ...{ name: queue, now: clock.now, fifo },
          ...{ visibilitySeconds: visibilitySeconds(name), maxReceiveCount: mostReceives(name) },
        }),
      });
    for (const kind of ['api', 'browser'] as const) read(scrapeQueueName(kind), `scrape-${kind}`, 1);
    read(ingestQueueName('api'), 'ingest', 1);
    read('outcomes', 'monitor', 10);
    read('ticks', 'schedule', 1);
    read('recoveries', 'recover', 1);
    read('events', 'relay-events', 10);
    read('alert-events', 'evaluate-alerts', 10, true);
    read('alerts', 'deliver-alerts', 10);
    read('exports', 'write-exports', 1);

    const published = { count: 0 };
    const cloud = await startCloudDouble({
      onMessage: (queue, body, delay) => readers.get(queue)?.queue.sendBody(body, delay),
      onPublished(body, type, group) {
        published.count++;
        if (alerting.has(type)) readers.get('alert-events')?.queue.sendBody(body, 0, group);
      },
    });
    cleanups.push(() => cloud.stop());

    const env = (name: Bundled) => ({
      ...envOf(name, { cloud, upstreams, scrapeQueueOf: ({ kind }) => scrapeQueueName(kind) }),
      [settingNames.stage]: 'dev',
      // Nothing waits for a minute of a quota.
      [settingNames.sourceQuotas]: apiSources.map((id) => `${id}=1000/100000`).join(),
      [settingNames.ingestPagesQueueUrl]: cloud.queueUrl(ingestQueueName('api')),
      [settingNames.alertsQueueUrl]: cloud.queueUrl('alerts'),
      [settingNames.exportsQueueUrl]: cloud.queueUrl('exports'),
      [settingNames.eventsTopic]: 'arn:aws:sns:us-east-1:000000000000:events.fifo',
      [settingNames.alertsKeySecret]: 'alerts-key',
      [settingNames.alertHosts]: receiver.host,
      // Those outside have no way to the database.
      ...(inside.has(name) && { [settingNames.databaseUrl]: database.urls[name === 'state' ? 'state' : 'app'] }),
    });
    const containers = containersOf({
      bundle: tree.bundle,
      env,
      most: Object.fromEntries(bundled.map((name) => [name, executions])) as Record<Bundled, number>,
    });
    cleanups.push(() => containers.stop());
    const invoke = (name: Reader['name'], event: unknown) =>
      account.with(() => (name === 'scrape-browser' ? sleep(pageMs) : containers.invoke(name, event)));
    cloud.functions.set('state', (event) => invoke('state', event));

    /** One batch, as Lambda's event source handles it. */
    async function deliver(reader: Reader): Promise<void> {
      const event = reader.queue.receive(reader.batchSize);
      if (!event) return;
      reader.underWay++;
      const until = clock.now() + visibilitySeconds(reader.name) * 1_000;
      try {
        const answer = await untilThereIsRoom(() => invoke(reader.name, event), until);
        if (answer !== refused) reader.queue.settle(event, failedOf(event, answer));
      } catch {
        // Its messages show again when their time is over.
      } finally {
        reader.underWay--;
      }
    }

    /** What Lambda refuses it tries again, later each time, until an instant. */
    async function untilThereIsRoom(work: () => Promise<unknown>, until: number): Promise<unknown> {
      for (let seconds = 1; ; seconds = Math.min(seconds * 2, 30)) {
        try {
          return await work();
        } catch (error) {
          if (!(error instanceof ThrottledError)) throw error;
          if (clock.now() + seconds * 1_000 > until) return refused;
          await clock.sleep(seconds);
        }
      }
    }

    let stopped = false;
    const polling = setInterval(() => {
      for (const reader of readers.values())
        for (let free = readersAtOnce - reader.underWay; free > 0; free--) void deliver(reader);
    }, 25);
    cleanups.push(() => clearInterval(polling));
    const ticks = (async () => {
      while (!stopped) {
        const event = { time: new Date().toISOString() };
        for (const name of ticking)
          void untilThereIsRoom(() => invoke(name, event), clock.now() + tickSeconds * 1_000).catch(() => undefined);
        await clock.sleep(tickSeconds);
      }
    })();
    cleanups.push(() => {
      stopped = true;
      return ticks;
    });

    return {
      account,
      clock,
      published,
      receiver,
      /** As a superuser. */
      pool,
      /** Kept objects, by `bucket/key`. */
      objects: cloud.objects,
      send(queue: string, message: unknown): void {
        const reader = readers.get(queue);
        if (!reader) throw new Error(`There is no queue ${queue}.`);
        reader.queue.sendBody(JSON.stringify(message), 0);
      },
      /** Adds a webhook to the receiver; gives the channel's id. */
      async addWebhook(): Promise<string> {
        const { id } = await addChannel(pool, { kind: 'webhook', name: 'receiver', url: `${receiver.url}/alerts` });
        return id;
      },
      /** How often messages of a queue were received. */
      receives: (queue: string) => readers.get(queue)?.queue.receives ?? 0,
      /** Names of queues with messages that are neither done nor dead. */
      get waiting(): string[] {
        return [...readers].flatMap(([name, { queue }]) => (queue.size > 0 ? [name] : []));
      },
      get dead(): string[] {
        return [...readers].flatMap(([name, { queue }]) => queue.dead.map((body) => `${name}: ${body}`));
      },
      async count(from: string): Promise<number> {
        containers.requireStarts();
        const { rows } = await pool.query(`SELECT count(*)::int AS n ${from}`);
        return z.object({ n: z.int() }).parse(rows[0]).n;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Reader {
  readonly queue: SimulatedQueue;
  readonly name: Bundled | 'scrape-browser';
  readonly batchSize: number;
  underWay: number;
}

const alerting: ReadonlySet<string> = new Set(alertingTypes);
const inside: ReadonlySet<FunctionName> = new Set(insideFunctions);
const refused = Symbol('refused');

/** The executions of an account, which all functions share. */
function accountOf(limit: number) {
  let inUse = 0;
  let peak = 0;
  const take = () => {
    if (inUse >= limit) throw new ThrottledError('Rate Exceeded.');
    inUse++;
    peak = Math.max(peak, inUse);
  };
  return {
    /** Throws `ThrottledError` where none is free. */
    async with<T>(work: () => Promise<T>): Promise<T> {
      take();
      try {
        return await work();
      } finally {
        inUse--;
      }
    },
    /** Others of the account take all that are free. Gives what gives them back. */
    takeAll(): () => void {
      const taken = limit - inUse;
      inUse = limit;
      return () => {
        inUse -= taken;
      };
    },
    get peak() {
      return peak;
    },
  };
}

/** A clock that runs so many times as fast as the real one. */
function fastClock() {
  let [from, at, speed] = [performance.now(), Date.now(), 1];
  const now = () => at + (performance.now() - from) * speed;
  return {
    now,
    run(times: number): void {
      [at, from, speed] = [now(), performance.now(), times];
    },
    /** Seconds of this clock. */
    async sleep(seconds: number): Promise<void> {
      const until = now() + seconds * 1_000;
      while (now() < until) await sleep(Math.min(50, Math.max(1, (until - now()) / speed)));
    },
  };
}

/** A server that takes what is sent to it. */
async function startReceiver() {
  let received = 0;
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      received++;
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.int() }).parse(server.address());
  const host = `127.0.0.1:${port}`;
  return {
    ...{ host, url: `http://${host}` },
    get received() {
      return received;
    },
    async stop(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
