import type { BlobEnvelope, Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';

/** Sources of the load. Both speak Yahoo's format; only the first is in the catalogue, so it ranks higher. */
export const sources = ['yahoo', 'other'] as const;
export const symbols = 60;
const symbolsPerBlob = 30;

export interface LoadedBlob {
  /** Of its run. */
  readonly slot: string;
  readonly message: IngestMessage;
  readonly envelope: BlobEnvelope;
  /** What must become of it, in whatever order it comes: rows for the tables, as [symbol, market time, price, fetched at]. */
  readonly good: readonly (readonly [string, number, number, number])[];
  /** Rows that are not served. */
  readonly bad: number;
}

export const startsAt = Date.UTC(2026, 10, 20, 12);

/**
 * Blobs of two sources over `ticks` minutes. Each tick is fetched twice, the second time with other prices for the same
 * market time (a revision) in every third symbol. In ten of the ticks one row in ten of the first source is in the wrong
 * unit; one blob in ten is a 429.
 */
export function makeLoad(ticks: number): LoadedBlob[] {
  const blobs: LoadedBlob[] = [];
  for (let tick = 0; tick < ticks; tick++)
    for (const source of sources)
      for (const again of [0, 1])
        for (let from = 0; from < symbols; from += symbolsPerBlob) blobs.push(blob(tick, source, again, from));
  return blobs;
}

function blob(tick: number, sourceId: string, again: number, from: number): LoadedBlob {
  const marketTime = startsAt + tick * 60_000;
  const fetchedAt = marketTime + 2_000 + again * 20_000;
  const slot = `${tick}-${again}-${from}`;
  const runId = runIdOf({ sourceId, job: 'quotes', trigger: 'schedule', slot });
  const asked = Array.from({ length: symbolsPerBlob }, (_, index) => `C${from + index}`);
  const refused = (tick * 7 + again * 3 + from) % 10 === 0;
  const rows = asked.map((symbol, index) => {
    const number = from + index;
    const price = 100 + number + (tick % 10) / 10 + (again && number % 3 === 0 ? 0.05 : 0);
    // Of one source, at one market time of a symbol, after its price has settled: both sources, or a first price in that
    // unit and its second fetch, would speak for it, and the order of the messages would decide.
    const wrongUnit = sourceId === sources[0] && tick >= 5 && tick < 15 && (number + tick) % 10 === 0;
    return { symbol, price: wrongUnit ? price * 100 : price, wrongUnit, previousClose: 100 + number };
  });
  const body = {
    quoteResponse: {
      result: rows.map((row) => ({
        symbol: row.symbol,
        quoteType: 'EQUITY',
        exchange: 'NMS',
        currency: 'USD',
        regularMarketPrice: row.price,
        regularMarketPreviousClose: row.previousClose,
        regularMarketTime: marketTime / 1000,
      })),
      error: null,
    },
  };
  const exchange: Exchange = {
    request: { method: 'GET', url: 'https://example.test/', headers: {}, symbols: asked },
    response: refused
      ? { status: 429, headers: {}, body: 'Too Many Requests', truncated: false }
      : { status: 200, headers: {}, body: JSON.stringify(body), truncated: false },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 5,
  };
  const createdAt = new Date(fetchedAt).toISOString();
  const of = { runId, part: 0, attempt: 1, sourceId, job: 'quotes', kind: 'quotes' as const };
  return {
    slot,
    message: { ...of, blobKey: rawBlobKey({ ...of, createdAt }) },
    envelope: { version: 1, ...of, createdAt, exchanges: [exchange] },
    good: refused
      ? []
      : rows.filter((row) => !row.wrongUnit).map((row) => [row.symbol, marketTime, row.price, fetchedAt] as const),
    bad: refused ? 0 : rows.filter((row) => row.wrongUnit).length,
  };
}
