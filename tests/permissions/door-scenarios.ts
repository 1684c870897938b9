import * as z from 'zod';
import { needsCredentials } from '../../core/auth/credentials.ts';
import { ingestQueueName, scrapeQueueName } from '../../core/contracts/queues.ts';
import { catalogue, knownSource } from '../../core/sources/catalogue.ts';
import { loadSimulators } from '../../localstack/upstreams/simulator.ts';
import { addLongName, shortenName } from '../support/open-doors.ts';
import { type Bench, Broken } from './bench.ts';
import { type Scenario, scraped, send, sources, uploaded } from './steps.ts';

const simulators = await loadSimulators();

/** Of the functions that people and their programs ask. */
const queues = [
  ...sources.map(scrapeQueueName),
  ingestQueueName('api'),
  ingestQueueName('browser'),
  'outcomes',
  'ticks',
  'recoveries',
  'events',
  'alert-events',
  'exports',
  'alerts',
];

const servicesSchema = z.object({ data: z.object({ queues: z.array(z.object({ name: z.string() })) }) });

const api: readonly Scenario[] = [
  ...queues.flatMap((queue): Scenario[] => [
    {
      fn: 'api',
      needs: [`sqs:GetQueueAttributes on ${queue}`, `sqs:GetQueueAttributes on ${queue}-dead`],
      async run(bench) {
        const { text } = await bench.ask('/services');
        const { queues } = servicesSchema.parse(JSON.parse(text)).data;
        if (!queues.some(({ name }) => name === queue)) throw new Broken(`nothing is said of ${queue}`);
      },
    },
    {
      fn: 'api',
      needs: [`sqs:ChangeMessageVisibility on ${queue}-dead`],
      async run(bench) {
        await bench.sendDead(queue, '{}');
        const { text } = await bench.ask(`/dead-letters?queue=${queue}`);
        await bench.ask('/dead-letters/redrive', { method: 'POST', body: { queue } });
        await bench.take(queue);
        if (!text.includes('messageId')) throw new Broken('the dead letter is not shown');
      },
    },
    {
      fn: 'api',
      needs: [send(queue), `sqs:ReceiveMessage on ${queue}-dead`, `sqs:DeleteMessage on ${queue}-dead`],
      async run(bench) {
        await bench.sendDead(queue, '{}');
        const { text } = await bench.ask('/dead-letters/redrive', { method: 'POST', body: { queue } });
        const { moved } = z.object({ data: z.object({ moved: z.int() }) }).parse(JSON.parse(text)).data;
        await bench.take(queue);
        if (moved === 0) throw new Broken('nothing was moved');
      },
    },
  ]),
  {
    fn: 'api',
    needs: ['s3:GetObject on answers/*', 's3:PutObject on answers/*'],
    async run(bench) {
      await addLongName(bench.pool);
      try {
        const { status, headers } = await bench.ask('/instruments?query=LONGFORPAGE');
        const link = new URL(headers.get('location') ?? 'nothing:', bench.dashboardUrl);
        const answer = await fetch(link);
        await answer.body?.cancel();
        if (status !== 303 || !answer.ok) throw new Broken(`the link to a long answer gave ${answer.status}`);
      } finally {
        await shortenName(bench.pool);
      }
    },
  },
  {
    fn: 'api',
    needs: ['s3:PutObject on raw/import/*'],
    run: async (bench) => {
      await uploaded(bench);
    },
  },
  {
    fn: 'api',
    needs: ['s3:GetObject on raw/*'],
    async run(bench) {
      const { runId } = await attempted(bench, 'coingecko');
      await bench.ask(`/runs/${runId}/answers`);
    },
  },
  {
    fn: 'api',
    needs: ['s3:GetObject on artifacts/*'],
    async run(bench) {
      await bench.fault('slickcharts', 'drift', true);
      const { runId } = await attempted(bench, 'slickcharts').finally(() => bench.fault('slickcharts', 'drift', false));
      const { text } = await bench.ask(`/runs/${runId}`);
      const name = /[\w-]+\.(?:png|html|jpg|webp)(?:\.gz)?/.exec(text)?.[0] ?? 'none';
      const { headers } = await bench.ask(`/runs/${runId}/artifacts/${name}`);
      const answer = await fetch(new URL(headers.get('location') ?? 'nothing:', bench.dashboardUrl));
      await answer.body?.cancel();
      if (!answer.ok) throw new Broken(`the link to an artifact gave ${answer.status}`);
    },
  },
];

/** A task whose outcome the monitor has recorded. */
async function attempted(bench: Bench, sourceId: string): Promise<{ runId: string }> {
  const { runId, outcome } = await scraped(bench, sourceId);
  await bench.take(ingestQueueName(knownSource(sourceId).kind));
  await bench.handOver('monitor', 'outcomes', [JSON.stringify(outcome)]);
  return { runId };
}

/** Of the simulated Yahoo, one after the other: by the next time, what is kept of it is old. */
const tickers = ['AAPL', 'MSFT', 'NVDA', 'GOOGL', 'AMZN', 'META', 'TSLA', 'JPM', 'V', 'SPY', 'QQQ'];
let asked = 0;
const another = () => tickers[asked++ % tickers.length] ?? 'AAPL';

const quote = (symbol: string) => `/yahoo/v7/finance/quote?symbols=${symbol}`;

/** A question that was not asked before: its answer is new. */
function chart(): string {
  const until = Math.floor(Date.now() / 1000) - 86_400 * (1 + asked);
  return `/yahoo/v8/finance/chart/${another()}?interval=1d&period1=${until - 20 * 86_400}&period2=${until}`;
}

const outside: readonly Scenario[] = [
  {
    fn: 'yahoo-proxy',
    needs: ['lambda:InvokeFunction on state', 'secretsmanager:GetSecretValue on session key (api)'],
    async run(bench) {
      await bench.restart('yahoo-proxy');
      await bench.ask(quote(another()));
    },
  },
  {
    fn: 'yahoo-proxy',
    needs: ['s3:PutObject on proxy/*'],
    async run(bench) {
      // After a failure it writes nothing for a while.
      await bench.restart('yahoo-proxy');
      const before = (await bench.keys('proxy/')).length;
      await bench.ask(chart());
      await bench.soon('a new answer in the record', async () => (await bench.keys('proxy/')).length > before);
    },
  },
  {
    fn: 'yahoo-proxy',
    needs: ['s3:GetObject on proxy/*'],
    async run(bench) {
      const question = chart();
      await bench.ask(question);
      // Without the record it is rebuilt from stored prices.
      await bench.soon('the recorded answer', async () => {
        const asOf = `/yahoo/at/${new Date().toISOString()}${question.slice('/yahoo'.length)}`;
        const answer = await bench.ask(asOf).catch(() => null);
        return answer?.headers.get('x-quotron-source') === 'recorded';
      });
    },
  },
  {
    fn: 'yahoo-proxy',
    needs: ['lambda:InvokeFunction on itself'],
    async run(bench) {
      const symbol = another();
      const cacheOf = async () => (await bench.ask(quote(symbol))).headers.get('x-cache');
      await cacheOf();
      await bench.soon('a stale answer', async () => (await cacheOf()) === 'STALE', 30_000);
      await bench.soon('a fresh one after it', async () => (await cacheOf()) === 'HIT');
    },
  },
  ...catalogue.filter(needsCredentials).map(
    ({ id }): Scenario => ({
      fn: 'set-credentials',
      needs: ['lambda:InvokeFunction on state', `secretsmanager:PutSecretValue on credentials of ${id}`],
      async run(bench) {
        await bench.restart('set-credentials');
        await bench.ask(`/sources/${id}/credentials`, {
          method: 'PUT',
          as: 'admin',
          body: simulators.get(id)?.credentials,
        });
      },
    }),
  ),
];

export const doorScenarios: readonly Scenario[] = [...api, ...outside];
