/** Judging many bars keeps the processor for long; between two series the database must hear something. */
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { memoryMessageQueue } from '../../../../core/adapters/memory/message-queue.ts';
import { memoryRawStore } from '../../../../core/adapters/memory/raw-store.ts';
import type { Exchange } from '../../../../core/contracts/blob.ts';
import { rawBlobKey } from '../../../../core/contracts/s3-keys.ts';
import type { Alias } from '../../../../core/market/instrument.ts';
import type { Decision } from '../../../../core/prices/decision.ts';
import { ingestBlobs } from '../../../../functions/ingest/ingest-blob.ts';

const fetchedAt = Date.UTC(2026, 10, 20, 12);
const fetched = new Date(fetchedAt).toISOString();

/** An answer of Yahoo's chart route: daily bars of a symbol. */
function chart(symbol: string): Exchange {
  const timestamp = [0, 1, 2].map((day) => (Date.UTC(2026, 10, 16, 14, 30) + day * 86_400_000) / 1_000);
  const prices = timestamp.map((_, index) => 100 + index);
  const meta = {
    ...{ currency: 'USD', symbol, exchangeName: 'NMS', instrumentType: 'EQUITY', gmtoffset: -18_000, timezone: 'EST' },
    ...{ exchangeTimezoneName: 'America/New_York', dataGranularity: '1d', range: '1mo' },
  };
  const quote = [{ open: prices, high: prices, low: prices, close: prices, volume: prices.map(() => 10) }];
  const result = [{ meta, timestamp, indicators: { quote, adjclose: [{ adjclose: prices }] } }];
  return {
    request: { method: 'GET', url: 'https://example.test/', headers: {}, symbols: [symbol] },
    response: { status: 200, headers: {}, body: JSON.stringify({ chart: { result, error: null } }), truncated: false },
    error: null,
    fetchedAt: fetched,
    latencyMs: 1,
  };
}

const aliasOf = (id: number): Alias => ({
  from: Number.NEGATIVE_INFINITY,
  to: Number.POSITIVE_INFINITY,
  listing: { id, assetClass: 'equity', mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' },
});

it('rests after each series', async () => {
  const symbols = ['ONE', 'TWO', 'THREE', 'FOUR'];
  const of = { runId: randomUUID(), part: 0, attempt: 1, sourceId: 'yahoo', job: 'daily-bars', kind: 'bars' as const };
  const blobKey = rawBlobKey({ ...of, createdAt: fetched });
  const rawStore = memoryRawStore();
  await rawStore.put(blobKey, { version: 1, ...of, createdAt: fetched, exchanges: symbols.map(chart) });
  const aliases = new Map(symbols.map((symbol, index) => [symbol, [aliasOf(index + 1)]]));
  let rests = 0;
  let decision: Decision | null = null;
  const ingest = ingestBlobs({
    rawStore,
    queue: memoryMessageQueue(),
    store: {
      standing: async () => ({ running: true, clock: fetchedAt, epoch: 'one' }),
      members: async () => null,
      aliases: async () => aliases,
      register: async () => new Map(),
      openCurrencies: async () => new Map(),
      moveVenues: async () => ({ aliases: new Map(), findings: [] }),
      judgeNames: async () => ({ aliases: new Map(), findings: [] }),
      async store(_header, _listingIds, decide) {
        const rest = async () => void rests++;
        decision = await decide({ priors: new Map(), rest });
        return { batchId: '1', repeated: false, urgent: false, accepted: 0, rejected: 0, written: 0, revised: 0 };
      },
    },
  });
  await ingest({ blobKey, ...of });
  expect(decision).toMatchObject({ bars: symbols.map((symbol) => ({ symbol })) });
  expect(rests).toBeGreaterThanOrEqual(symbols.length);
});
