import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createPool } from '../../../core/adapters/postgres/database/pool.ts';
import { ingestQueueName, scrapeQueueName } from '../../../core/contracts/queues.ts';
import { settingNames } from '../../../core/contracts/settings.ts';
import { isDatabaseUnavailable } from '../../../core/ports/database-unavailable.ts';
import { type RunningDatabase, startDatabase } from '../../../localstack/database.ts';
import { startUpstreams } from '../../../localstack/upstreams/server.ts';
import { startCloudDouble } from '../bundles/cloud-double.ts';
import { bundleTree } from '../bundles/trees.ts';
import type { Random } from '../random.ts';
import { root } from '../source-tree.ts';
import { startTcpProxy } from '../tcp-proxy.ts';
import { apiSources, envOf, prepareDatabase } from './bundled-service.ts';
import { containersOf, type MixedFunction, mixedFunctions } from './containers.ts';
import { type MixedQueues, mixedQueues } from './mixed-queues.ts';

/** The canonical symbols that are collected. Two sources have the coins. */
export const mixedSymbols = ['AAPL', 'MSFT', 'NVDA', 'VOD.L', 'BTC-USD', 'ETH-USD'];

export type MixedWorld = Awaited<ReturnType<typeof startMixedWorld>>;

/**
 * The service of the mix: the bundles of the functions as they are deployed, each container a process; Postgres behind a
 * proxy, with the roles of the functions; the simulated sources; queues, buckets and invocations in this process.
 */
export async function startMixedWorld(random: Random) {
  const folder = mkdtempSync(join(tmpdir(), 'quotron-mix-'));
  const cleanups: (() => unknown)[] = [() => rmSync(folder, { recursive: true, force: true })];
  const stop = async () => {
    for (let next = cleanups.pop(); next; next = cleanups.pop()) await next();
  };
  try {
    const tree = bundleTree(root, join(folder, 'bundles'), mixedFunctions);
    const options = { dir: join(folder, 'postgres'), persistent: true, roles: true };
    let database: RunningDatabase = await startDatabase(options);
    cleanups.push(() => database.stop());
    const proxy = await startTcpProxy(database.url, random.next);
    cleanups.push(() => proxy.close());
    const pool = createPool({ url: database.url }, 3);
    cleanups.push(() => pool.end());
    await prepareDatabase(database.urls.owner, mixedSymbols);
    const upstreams = await startUpstreams({ port: 0 });
    cleanups.push(() => upstreams.stop());

    const trouble = { fails: 0, slowMs: 0, failed: 0, slowed: 0 };
    let queues: MixedQueues | null = null;
    const cloud = await startCloudDouble({
      onMessage: (queue, body, delay) => queues?.send(queue, body, delay),
      async disturb(call) {
        if (trouble.slowMs > 0 && random.chance(0.3)) {
          trouble.slowed++;
          await sleep(trouble.slowMs);
        }
        if (!random.chance(trouble.fails)) return null;
        trouble.failed++;
        return call !== 'get' && random.chance(0.5) ? 'after' : 'before';
      },
    });
    cleanups.push(() => cloud.stop());

    const { app, state } = database.urls;
    const env = (name: MixedFunction) => ({
      ...envOf(name, { cloud, upstreams, scrapeQueueOf: ({ id }) => scrapeQueueName(id) }),
      [settingNames.stage]: 'local',
      [settingNames.ingestPagesQueueUrl]: cloud.queueUrl(ingestQueueName('browser')),
      // A source that hangs would take half a minute of two.
      [settingNames.upstreamTimeoutMs]: '2000',
      // What handles hostile content has no way to the database.
      ...(name === 'scrape-api' ? {} : { [settingNames.databaseUrl]: proxy.through(name === 'state' ? state : app) }),
    });
    const containers = containersOf({
      bundle: tree.bundle,
      env,
      most: { schedule: 2, 'scrape-api': 4, ingest: 3, monitor: 2, recover: 1, state: 4 },
    });
    cleanups.push(() => containers.stop());
    cloud.functions.set('state', (event) => containers.invoke('state', event));
    const running = mixedQueues(apiSources, containers, random);
    queues = running;
    cleanups.push(() => running.stop());

    return {
      containers,
      queues: running,
      proxy,
      upstreams,
      trouble,
      /** Every blob that was kept. */
      get blobs(): Map<string, Buffer> {
        return new Map([...cloud.objects].map(([key, bytes]) => [key.replace(/^raw\//, ''), bytes]));
      },
      /** As a superuser, past the proxy. */
      pool,
      get database(): RunningDatabase {
        return database;
      },
      /** Rows of a statement, as a superuser and past the proxy. Waits while the server starts or recovers. */
      async rows(text: string): Promise<Record<string, unknown>[]> {
        for (const until = Date.now() + 60_000; ; await sleep(250))
          try {
            return (await pool.query<Record<string, unknown>>(text)).rows;
          } catch (error) {
            if (!isDatabaseUnavailable(error) || Date.now() > until) throw error;
          }
      },
      /** Kills Postgres with all of its processes, and starts it again on its data. */
      async killDatabase(): Promise<void> {
        process.kill(-database.pid, 'SIGKILL');
        await database.ended;
        const { port } = database;
        database = await startDatabase(options);
        if (database.port !== port) throw new Error('Postgres came back on another port.');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
