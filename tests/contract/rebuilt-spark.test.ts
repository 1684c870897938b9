import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { KeyUse } from '../../core/contracts/words/licence.ts';
import type { KnownListing } from '../../core/market/instrument.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import type { State } from '../../core/ports/state.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { chartAnswerSchema } from '../../core/sources/yahoo/schema.ts';
import type { Gate } from '../../functions/yahoo-proxy/gate.ts';
import { storeAnswer } from '../support/judged-answer.ts';
import { databaseTime, registered } from '../support/quote-store-rows.ts';
import { blobsInMemory, recordingProxy } from '../support/recording-proxy.ts';
import { seriesOf, sessions } from '../support/sessions-of-november.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 8, sources: ['yahoo'], keepRows: true, partitionsAt: new Date('2026-11-20') });
let state: State;
let store: IngestStore;

beforeAll(() => {
  setQuotas(new Map([['yahoo', { perMinute: 4_000, perDay: 300_000 }]]));
  state = postgresState(world.pool);
  store = postgresIngestStore(world.pool);
});
afterAll(() => setQuotas(new Map()));

const fetched = Date.parse('2026-11-20T22:00:00Z');
const everyDay = (close: string) => new Map(sessions.map((date) => [date, close]));
const gateOf = (
  use: KeyUse,
  feed: Extract<Awaited<ReturnType<Gate['admit']>>, { admitted: true }>['feed'] = null,
): Gate => {
  const admitted = { admitted: true, caller: 'a key', use, feed } as const;
  return { quick: () => admitted, admit: async () => admitted };
};

/** Stores an answer with daily bars, so many days after the first. Gives when it was known. */
async function told(listing: KnownListing, closes: ReadonlyMap<string, string>, days = 0): Promise<Date> {
  await storeAnswer(store, 'yahoo', seriesOf(listing, closes, { fetchedAt: fetched + days * 86_400_000 }));
  return databaseTime(world.pool);
}

async function proxyOf(more: Partial<Parameters<typeof recordingProxy>[1]> = {}) {
  const proxy = await recordingProxy(world, { state, blobs: blobsInMemory(), start: Date.now(), ...more });
  proxy.goTo(Date.now() + 60_000);
  return { ...proxy, asOf: (instant: Date, path: string) => proxy.asOf(instant.getTime(), path) };
}

const linesOf = (symbols: string, more = 'range=5y&interval=1d') =>
  `/yahoo/v8/finance/spark?symbols=${symbols}&${more}`;
const chartsOf = (symbols: string) => `/yahoo/v7/finance/spark?symbols=${symbols}&range=5y&interval=1d`;
const chartOf = (symbol: string) => `/yahoo/v8/finance/chart/${symbol}?range=5y&interval=1d&includeAdjustedClose=false`;
const linesSchema = z.record(
  z.string(),
  z.looseObject({ symbol: z.string(), timestamp: z.array(z.int()), close: z.array(z.number()) }),
);
const chartsSchema = z.object({
  spark: z.object({
    result: z.array(z.object({ symbol: z.string(), response: z.tuple([z.unknown()]) })),
    error: z.null(),
  }),
});

describe('a spark that nobody asked for then', () => {
  it('has of each symbol the closes that were known then, and names those that nothing was stored of', async () => {
    const [one, two] = [await registered(world.pool, 'yahoo', 'SPA'), await registered(world.pool, 'yahoo', 'SPB')];
    const before = await databaseTime(world.pool);
    const first = await told(one, everyDay('100'));
    await told(two, everyDay('7'));
    const corrected = await told(one, new Map([...everyDay('100'), ['2026-11-06', '104']]), 1);
    const { asOf, sent, proxy } = await proxyOf();

    expect((await asOf(before, linesOf('SPA,SPB'))).status).toBe(404);
    const early = await asOf(first, linesOf('SPA,SPB'));
    expect(early.headers.get('x-quotron-source')).toBe('rebuilt');
    expect(early.headers.get('x-quotron-missing')).toBe('SPB');
    expect(Object.keys(linesSchema.parse(JSON.parse(early.text)))).toEqual(['SPA']);
    const later = await asOf(corrected, linesOf('SPA,SPB,NOBODY'));
    expect(later.headers.get('x-quotron-missing')).toBe('NOBODY');
    const lines = linesSchema.parse(JSON.parse(later.text));
    expect(lines['SPB']?.close).toEqual(Array(15).fill(7));
    expect(lines['SPA']).toEqual({
      symbol: 'SPA',
      previousClose: null,
      chartPreviousClose: null,
      timestamp: expect.any(Array),
      end: null,
      close: sessions.map((date) => (date === '2026-11-06' ? 104 : 100)),
      dataGranularity: 300,
      start: null,
    });

    const { result } = chartsSchema.parse(JSON.parse((await asOf(corrected, chartsOf('SPB,SPA'))).text)).spark;
    expect(result.map(({ symbol }) => symbol)).toEqual(['SPB', 'SPA']);
    const whole = chartAnswerSchema.parse(JSON.parse((await asOf(corrected, chartOf('SPA'))).text)).chart.result?.[0];
    const inSpark = chartAnswerSchema.parse({ chart: { result: [result[1]?.response[0]], error: null } });
    expect(inSpark.chart.result?.[0]).toEqual(whole);

    for (const more of ['interval=90m', 'interval=1d&range=soon'])
      expect((await asOf(corrected, linesOf('SPA', more))).status, more).toBe(404);
    expect(sent).toEqual([]);
    expect(proxy.breaker.state).toBe('closed');
  });

  it('comes byte for byte where Yahoo was asked, and keeps to what it said of symbols that nothing is stored of', async () => {
    const listing = await registered(world.pool, 'yahoo', 'SPC');
    const { hear, says, asOf, goTo } = await proxyOf();
    // Before what is stored was fetched.
    const start = Date.parse('2026-10-30T12:00:00Z');
    const line = (symbol: string) => ({ symbol, previousClose: null, timestamp: [1_740_061_800], close: [245.83] });
    const answer = `{"SPC":${JSON.stringify(line('SPC'))}, "ELSE":${JSON.stringify(line('ELSE'))}}`;
    says(start, answer);
    await hear(linesOf('SPC,ELSE'));
    says(start, `{"SPC" : ${JSON.stringify(line('SPC'))}}`);
    await hear(linesOf('SPC'));
    const instant = await told(listing, everyDay('100'));
    goTo(instant.getTime() + 60_000);
    const soon = new Date(start + 60_000);
    expect((await asOf(soon, linesOf('SPC,ELSE'))).text).toBe(answer);
    // A month later it is too old. What is stored replaces it where it has all of it.
    const [whole, part] = [await asOf(instant, linesOf('SPC')), await asOf(instant, linesOf('SPC,ELSE'))];
    expect(whole.headers.get('x-quotron-source')).toBe('rebuilt');
    expect(part.headers.get('x-quotron-source')).toBe('recorded');
    expect([part.text, part.headers.get('x-cache')]).toEqual([answer, 'STALE']);
  });

  it('is given to keys whose use allows it, and by a feed token for its symbols only', async () => {
    const listing = await registered(world.pool, 'yahoo', 'SPL');
    const instant = await told(listing, everyDay('100'));
    const statusOf = async (gate: Gate, path: string) => (await (await proxyOf({ gate })).asOf(instant, path)).status;
    for (const use of ['display', 'redistribute'] as const)
      expect(await statusOf(gateOf(use), linesOf('SPL'))).toBe(404);
    expect(await statusOf(gateOf('internal'), linesOf('SPL'))).toBe(200);
    const feed = { routes: ['yahoo/spark'], symbols: ['SPL'], perMinute: 600 };
    expect(await statusOf(gateOf('internal', feed), linesOf('SPL'))).toBe(200);
    expect(await statusOf(gateOf('internal', feed), linesOf('SPL,SPA'))).toBe(403);
    expect(await statusOf(gateOf('internal', feed), chartsOf('SPL'))).toBe(403);
  });
});
