import type { Exchange } from '../../core/contracts/blob.ts';
import { type OpenWorld, openWorld } from './world.ts';

/** An answer of Yahoo with one row of a quote, fetched at an instant in milliseconds since the epoch. */
export function yahooQuote(row: { readonly symbol: string; readonly [field: string]: unknown }, at: number): Exchange {
  return {
    request: { method: 'GET', url: 'https://upstream.example/', headers: {}, symbols: [row.symbol] },
    response: {
      status: 200,
      headers: {},
      truncated: false,
      body: JSON.stringify({ quoteResponse: { result: [row], error: null } }),
    },
    error: null,
    fetchedAt: new Date(at).toISOString(),
    latencyMs: 12,
  };
}

/** Runs a test in a world of its own, which is stopped whatever becomes of it. `invariant: false` leaves its check out. */
export async function inWorld(test: (world: OpenWorld) => Promise<void>, invariant = true): Promise<void> {
  const world = await openWorld();
  try {
    await test(world);
    if (invariant) await world.invariant();
  } finally {
    await world.stop();
  }
}

/** The data of the events on listings that changed. */
export async function listingChanges(world: OpenWorld): Promise<unknown[]> {
  const { rows } = await world.database.query("SELECT data FROM outbox WHERE type = 'listing.changed'");
  return rows.map((row) => row['data']);
}
