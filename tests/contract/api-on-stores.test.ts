import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { postgresIngestStore } from '../../core/adapters/postgres/prices/ingest-store.ts';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { barsSchema, quoteSchema, tickRowSchema } from '../../core/contracts/http/market.ts';
import type { IngestStore } from '../../core/ports/ingest-store.ts';
import { type Keys, makeKeys, testApi } from '../support/api-fixture.ts';
import { quoteRow } from '../support/price-rows.ts';
import { at, barSeries, databaseTime, registered, stored } from '../support/quote-store-rows.ts';
import { useWorld } from '../support/use-world.ts';

/** What ingest writes is what the API reads: the two sides were written apart. */
const world = useWorld({ partitionsAt: new Date(at(0)), keepRows: true });
let store: IngestStore;
let keys: Keys;
let api: ReturnType<typeof testApi>;

beforeAll(async () => {
  store = postgresIngestStore(world.pool, (source) => (source === 'yahoo' ? 50 : 40));
  keys = await makeKeys(world.pool);
  // The database dates what it stores by its own clock, so the API must go by the same.
  api = testApi(world.pool, { clock: Date.now });
});

const read = async <T extends z.ZodType>(schema: T, path: string) => {
  const response = await api.ask(path, { key: keys.read });
  return envelope(schema).parse(await response.json());
};

describe('what ingest stored', () => {
  it('reads back with its provenance', async () => {
    const listing = await registered(world.pool, 'yahoo', 'STORED');
    const { batchId } = await stored(store, 'yahoo', {
      quotes: [quoteRow({ listing, price: '0.1', bid: '0.00000001' })],
    });
    const { data } = await read(quoteSchema, '/quotes/STORED');
    expect(data).toMatchObject({
      price: 0.1,
      bid: 1e-8,
      asOf: new Date(at(0)).toISOString(),
      confidence: 'single',
      provenance: { batchId, parserVersion: 'test-1', attempt: 1 },
    });
    expect(data.provenance.blobKey).toBe(`raw/yahoo/${data.provenance.runId}`);
  });

  it('and corrected reads as both, each at its time', async () => {
    const listing = await registered(world.pool, 'yahoo', 'CORRECTED');
    await stored(store, 'yahoo', { quotes: [quoteRow({ listing })] });
    const between = (await databaseTime(world.pool)).toISOString();
    await stored(store, 'yahoo', { quotes: [quoteRow({ listing, price: '101', fetchedAt: at(65) })] });
    expect((await read(quoteSchema, '/quotes/CORRECTED')).data.price).toBe(101);
    expect((await read(quoteSchema, `/quotes/CORRECTED?knownAt=${between}`)).data.price).toBe(100);
    const { data } = await read(z.array(tickRowSchema), '/quotes/CORRECTED/history?revisions=1&order=asc');
    expect(data.map((row) => row.price)).toEqual([100, 101]);
    expect(data[0]?.knownTo).toBe(data[1]?.knownFrom);
    for (const row of data) {
      const then = await read(quoteSchema, `/quotes/CORRECTED?knownAt=${row.knownFrom}`);
      expect(then.data.price, 'a row is known from its own knownFrom on').toBe(row.price);
    }
  });

  it('by two sources that differ is disputed, with a warning and both in view', async () => {
    const listing = await registered(world.pool, 'yahoo', 'DISPUTED');
    await registered(world.pool, 'other', 'DISPUTED');
    await stored(store, 'yahoo', { quotes: [quoteRow({ listing })] });
    await stored(store, 'other', { quotes: [quoteRow({ listing, price: '150' })] });
    const { data, warnings } = await read(quoteSchema, '/quotes/DISPUTED?explain=1');
    expect(data).toMatchObject({ source: 'yahoo', price: 100, confidence: 'disputed', spread: 0.5 });
    expect(data.candidates?.map(({ source, chosen }) => [source, chosen])).toEqual([
      ['other', false],
      ['yahoo', true],
    ]);
    expect(warnings.map((warning) => warning.code)).toEqual(['disputed']);
    const then = await read(quoteSchema, `/quotes/DISPUTED?knownAt=${(await databaseTime(world.pool)).toISOString()}`);
    expect(then.data, 'the same rule decides on what was known').toMatchObject({
      source: 'yahoo',
      confidence: 'disputed',
      spread: 0.5,
    });
  });

  it('of bars reads with the basis, and a later split marks them until they are read again', async () => {
    const listing = await registered(world.pool, 'yahoo', 'BARRED');
    const split = { type: 'split', exDate: '2026-11-04', ratio: '2', amount: null, currency: null } as const;
    // Fetched before the split, then the split is reported with a bar after it.
    await stored(store, 'yahoo', {
      bars: [
        barSeries(listing, [200, 202], { fetchedAt: Date.UTC(2026, 10, 3, 22), basisAt: Date.UTC(2026, 10, 3, 22) }),
      ],
    });
    await stored(store, 'yahoo', {
      bars: [{ ...barSeries(listing, []), bars: barSeries(listing, [0, 0, 103, 104]).bars.slice(2), actions: [split] }],
    });
    // The sessions since then are gaps, more with each day.
    const codesOf = ({ warnings }: { warnings: readonly { code: string }[] }) =>
      warnings.map(({ code }) => code).filter((code) => code !== 'gaps');
    const asStored = await read(barsSchema, '/bars/BARRED');
    expect(asStored.data.bars.map((bar) => bar.close)).toEqual([200, 202, 103, 104]);
    expect(codesOf(asStored)).toEqual(['stale_basis']);
    expect(asStored.data.actions).toMatchObject([{ type: 'split', exDate: '2026-11-04', ratio: 2 }]);
    const reread = [100, 101, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112];
    const adjusted = await read(barsSchema, '/bars/BARRED?adjustment=splits');
    expect(adjusted.data.bars.map((bar) => bar.close)).toEqual([100, 101, 103, 104]);
    await stored(store, 'yahoo', {
      bars: [barSeries(listing, reread, { fetchedAt: at(60), basisAt: at(60), actions: [split] })],
    });
    const again = await read(barsSchema, '/bars/BARRED');
    expect([again.data.bars.map((bar) => bar.close), codesOf(again)]).toEqual([reread, []]);
    const raw = await read(barsSchema, `/bars/BARRED?adjustment=raw`);
    expect(raw.data.bars.map((bar) => bar.close)).toEqual([200, 202, ...reread.slice(2)]);
  });
});
