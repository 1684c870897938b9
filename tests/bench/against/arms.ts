import { z } from 'zod';
import { chunked } from '../../../core/contracts/chunked.ts';
import type { CloudDouble } from '../../support/bundles/cloud-double.ts';
import { getEvent } from '../../support/bundles/events.ts';
import type { FunctionProcess } from '../../support/bundles/function-process.ts';
import { barsPerAnswer, makeBars } from '../bar-answers.ts';
import { makeTick, symbolOf } from '../quote-answers.ts';
import type { Side } from './side.ts';

/** One thing that is measured on both sides. */
export interface Arm {
  readonly name: string;
  readonly per: 'row' | 'request' | 'task';
  /** How many of them a round holds. */
  readonly count: number;
  /** Brings a side to where every slice finds it: answers in memory, keys looked up. Not measured. */
  warm?(side: Side): Promise<void>;
  /** Makes the work of a turn, once for both sides, in slices of equal size. Each turn has a higher number. */
  prepare(turn: number): Promise<readonly Work[]>;
}

/** A slice of a round's work. Gives the processor time in microseconds. */
export type Work = (side: Side) => Promise<number>;

/** Of a round. The sides take turns after each, so that both meet the same moments of a machine that has other work too. */
const slices = 10;

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

/** Symbols of one blob of bars, as the catalogue has it, and blobs of a slice. */
const [symbolsPerBlob, barBlobs] = [10, 2];

/** Two slices of bars as messages, whose blobs lie in the double: a year of some symbols, and the same a day later. */
async function barsOf(cloud: CloudDouble, pair: number): Promise<[first: string[], again: string[]]> {
  const slice: [string[], string[]] = [[], []];
  for (let blob = 0; blob < barBlobs; blob++) {
    const part = pair * barBlobs + blob;
    const symbols = Array.from({ length: symbolsPerBlob }, (_, at) => (part * symbolsPerBlob + at) % quoted);
    const { first, again } = await makeBars(symbols, part, startsAt);
    for (const [at, { message, blob: packed }] of [first, again].entries()) {
      cloud.objects.set(`raw/${message.blobKey}`, packed);
      slice[at]?.push(JSON.stringify(message));
    }
  }
  return slice;
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
  const requests = (count: number, run: (side: Side, from: number, count: number) => Promise<number>) => async () => {
    const perSlice = count / slices;
    return Array.from({ length: slices }, (_, slice) => (side: Side) => run(side, slice * perSlice, perSlice));
  };
  const gets = (name: string, count: number, path: (at: number) => string): Arm => {
    const target = (at: number) => `/api/v1${path(at)}`;
    return {
      name: `api GET ${name}`,
      per: 'request',
      count,
      warm: (side) => warmUp(side.api, side.keys, target),
      prepare: requests(count, (side, from, some) =>
        side.api.run(requestsOf(side.keys, some, (at) => target(from + at))),
      ),
    };
  };
  const hits = (name: string, path: string): Arm => {
    const target = () => `/yahoo${path}`;
    const mustHit = async (side: Side) => {
      const [answer] = await side.proxy.ask(requestsOf(side.keys, 1, target));
      const [found] = hitSchema.parse(answer).multiValueHeaders['x-cache'];
      // A stale answer is put together again for each request, which takes a hundred times as long.
      if (found !== 'HIT') throw new Error(`GET ${target()} was to be a hit, and is ${found}.`);
    };
    return {
      name: `proxy hit ${name}`,
      per: 'request',
      count: 6_000,
      async warm(side) {
        await warmUp(side.proxy, side.keys, target);
        await mustHit(side);
      },
      prepare: requests(6_000, async (side, _, some) => {
        const micros = await side.proxy.run(requestsOf(side.keys, some, target));
        await mustHit(side);
        return micros;
      }),
    };
  };
  const fifty = (at: number) => Array.from({ length: 50 }, (_, each) => symbolOf((at * 7_919 + each * 101) % quoted));
  return [
    {
      name: `ingest, blobs of ${quotesPerBlob} quotes`,
      per: 'row',
      count: quoted,
      async prepare(turn) {
        const messages = await tickOf(cloud, turn, quoted);
        return chunked(messages, messages.length / slices).map((some) => (side) => side.ingest(some));
      },
    },
    {
      name: 'ingest, years of daily bars, half of them again',
      per: 'row',
      count: slices * barBlobs * symbolsPerBlob * barsPerAnswer,
      async prepare(turn) {
        const work: Work[] = [];
        for (let pair = 0; pair < slices / 2; pair++)
          for (const messages of await barsOf(cloud, turn * (slices / 2) + pair))
            work.push((side) => side.ingest(messages));
        return work;
      },
    },
    gets('/quotes/{symbol}', 600, (at) => `/quotes/${symbolOf((at * 7_919) % listed)}`),
    gets('/quotes (50 symbols)', 150, (at) => `/quotes?symbols=${fifty(at).join()}`),
    gets('/bars/{symbol}', 80, () => '/bars/AAPL?interval=1d'),
    gets('/instruments', 300, () => '/instruments?limit=50'),
    gets('/runs', 300, () => '/runs?limit=50'),
    gets('/quarantine', 300, () => '/quarantine?limit=50'),
    gets('/sources', 300, () => '/sources'),
    hits('quotes', '/v7/finance/quote?symbols=AAPL,MSFT'),
    hits('chart', '/v8/finance/chart/AAPL?range=1mo&interval=1d'),
    {
      name: 'scrape task with state',
      per: 'task',
      count: 40,
      prepare: async () =>
        Array.from({ length: slices }, () => async (side) => side.scrape(await side.plan('quotes', 40 / slices))),
    },
  ];
}

const answerSchema = z.object({ statusCode: z.int(), body: z.string() });
const hitSchema = z.object({ multiValueHeaders: z.object({ 'x-cache': z.tuple([z.string()]) }) });

function requestsOf(keys: readonly string[], count: number, target: (at: number) => string): unknown[] {
  return Array.from({ length: count }, (_, at) => getEvent(target(at), { 'x-api-key': keys[at % keys.length] ?? '' }));
}

/** One request with each key, whose look-up is not to be measured. Throws for an answer that is not 200. */
async function warmUp(to: FunctionProcess, keys: readonly string[], target: (at: number) => string): Promise<void> {
  for (const answer of await to.ask(requestsOf(keys, keys.length, target))) {
    const { statusCode, body } = answerSchema.parse(answer);
    if (statusCode !== 200) throw new Error(`GET ${target(0)} answered ${statusCode}: ${body.slice(0, 300)}`);
  }
}
