import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createPool, type Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { createApiKey } from '../../../core/auth/api-keys.ts';
import { chunked } from '../../../core/contracts/chunked.ts';
import type { FunctionName } from '../../../core/contracts/functions.ts';
import { apiQueues, scrapeQueueName } from '../../../core/contracts/queues.ts';
import { settingNames } from '../../../core/contracts/settings.ts';
import type { CloudDouble } from '../../support/bundles/cloud-double.ts';
import { queueEvent } from '../../support/bundles/events.ts';
import { type FunctionProcess, startFunction } from '../../support/bundles/function-process.ts';
import type { Tree } from '../../support/bundles/trees.ts';

/** The functions that are compared, and `migrate`, which makes each side's database. */
export const comparedFunctions = [
  'ingest',
  'api',
  'yahoo-proxy',
  'scrape-api',
  'state',
  'schedule',
  'migrate',
] as const satisfies readonly FunctionName[];

/** Requests are spread over so many keys, or they would meet the limit that each has. */
const keyCount = 100;

/** Messages of one delivery: as many as SQS hands over at once. */
const batchSize = 10;

const failedSchema = z.object({ batchItemFailures: z.array(z.unknown()) });

/** One of the two commits at work: its functions in processes of their own, on a database of its own. */
export interface Side {
  readonly pool: Pool;
  /** API keys with the scope `operate`. */
  readonly keys: readonly string[];
  readonly api: FunctionProcess;
  readonly proxy: FunctionProcess;
  /** Has `ingest` read blobs by their messages. Gives the processor time in microseconds. */
  ingest(messages: readonly string[]): Promise<number>;
  /** Plans `runs` runs of a job of Yahoo now, and gives the messages of their tasks. */
  plan(job: string, runs: number): Promise<string[]>;
  /** Scrapes tasks by their messages. Gives the processor time of `scrape-api` and `state`, in microseconds. */
  scrape(messages: readonly string[]): Promise<number>;
  /** The messages to `ingest` that scraping has sent. */
  scraped(): string[];
  /** Starts all functions again, as new containers. */
  renew(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the functions of a tree. `name` tells the sides apart in the double of the cloud. */
export async function startSide(
  name: string,
  tree: Tree<(typeof comparedFunctions)[number]>,
  options: { databaseUrl: string; cloud: CloudDouble; yahooUrl: string; closedYahooUrl: string },
): Promise<Side> {
  const { cloud, databaseUrl } = options;
  const queueOf = (queue: string) => `${name}-${queue}`;
  const aws = {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'bench',
    AWS_SECRET_ACCESS_KEY: 'bench',
    AWS_ENDPOINT_URL: cloud.url,
    AWS_LAMBDA_FUNCTION_NAME: 'bench',
    [settingNames.stage]: 'local',
    [settingNames.sessions]: 'ignored',
  };
  const database = { ...aws, [settingNames.databaseUrl]: databaseUrl };
  const urlOf = (queue: string) => cloud.queueUrl(queueOf(queue));
  const outside = {
    ...aws,
    [settingNames.stateFunction]: `state-${name}`,
    [settingNames.sessionKeySecret]: 'session-key',
    [settingNames.sourceUrls]: JSON.stringify({ yahoo: options.yahooUrl }),
    [settingNames.rawBucket]: 'raw',
  };
  const queues = {
    [settingNames.ingestQueueUrl]: urlOf('ingest'),
    [settingNames.ingestPagesQueueUrl]: urlOf('ingest-pages'),
    [settingNames.outcomesQueueUrl]: urlOf('outcomes'),
    [settingNames.eventsQueueUrl]: urlOf('events'),
    [settingNames.rawBucket]: 'raw',
  };
  const scrapeQueues = {
    [settingNames.scrapeQueueUrls]: JSON.stringify({ yahoo: urlOf(scrapeQueueName('yahoo')) }),
  };

  const migrate = await startFunction(tree.bundle('migrate'), database);
  await migrate.run([{}]);
  await migrate.stop();

  const startAll = async () => ({
    state: await startFunction(tree.bundle('state'), { ...database, [settingNames.rawBucket]: 'raw' }),
    ingest: await startFunction(tree.bundle('ingest'), { ...database, ...queues }),
    schedule: await startFunction(tree.bundle('schedule'), {
      ...database,
      ...scrapeQueues,
      [settingNames.ticksQueueUrl]: urlOf('ticks'),
    }),
    scrapeApi: await startFunction(tree.bundle('scrape-api'), { ...outside, ...queues, ...scrapeQueues }),
    proxy: await startFunction(tree.bundle('yahoo-proxy'), {
      ...outside,
      // Of a closed market answers are fresh for a minute: hits stay hits.
      [settingNames.sourceUrls]: JSON.stringify({ yahoo: options.closedYahooUrl }),
    }),
    api: await startFunction(tree.bundle('api'), {
      ...database,
      ...queues,
      ...Object.fromEntries(Object.entries(apiQueues).map(([queue, url]) => [settingNames[url], urlOf(queue)])),
      [settingNames.queues]: '{}',
    }),
  });
  let running = await startAll();
  const stopAll = () => Promise.all(Object.values(running).map((each) => each.stop()));
  cloud.functions.set(`state-${name}`, async (event) => (await running.state.ask([event]))[0]);
  const pool = createPool({ url: databaseUrl }, 1);
  const keys = await makeKeys(pool);

  async function deliver(to: FunctionProcess, queue: string, messages: readonly string[]): Promise<void> {
    const events = chunked(messages, batchSize).map((some) => queueEvent(queue, some));
    for (const answer of await to.ask(events)) {
      const failed = failedSchema.parse(answer).batchItemFailures.length;
      if (failed > 0)
        throw new Error(`${failed} messages of ${queue} failed (${name}): the figure would mean nothing.`);
    }
  }

  return {
    pool,
    keys,
    get api() {
      return running.api;
    },
    get proxy() {
      return running.proxy;
    },
    async renew() {
      await stopAll();
      // Its answers would soon be stale.
      await pool.query('DELETE FROM proxy_cache');
      running = await startAll();
    },
    async ingest(messages) {
      const before = running.ingest.total();
      await deliver(running.ingest, 'ingest', messages);
      return running.ingest.total() - before;
    },
    async plan(job, runs) {
      const ticks = Array.from({ length: runs }, () => ({
        time: new Date().toISOString(),
        run: { sourceId: 'yahoo', job, trigger: 'manual', requestId: randomUUID() },
      }));
      await running.schedule.run(ticks);
      return cloud.takeMessages(queueOf(scrapeQueueName('yahoo')));
    },
    async scrape(messages) {
      // The quota is the source's; what is measured is the work.
      await pool.query('DELETE FROM permit');
      const total = () => running.scrapeApi.total() + running.state.total();
      const before = total();
      await deliver(running.scrapeApi, 'scrape-yahoo', messages);
      return total() - before;
    },
    scraped: () => cloud.takeMessages(queueOf('ingest')),
    async stop() {
      await pool.end();
      await stopAll();
    },
  };
}

async function makeKeys(pool: Pool): Promise<string[]> {
  const made = Array.from({ length: keyCount }, createApiKey);
  for (const { prefix, hash } of made)
    await pool.query('INSERT INTO api_key (name, prefix, hash, scope) VALUES ($1, $2, $3, $4)', [
      'bench',
      prefix,
      hash,
      'operate',
    ]);
  return made.map(({ key }) => key);
}
