import { expect, it } from 'vitest';
import { publish, setOrigin } from '../../core/adapters/postgres/database/outbox.ts';
import { inTransaction } from '../../core/adapters/postgres/database/pool.ts';
import { eventFeed } from '../../core/adapters/postgres/events/event-feed.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { mostRows, type QuotronEvent } from '../../core/contracts/events/event.ts';
import { eventsOfBatch, type StoredRows } from '../../core/events/of-batch.ts';
import { eventOf } from '../../core/events/outbox-row.ts';
import type { ListedQuote } from '../../core/market/listed-quote.ts';
import { relayEvents } from '../support/told-events.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld();

const runId = '6f6f1f8e-3a5e-4f0e-9a55-0d1f7c1b2a33';
const batch = { batchId: '7', sourceId: 'yahoo', runId, part: 0, blobKey: 'raw/a.json.gz', parserVersion: '9' };
const at = Date.UTC(2026, 10, 30, 14, 30, 0, 123);

function quoteOf(id: number, quote: Partial<ListedQuote['quote']> = {}, more: Partial<ListedQuote> = {}): ListedQuote {
  return {
    listing: {
      ...{ id, mic: 'XNAS', currency: 'USD', minorFactor: 1, zone: 'America/New_York' },
      assetClass: 'equity',
    },
    symbol: `S${id}`,
    quote: {
      ...{ price: '10.50', previousClose: '10.4', bid: '10.49', ask: '10.51', volume: '1200' },
      ...{ currency: 'USD', minorFactor: 1, session: 'regular', delaySeconds: 0, asOf: at, asOfBasis: 'exchange' },
      ...quote,
    },
    fetchedAt: at + 5_004,
    path: `exchanges[0] S${id}`,
    ...more,
  };
}

const endLease = () => world.pool.query("UPDATE lease SET expires_at = '-infinity' WHERE name = 'relay-events'");

async function told(rows: Partial<StoredRows>, symbolOf: (id: number) => string): Promise<QuotronEvent[]> {
  await world.pool.query('TRUNCATE outbox, relay_claim');
  const stored: StoredRows = {
    ...{ ...batch, kind: 'quotes', origin: 'live', held: true, actions: [], withdrawn: [], listingIds: [], span: null },
    counts: { accepted: 3, rejected: 1, written: 3, revised: 0 },
    quotes: { stored: [], revised: [] },
    bars: { stored: [], revised: [] },
    ...rows,
  };
  await inTransaction(world.pool, async (db) => {
    setOrigin(db, 'live');
    publish(db, eventsOfBatch(stored, symbolOf));
  });
  const { rows: events } = await world.pool.query('SELECT type, data FROM outbox ORDER BY id');
  return events.flatMap(({ type, data }) => eventOf(type, data) ?? []);
}

it('tells quotes as they came, whatever they lack and however they are written', async () => {
  const odd = quoteOf(2, {
    ...{ price: '-37.63', previousClose: null, bid: null, ask: null, volume: '27909466112000000000.0000001' },
    ...{ currency: 'GBP', minorFactor: 100, session: null, delaySeconds: null, asOfBasis: 'fetched' },
  });
  const first = quoteOf(1, { price: '0.00000010', asOf: 951_782_400_001 }, { provisional: true });
  const symbols = new Map([
    [1, 'A"B\\C{,}'],
    [2, 'NULL'],
  ]);
  const events = await told({ quotes: { stored: [odd, first], revised: [] } }, (id) => symbols.get(id) ?? '');
  expect(events.map(({ type }) => type)).toEqual(['quotes.stored', 'quarantine.added']);
  expect(events[0]?.data).toEqual({
    ...{ ...batch, origin: 'live', block: 0 },
    rows: [
      {
        ...{ listingId: 2, symbol: 'NULL', asOf: '2026-11-30T14:30:00.123Z', asOfBasis: 'fetched' },
        ...{ fetchedAt: '2026-11-30T14:30:05.127Z', price: '-37.63', previousClose: null, bid: null, ask: null },
        ...{ volume: '27909466112000000000.0000001', currency: 'GBP', session: null, delaySeconds: null },
        provisional: false,
      },
      {
        ...{ listingId: 1, symbol: 'A"B\\C{,}', asOf: '2000-02-29T00:00:00.001Z', asOfBasis: 'exchange' },
        ...{ fetchedAt: '2026-11-30T14:30:05.127Z', price: '0.00000010', previousClose: '10.4', bid: '10.49' },
        ...{ ask: '10.51', volume: '1200', currency: 'USD', session: 'regular', delaySeconds: 0, provisional: true },
      },
    ],
  });
});

it('keeps new quotes by column, of which relay and feed give the rows, with the key of their block', async () => {
  const rows = [quoteOf(201), quoteOf(202, { price: '11' })];
  const [event] = await told({ quotes: { stored: rows, revised: [] }, held: false }, (id) => `S${id}`);
  const wire: unknown = JSON.parse(JSON.stringify(event?.data));
  expect(wire).toMatchObject({ block: 1, rows: [{ symbol: 'S201' }, { symbol: 'S202', price: '11' }] });
  const { rows: kept } = await world.pool.query('SELECT key, data FROM outbox');
  expect(kept).toMatchObject([
    { key: 'yahoo', data: { columns: { listingId: [201, 202], price: ['10.50', '11'], currency: 'USD' } } },
  ]);
  const state = postgresState(world.pool);
  for (const asText of [true, false]) {
    await endLease();
    const claim = await state.call({ op: 'claimEvents', holder: 'test', token: null, limit: 10, asText });
    const [claimed] = claim.go ? claim.events : [];
    expect(claimed).toMatchObject({ type: 'quotes.stored', key: 'yahoo/1' });
    expect(asText ? JSON.parse(String(claimed?.data)) : claimed?.data).toEqual(wire);
  }
  // A `state` of the former release gives it as it is kept.
  expect(eventOf('quotes.stored', kept[0]?.data)?.data).toEqual(event?.data);
  await endLease();
  await relayEvents(world.pool);
  const { events } = await eventFeed(world.pool).after('0', 10);
  expect(events.at(-1)?.event).toEqual(event);
});

it('gives the relay no more rows than an answer holds, whatever room they take where they are kept', async () => {
  const many = Array.from({ length: 75 * mostRows }, (_, index) => quoteOf(index + 1));
  await told({ quotes: { stored: many, revised: [] }, held: false }, (id) => `S${id}`);
  await endLease();
  const claim = await postgresState(world.pool).call({
    ...{ op: 'claimEvents', holder: 'test', token: null, limit: 2_000, asText: true },
  });
  const characters = claim.go ? claim.events.reduce((sum, { data }) => sum + String(data).length, 0) : 0;
  expect(claim).toMatchObject({ more: true });
  expect(characters).toBeGreaterThan(1_000_000);
  expect(characters).toBeLessThanOrEqual(3_000_000);
  await endLease();
  expect(await relayEvents(world.pool)).toMatchObject({ published: 75, failures: [] });
});

it('is a batch without its rows to a release that does not know columns', async () => {
  await told({ quotes: { stored: [quoteOf(1)], revised: [] }, held: false }, (id) => `S${id}`);
  const { rows: kept } = await world.pool.query('SELECT data FROM outbox');
  // As that one reads it.
  const { columns: _unknown, ...data } = kept[0]?.data ?? {};
  expect(eventOf('quotes.stored', data)).toMatchObject({
    type: 'batch.completed',
    data: { batchId: '7', kind: 'quotes', origin: 'former_release', written: 3 },
  });
});

it('tells each block and each kind of change by itself, in order, with its own rows', async () => {
  const many = Array.from({ length: 2 * mostRows + 50 }, (_, index) => quoteOf(index + 1));
  const events = await told({ quotes: { stored: many, revised: many.slice(150, 250) }, held: false }, (id) => `S${id}`);
  const rowsOf = (event: QuotronEvent) => ('rows' in event.data ? event.data.rows.map((row) => row.symbol) : []);
  const symbols = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => `S${from + index}`);
  expect(events.map((event) => [event.type, rowsOf(event)])).toEqual([
    ['quotes.stored', symbols(1, 200)],
    ['quotes.stored', symbols(201, 400)],
    ['quotes.stored', symbols(401, 450)],
    ['quotes.revised', symbols(151, 200)],
    ['quotes.revised', symbols(201, 250)],
  ]);
});
