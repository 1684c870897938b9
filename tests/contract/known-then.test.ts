import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { AnswerBlobs } from '../../core/ports/answer-blobs.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import type { State } from '../../core/ports/state.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { chosenSeed } from '../support/chosen-seed.ts';
import { History, histories, type Step } from '../support/price-history.ts';
import { databaseTime, registered } from '../support/quote-store-rows.ts';
import { blobsInMemory, recordingProxy } from '../support/recording-proxy.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 8, sources: ['yahoo'], keepRows: true, partitionsAt: new Date('2026-11-20') });
let state: State;
let store: IngestStore;
let listings = 0;

beforeAll(() => {
  setQuotas(new Map([['yahoo', { perMinute: 4_000, perDay: 300_000 }]]));
  state = postgresState(world.pool);
  store = postgresIngestStore(world.pool);
});
afterAll(() => setQuotas(new Map()));

type Answers = Awaited<ReturnType<typeof answers>>;
type Proxy = Awaited<ReturnType<typeof recordingProxy>>;

/** The paths that are asked for as of an instant. The first is what Yahoo was asked for, in some steps. */
const pathsOf = (symbol: string) => [
  `/yahoo/v8/finance/chart/${symbol}?range=6mo&interval=1d&events=div%7Csplit`,
  `/yahoo/v8/finance/chart/${symbol}?range=1y&interval=1d&events=div%7Csplit`,
  `/yahoo/v7/finance/quote?symbols=${symbol}`,
];

/** The same by the routes of several symbols, which nobody has asked Yahoo for. */
const sparksOf = (symbol: string) => [
  `/yahoo/v8/finance/spark?symbols=${symbol}&range=1y&interval=1d`,
  `/yahoo/v7/finance/spark?symbols=${symbol},NOBODY&range=1y&interval=1d`,
];

/** What is answered at an instant, without what depends on when it is asked. */
async function answers(proxy: Proxy, instant: Date, paths: readonly string[]) {
  const all = [];
  for (const path of paths) {
    proxy.goTo(Date.now() + 1_000);
    const { status, text, headers } = await proxy.asOf(instant.getTime(), path);
    all.push({ status, text, source: headers.get('x-quotron-source') });
  }
  return all;
}

const chartSchema = z.looseObject({
  timestamp: z.array(z.int()).default([]),
  indicators: z.object({ quote: z.tuple([z.looseObject({ close: z.array(z.number()).default([]) })]) }),
});
const formsSchema = z.union([
  z.object({ chart: z.object({ result: z.tuple([chartSchema]) }) }).transform(({ chart }) => chart.result[0]),
  z
    .object({ spark: z.object({ result: z.tuple([z.looseObject({ response: z.tuple([chartSchema]) })]) }) })
    .transform(({ spark }) => spark.result[0].response[0]),
  z
    .record(z.string(), z.looseObject({ timestamp: z.array(z.int()), close: z.array(z.number()) }))
    .transform((lines) => {
      const [{ timestamp, close } = { timestamp: [], close: [] }] = Object.values(lines);
      return { timestamp, indicators: { quote: [{ close }] as const } };
    }),
]);

/** The closes of an answer with their times; `null` of a refusal. */
function closesOf(answer: Answers[number] | undefined) {
  if (answer?.status !== 200) return null;
  const { timestamp, indicators } = formsSchema.parse(JSON.parse(answer.text));
  return { timestamp, close: indicators.quote[0].close };
}

/** Does a step: stores what a source says, or has the proxy ask Yahoo. */
async function take(history: History, step: Step, blobs: AnswerBlobs, listing: KnownListing): Promise<void> {
  const said = history.take(step);
  if ('heard' in said) {
    // One that has nothing in its memory, and so asks.
    const proxy = await recordingProxy(world, { state, blobs, start: Date.now() });
    proxy.says(Date.now(), said.heard);
    await proxy.hear(pathsOf(history.symbol)[0] ?? '');
  } else await store.store(said.batch, [listing.id], async () => said.decision);
}

describe('an answer as of an instant', () => {
  it('has nothing that was learned after it, whatever is stored, corrected, split, restated and withdrawn', async () => {
    const seed = chosenSeed('answers as of an instant');
    let asked = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (steps) => {
        const listing = await registered(world.pool, 'yahoo', `KNOWN${++listings}`);
        const blobs = blobsInMemory();
        const proxy = await recordingProxy(world, { state, blobs, start: Date.now() });
        const history = new History(listing, `KNOWN${listings}`);
        const past: { instant: Date; first: Answers; sparks: Answers; expected: unknown }[] = [];
        for (const step of steps) {
          await take(history, step, blobs, listing);
          const instant = await databaseTime(world.pool);
          past.push({
            instant,
            first: await answers(proxy, instant, pathsOf(history.symbol)),
            sparks: await answers(proxy, instant, sparksOf(history.symbol)),
            expected: history.expected(),
          });
        }
        for (const { instant, first, sparks, expected } of past) {
          expect(first.map(history.read)).toEqual(expected);
          // Whatever was learned meanwhile, it is the same to the byte.
          expect(await answers(proxy, instant, pathsOf(history.symbol))).toEqual(first);
          expect(await answers(proxy, instant, sparksOf(history.symbol))).toEqual(sparks);
          const closes = closesOf(first[1]);
          if (closes !== null) expect([closesOf(sparks[0]), closesOf(sparks[1])]).toEqual([closes, closes]);
          asked++;
        }
      }),
      { numRuns: 25, seed },
    );
    expect(asked).toBeGreaterThan(50);
  }, 600_000);
});
