import { expect, it } from 'vitest';
import { z } from 'zod';
import { eventSchema } from '../../../core/contracts/events/event.ts';
import { dataOfStored, storedQuotes } from '../../../core/events/quote-columns.ts';
import type { ListedQuote } from '../../../core/market/listed-quote.ts';

const fetchedAt = Date.parse('2026-11-30T15:00:01.250Z');
const listing = {
  id: 7,
  assetClass: 'equity',
  mic: 'XNAS',
  currency: 'USD',
  minorFactor: 1,
  zone: 'America/New_York',
} as const;
const row: ListedQuote = {
  listing,
  symbol: 'AAPL',
  path: 'exchanges[0] AAPL',
  fetchedAt,
  quote: {
    price: '129.04',
    previousClose: '128.5',
    bid: '129.03',
    ask: '129.05',
    volume: '1000000000000000000001',
    currency: 'USD',
    minorFactor: 1,
    session: 'regular',
    delaySeconds: 900,
    asOf: fetchedAt - 1_250,
    asOfBasis: 'exchange',
  },
};
/** All that a quote may lack. */
const lacks = { previousClose: null, bid: null, ask: null, volume: null, session: null, delaySeconds: null };
const bare: ListedQuote = {
  ...row,
  listing: { ...listing, id: 8 },
  provisional: true,
  fetchedAt: fetchedAt + 1,
  quote: {
    ...row.quote,
    ...lacks,
    currency: 'E"R',
    asOfBasis: 'fetched',
  },
};

const data = {
  ...{ batchId: '1', sourceId: 'yahoo', runId: '00000000-0000-4000-8000-000000000000', part: 0 },
  ...{ blobKey: 'k', parserVersion: '1', origin: 'live' as const, block: 0 },
};
const counts = { accepted: 3, rejected: 0, written: 3, revised: 0 };

/** As followers get them. */
function followed(quotes: readonly ListedQuote[], symbols: readonly string[]): unknown {
  const stored: unknown = JSON.parse(storedQuotes({ type: 'quotes.stored', data, counts, quotes, symbols }));
  return JSON.parse(dataOfStored(stored)?.text ?? '{}');
}

it('rows of quotes are JSON of the schema of their event, whatever is missing and whatever a symbol holds', () => {
  const told = followed([row, bare, row], ['AAPL', 'A"\\\n', 'AAPL']);
  const whole = {
    listingId: 7,
    symbol: 'AAPL',
    asOf: '2026-11-30T15:00:00.000Z',
    asOfBasis: 'exchange',
    fetchedAt: '2026-11-30T15:00:01.250Z',
    price: '129.04',
    previousClose: '128.5',
    bid: '129.03',
    ask: '129.05',
    volume: '1000000000000000000001',
    currency: 'USD',
    session: 'regular',
    delaySeconds: 900,
    provisional: false,
  };
  const lacking = {
    ...whole,
    ...{ listingId: 8, symbol: 'A"\\\n', asOfBasis: 'fetched', fetchedAt: '2026-11-30T15:00:01.251Z' },
    ...lacks,
    ...{ currency: 'E"R', provisional: true },
  };
  expect(told).toEqual({ ...data, rows: [whole, lacking, whole] });
  const event = { type: 'quotes.stored', data: told };
  expect(eventSchema.parse(event)).toEqual(event);
  // Of one row, all columns hold one value.
  expect(followed([bare], ['A"\\\n'])).toEqual({ ...data, rows: [lacking] });
});

it('what is not whole is no event: columns of different lengths, and decimals that are none', () => {
  const stored = z
    .looseObject({ columns: z.looseObject({}) })
    .parse(JSON.parse(storedQuotes({ type: 'quotes.stored', data, counts, quotes: [row, bare], symbols: ['A', 'B'] })));
  const changed = (columns: object) => ({ ...stored, columns: { ...stored.columns, ...columns } });
  expect(dataOfStored(changed({}))).not.toBeNull();
  for (const columns of [{ symbol: ['A'] }, { price: ['1', '2', '3'] }, { price: '1","x":"' }, { listingId: [] }])
    expect(dataOfStored(changed(columns)), JSON.stringify(columns)).toBeNull();
});

it('times of quotes are written as they are everywhere, on both sides of a minute and of the epoch', () => {
  const times = [0, -1, 59_999, 60_000, -60_000, -60_001, 61_007, fetchedAt, fetchedAt - 1_251, 253_402_300_800_000];
  const quotes = times.map((asOf) => ({ ...row, fetchedAt: asOf, quote: { ...row.quote, asOf } }));
  const { rows } = z
    .object({ rows: z.array(z.object({ asOf: z.string(), fetchedAt: z.string() })) })
    .parse(followed(quotes, times.map(String)));
  const written = times.map((time) => new Date(time).toISOString());
  expect(rows.map(({ asOf }) => asOf)).toEqual(written);
  expect(rows.map((each) => each.fetchedAt)).toEqual(written);
});
