import { z } from 'zod';
import { makeTick, symbolOf } from '../quote-answers.ts';
import type { CloudDouble } from './cloud-double.ts';
import { getEvent } from './events.ts';
import type { FunctionProcess } from './function-process.ts';
import type { Side } from './side.ts';

/** One thing that is measured on both sides. */
export interface Arm {
  readonly name: string;
  readonly per: 'row' | 'request' | 'task';
  /** How many of them a measurement holds. */
  readonly count: number;
  /** Makes what a round needs, once for both sides. Round 0 warms up. */
  prepare(round: number): Promise<Work>;
}

/** A round's work. Gives the processor time in microseconds. */
export type Work = (side: Side) => Promise<number>;

const quotesPerBlob = 200;
const quoted = 10_000;
const listed = 1_000;
const startsAt = Math.floor(Date.now() / 3_600_000) * 3_600_000 - 3 * 3_600_000;

/** A tick of the universe as messages, whose blobs lie in the double. */
async function tickOf(cloud: CloudDouble, tick: number, quotes: number): Promise<string[]> {
  const { messages, blobs } = await makeTick(tick, startsAt, quotesPerBlob, quotes);
  messages.forEach(({ blobKey }, at) => {
    cloud.objects.set(`raw/${blobKey}`, blobs[at] ?? Buffer.alloc(0));
  });
  return messages.map((message) => JSON.stringify(message));
}

/** What a side must hold before it is measured: listings, quotes, runs, bars of a year, rows in quarantine. */
export async function seed(cloud: CloudDouble, side: Side, withFaultyPrices: () => () => void): Promise<void> {
  await side.ingest(await tickOf(cloud, -1, quoted));
  for (const job of ['quotes', 'daily-bars']) await side.scrape(await side.plan(job, 1));
  await side.ingest(side.scraped());
  const stop = withFaultyPrices();
  await side.scrape(await side.plan('quotes', 5));
  await side.ingest(side.scraped());
  stop();
  await side.pool.query('VACUUM ANALYZE');
}

/** Everything that is compared. */
export function armsOf(cloud: CloudDouble): Arm[] {
  const gets = (name: string, count: number, target: (at: number) => string): Arm => ({
    name: `api GET ${name}`,
    per: 'request',
    count,
    prepare: async () => (side) => requests(side.api, side, count, (at) => `/api/v1${target(at)}`),
  });
  const hits = (name: string, target: string): Arm => ({
    name: `proxy hit ${name}`,
    per: 'request',
    count: 1_500,
    prepare: async () => (side) => requests(side.proxy, side, 1_500, () => `/yahoo${target}`),
  });
  const fifty = (at: number) => Array.from({ length: 50 }, (_, each) => symbolOf((at * 7_919 + each * 101) % quoted));
  return [
    {
      name: `ingest, blobs of ${quotesPerBlob} quotes`,
      per: 'row',
      count: quoted,
      async prepare(round) {
        const messages = await tickOf(cloud, round, quoted);
        return (side) => side.ingest(messages);
      },
    },
    gets('/quotes/{symbol}', 400, (at) => `/quotes/${symbolOf((at * 7_919) % listed)}`),
    gets('/quotes (50 symbols)', 100, (at) => `/quotes?symbols=${fifty(at).join()}`),
    gets('/bars/{symbol}', 60, () => '/bars/AAPL?interval=1d'),
    gets('/instruments', 200, () => '/instruments?limit=50'),
    gets('/runs', 200, () => '/runs?limit=50'),
    gets('/quarantine', 200, () => '/quarantine?limit=50'),
    gets('/sources', 200, () => '/sources'),
    hits('quotes', '/v7/finance/quote?symbols=AAPL,MSFT'),
    hits('chart', '/v8/finance/chart/AAPL?range=1mo&interval=1d'),
    {
      name: 'scrape task with state',
      per: 'task',
      count: 40,
      prepare: async () => async (side) => side.scrape(await side.plan('quotes', 40)),
    },
  ];
}

const answerSchema = z.object({ statusCode: z.int(), body: z.string() });

/** Sends requests, spread over the keys. The first with each key are not counted: they look the key up. */
async function requests(
  to: FunctionProcess,
  side: Side,
  count: number,
  target: (at: number) => string,
): Promise<number> {
  const events = (length: number) =>
    Array.from({ length }, (_, at) => getEvent(target(at), { 'x-api-key': side.keys[at % side.keys.length] ?? '' }));
  for (const answer of await to.ask(events(side.keys.length))) {
    const { statusCode, body } = answerSchema.parse(answer);
    if (statusCode !== 200) throw new Error(`GET ${target(0)} answered ${statusCode}: ${body.slice(0, 300)}`);
  }
  return to.run(events(count));
}
