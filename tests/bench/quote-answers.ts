import { packBlob } from '../../core/adapters/s3/pack-blob.ts';
import type { BlobEnvelope, Exchange } from '../../core/contracts/blob.ts';
import type { IngestMessage } from '../../core/contracts/messages.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { yahooParser } from '../../core/sources/yahoo/parse.ts';

/** Symbols of the universe: all of them make one tick. */
export const universe = 20_000;
const symbolsPerRequest = 50;

/** What a tick is made of: the same number gives the same prices. */
export interface QuoteTick {
  readonly messages: readonly IngestMessage[];
  readonly blobs: readonly Buffer[];
  /** The same rows, for COPY. */
  readonly rows: readonly TickRow[];
}

export interface TickRow {
  readonly symbol: number;
  readonly asOf: number;
  readonly price: string;
  readonly previousClose: string;
  readonly bid: string;
  readonly ask: string;
  readonly volume: string;
  readonly fetchedAt: number;
}

export function symbolOf(index: number): string {
  return `S${String(index).padStart(5, '0')}`;
}

/** One tick of the whole universe, or of its first `symbols`: gzip blobs as the scraper makes them, and the rows in them. */
export async function makeTick(
  tick: number,
  startsAt: number,
  quotesPerBlob: number,
  symbols = universe,
): Promise<QuoteTick> {
  const fetchedAt = startsAt + tick * 60_000;
  const messages: IngestMessage[] = [];
  const blobs: Buffer[] = [];
  const rows: TickRow[] = [];
  const createdAt = new Date(fetchedAt).toISOString();
  const runId = runIdOf({ sourceId: 'yahoo', job: 'quotes', trigger: 'schedule', slot: createdAt });
  for (let from = 0, part = 0; from < symbols; from += quotesPerBlob, part++) {
    const task = Array.from({ length: Math.min(quotesPerBlob, symbols - from) }, (_, index) => from + index);
    const taskRows = task.map((symbol) => rowOf(symbol, tick, fetchedAt));
    rows.push(...taskRows);
    const exchanges: Exchange[] = [];
    for (let at = 0; at < taskRows.length; at += symbolsPerRequest)
      exchanges.push(exchangeOf(taskRows.slice(at, at + symbolsPerRequest), createdAt));
    const of = { sourceId: 'yahoo', runId, part, attempt: 1, job: 'quotes', kind: 'quotes' as const };
    const envelope: BlobEnvelope = { version: 1, ...of, createdAt, exchanges };
    messages.push({ ...of, blobKey: rawBlobKey({ ...of, createdAt }) });
    blobs.push(await packBlob(envelope));
  }
  return { messages, blobs, rows };
}

/** Each symbol's own price. */
export function basePriceOf(symbol: number): number {
  return 5 + ((symbol * 7919) % 49_500) / 100;
}

function rowOf(symbol: number, tick: number, fetchedAt: number): TickRow {
  // A walk that never leaves the checks: a few per mille around each symbol's own price.
  const base = basePriceOf(symbol);
  const cents = (value: number) => String(Math.round(value * 100) / 100);
  const price = base * (1 + Math.sin(symbol + tick / 7) * 0.02);
  return {
    symbol,
    asOf: fetchedAt - 1_000 - (symbol % 50) * 1_000,
    price: cents(price),
    previousClose: cents(base),
    bid: cents(price * 0.999),
    ask: cents(price * 1.001),
    volume: String(100_000 + ((symbol * 104_729 + tick * 997) % 40_000_000)),
    fetchedAt,
  };
}

/** An answer to the request that the parser makes, with the fields that Yahoo sends unasked. */
function exchangeOf(rows: readonly TickRow[], fetchedAt: string): Exchange {
  const symbols = rows.map((row) => symbolOf(row.symbol));
  const request = yahooParser.requests({ kind: 'quotes', job: 'quotes', symbols, now: Date.parse(fetchedAt) })[0];
  const result = rows.map((row) => ({
    language: 'en-US',
    region: 'US',
    quoteType: 'EQUITY',
    typeDisp: 'Equity',
    quoteSourceName: 'Nasdaq Real Time Price',
    triggerable: true,
    customPriceAlertConfidence: 'HIGH',
    shortName: `Company ${row.symbol} Inc.`,
    longName: `Company ${row.symbol} Incorporated`,
    currency: 'USD',
    exchange: 'NMS',
    fullExchangeName: 'NasdaqGS',
    market: 'us_market',
    marketState: 'REGULAR',
    exchangeTimezoneName: 'America/New_York',
    exchangeTimezoneShortName: 'EST',
    gmtOffSetMilliseconds: -18_000_000,
    esgPopulated: false,
    tradeable: false,
    cryptoTradeable: false,
    hasPrePostMarketData: true,
    firstTradeDateMilliseconds: 345_479_400_000,
    priceHint: 2,
    sourceInterval: 15,
    exchangeDataDelayedBy: 0,
    regularMarketPrice: Number(row.price),
    regularMarketTime: row.asOf / 1000,
    regularMarketPreviousClose: Number(row.previousClose),
    regularMarketVolume: Number(row.volume),
    bid: Number(row.bid),
    ask: Number(row.ask),
    symbol: symbolOf(row.symbol),
  }));
  return {
    request: {
      method: 'GET',
      url: `https://query2.finance.yahoo.com${request?.path}?${new URLSearchParams(request?.query)}`,
      headers: { accept: 'application/json' },
      symbols,
    },
    response: {
      status: 200,
      headers: { 'content-type': 'application/json;charset=utf-8' },
      body: JSON.stringify({ quoteResponse: { result, error: null } }),
      truncated: false,
    },
    error: null,
    fetchedAt,
    latencyMs: 120,
  };
}
