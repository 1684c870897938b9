/** Events that a test writes and publishes by itself. */
import { randomUUID } from 'node:crypto';
import { publish } from '../../core/adapters/postgres/database/outbox.ts';
import { inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import type { NewEvent } from '../../core/contracts/events/event.ts';
import { localInstallation } from '../../core/contracts/installation.ts';
import { relayEvents as relay } from '../../core/runtime/relay-events.ts';

/** Writes events to the outbox in a transaction, which ends after `waitMs`. */
export const tellEvents = (pool: Pool, events: readonly NewEvent[], waitMs = 0) =>
  inTransaction(pool, async (db) => {
    publish(db, events);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  });

/** Publishes what waits on a topic that takes everything. */
export const relayEvents = (pool: Pool, now: () => number = Date.now) =>
  relay(now() + 60_000, {
    state: postgresState(pool),
    transport: { atOnce: 500, send: async (events) => ({ sent: events.map(({ id }) => id), failures: [] }) },
    installation: localInstallation,
    holder: randomUUID(),
    now,
  });

export const incident = (sourceId: string, count: number): NewEvent => ({
  type: 'incident.opened',
  data: { incidentId: randomUUID(), sourceId, reason: 'down', count, at: new Date().toISOString() },
});
const batch = { batchId: '1', runId: randomUUID(), part: 0, blobKey: 'raw/x', parserVersion: '1' };
export const quotes = (sourceId: string, ...symbols: string[]): NewEvent => ({
  type: 'quotes.stored',
  data: {
    ...batch,
    sourceId,
    block: 0,
    rows: symbols.map((symbol, at) => ({
      listingId: at + 1,
      symbol,
      asOf: '2026-11-20T14:30:00.000Z',
      asOfBasis: 'exchange' as const,
      fetchedAt: '2026-11-20T14:30:01.000Z',
      price: '1.5',
      previousClose: null,
      bid: null,
      ask: null,
      volume: null,
      currency: 'USD',
      session: null,
      delaySeconds: null,
      provisional: false,
    })),
  },
});
export const disputed = (sourceId: string): NewEvent => ({
  type: 'price.disputed',
  data: { sourceId, block: 0, listingId: 1, symbol: 'AAPL', spread: '0.1', candidates: 2 },
});
