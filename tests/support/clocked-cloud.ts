import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import type { Exchange } from '../../core/contracts/blob.ts';
import { type FetchedAnswers, fetchAnswers } from './ingest-answers.ts';
import { memoryStores, type Pipeline, type PipelineOptions, type PipelineStores } from './pipeline.ts';
import { type OpenWorld, openWorld } from './world.ts';

/** A row of Yahoo's quote route, as far as a test cares. */
export interface QuotedRow {
  readonly symbol: string;
  readonly price: number;
  /** When the market said it, in milliseconds since the epoch. */
  readonly asOf: number;
}

/** An answer of Yahoo's quote route. `fetchedAt` in milliseconds since the epoch. */
export function quotesAnswer(rows: readonly QuotedRow[], fetchedAt: number, status = 200): Exchange {
  const result = rows.map(({ symbol, price, asOf }) => ({
    symbol,
    quoteType: 'EQUITY',
    exchange: 'NMS',
    currency: 'USD',
    regularMarketPrice: price,
    regularMarketTime: asOf / 1000,
  }));
  const body = status === 200 ? JSON.stringify({ quoteResponse: { result, error: null } }) : 'no';
  return {
    request: { method: 'GET', url: 'https://example.test/', headers: {}, symbols: rows.map((row) => row.symbol) },
    response: { status, headers: {}, body, truncated: false },
    error: null,
    fetchedAt: new Date(fetchedAt).toISOString(),
    latencyMs: 10,
  };
}

export interface ClockedCloud {
  readonly world: OpenWorld;
  readonly stores: PipelineStores;
  /** The stages, each a container that stays warm. */
  readonly stages: Pipeline;
  /** Moves the clock of the use cases and of the database by so many milliseconds, or to an instant. */
  pass(ms: number): number;
  set(to: number): void;
  now(): number;
  /** A task whose attempt has fetched these rows now, and kept them. Nothing of it is queued. */
  fetch(rows: readonly QuotedRow[], status?: number): Promise<FetchedAnswers>;
  all(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
}

/**
 * A world whose clock stands where the test sets it, database included. Each test begins at `start`, with an empty
 * database, and the invariants are checked after it.
 */
export function useClockedCloud(start: string, options: Partial<PipelineOptions> = {}): ClockedCloud {
  const begin = Date.parse(start);
  let opened: OpenWorld | undefined;
  let stores = memoryStores();
  let stages: Pipeline | undefined;
  let clock = begin;

  const world = () => {
    if (!opened) throw new Error('The world is there in tests and hooks only.');
    return opened;
  };
  const set = (to: number) => {
    clock = to;
    world().setClock(new Date(to));
  };
  const made = () => (stages ??= world().pipeline({ stores, ...options }));

  beforeAll(async () => {
    opened = await openWorld({ now: new Date(begin) });
  });
  afterAll(() => opened?.stop());
  beforeEach(async () => {
    await world().empty();
    stores = memoryStores();
    stages = undefined;
    set(begin);
    // The clock is set when the next call of the world is answered.
    await world().database.query('SELECT 1');
  });

  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail') await world().invariant();
  });

  return {
    get world() {
      return world();
    },
    get stores() {
      return stores;
    },
    get stages() {
      return made();
    },
    pass(ms) {
      set(clock + ms);
      return clock;
    },
    set,
    now: () => clock,
    async fetch(rows, status) {
      // Once the database's clock is set, too.
      await world().database.query('SELECT 1');
      const blob = { source: 'yahoo', kind: 'quotes', exchanges: [quotesAnswer(rows, clock, status)] } as const;
      return fetchAnswers(blob, { pool: world().pool, stages: made(), stores, now: clock });
    },
    all: async (text, values = []) => (await world().database.query(text, values)).rows,
  };
}
