import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom } from 'pg-copy-streams';
import { z } from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { startTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { type Containers, containerCount, startContainers } from './containers.ts';
import { makeTick, type QuoteTick, symbolOf, type TickRow, universe } from './quote-answers.ts';

export interface IngestResult {
  readonly quotes: number;
  readonly blobs: number;
  readonly quotesPerBlob: number;
  /** Each with one connection. */
  readonly containers: number;
  readonly copyRowsPerSecond: number;
  readonly ingestRowsPerSecond: number;
  readonly ratio: number;
  /** The same blobs again: rows per second, and how many rows they added. */
  readonly replayRowsPerSecond: number;
  readonly replayAddedRows: number;
}

const startsAt = Date.UTC(2026, 10, 20, 14, 30);

/** Ingest beside COPY, for each size: the median of `rounds(size)` runs of both, one after the other. */
export async function benchIngest(
  sizes: readonly number[],
  quotesPerBlob: number,
  rounds: (size: number) => number,
  report: (line: string) => void,
): Promise<IngestResult[]> {
  const database = await startTestDatabase(new Date(startsAt));
  const containers = startContainers(database.url);
  try {
    const pool = database.pool(1);
    await prepare(pool, containers, quotesPerBlob);
    const results: IngestResult[] = [];
    for (const size of sizes) {
      report(`  making ${size.toLocaleString('en')} quotes`);
      const listingOf = await listings(pool);
      const ticks: Load[] = [];
      for (let made = 0; made < size; made += universe) {
        const { rows, ...tick } = await makeTick(
          ticks.length + 1,
          startsAt,
          quotesPerBlob,
          Math.min(universe, size - made),
        );
        ticks.push({ ...tick, copy: copyText(rows, listingOf) });
      }
      const runs: IngestResult[] = [];
      for (let round = 0; round < rounds(size); round++) {
        const copy = await timeCopy(database, ticks, size);
        runs.push(await timeIngest(pool, containers, quotesPerBlob, ticks, size, copy));
      }
      runs.sort((a, b) => a.ratio - b.ratio);
      const median = runs[Math.floor(runs.length / 2)];
      if (median) results.push(median);
    }
    return results;
  } finally {
    await containers.stop();
    await database.stop();
  }
}

/** Registers the universe, which happens once in a symbol's life, warms the containers up, and makes the table that COPY writes to. */
async function prepare(pool: Pool, containers: Containers, quotesPerBlob: number): Promise<void> {
  for (const tick of [-3, -2, -1, 0]) await ingestAll(containers, [await makeTick(tick, startsAt, quotesPerBlob)]);
  await pool.query('CREATE TABLE quote_copy (LIKE quote INCLUDING ALL) PARTITION BY RANGE (as_of)');
  await pool.query(`DO $$ DECLARE part record; BEGIN
    FOR part IN SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bound
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'quote'::regclass
    LOOP EXECUTE format('CREATE TABLE %I PARTITION OF quote_copy %s', 'copy_' || part.name, part.bound); END LOOP; END $$`);
  await pool.query('VACUUM ANALYZE');
}

/** A tick as both ways take it, in buffers: a million row objects would cost the collector more than the work itself. */
interface Load extends Pick<QuoteTick, 'messages' | 'blobs'> {
  readonly copy: Buffer;
}

function copyText(rows: readonly TickRow[], listingOf: ReadonlyMap<string, number>): Buffer {
  const lines = rows.map((row) => {
    const [asOf, fetchedAt] = [row.asOf, row.fetchedAt].map((time) => new Date(time).toISOString());
    const { price, previousClose, bid, ask, volume } = row;
    const numbers = [price, previousClose, bid, ask, volume].join('\t');
    return `${listingOf.get(symbolOf(row.symbol))}\tyahoo\t${asOf}\t${numbers}\tUSD\t1\tregular\t0\texchange\t${fetchedAt}\t1\n`;
  });
  return Buffer.from(lines.join(''));
}

async function timeCopy(database: TestDatabase, ticks: readonly Load[], size: number): Promise<number> {
  const pool = database.pool(1);
  await pool.query('TRUNCATE quote_copy');
  await pool.query('CHECKPOINT');
  const client = await pool.connect();
  const started = performance.now();
  await pipeline(
    Readable.from(ticks.map((tick) => tick.copy)),
    client.query(
      copyFrom(
        `COPY quote_copy (listing_id, source, as_of, price, previous_close, bid, ask, volume, currency, minor_factor,
           session, delay_seconds, as_of_basis, fetched_at, batch_id) FROM STDIN`,
      ),
    ),
  );
  const seconds = (performance.now() - started) / 1000;
  client.release();
  await requireCount(pool, 'quote_copy', size);
  return size / seconds;
}

async function timeIngest(
  pool: Pool,
  containers: Containers,
  quotesPerBlob: number,
  ticks: readonly Load[],
  size: number,
  copyRowsPerSecond: number,
): Promise<IngestResult> {
  // What a running service has: a latest row of each symbol, from the tick before. The tables themselves are empty.
  await pool.query('TRUNCATE quote, quote_revision, latest_quote, outbox, quarantine, batch_statistics, batch CASCADE');
  await ingestAll(containers, [await makeTick(0, startsAt, quotesPerBlob)]);
  await pool.query('TRUNCATE quote, outbox, quarantine, batch_statistics, batch CASCADE');
  await pool.query('CHECKPOINT');
  const seconds = await ingestAll(containers, ticks);
  await requireCount(pool, 'quote', size);
  await requireCount(pool, 'latest_quote', universe);
  const replay = await ingestAll(containers, ticks);
  const after = await count(pool, 'quote');
  const blobs = ticks.reduce((sum, tick) => sum + tick.blobs.length, 0);
  return {
    quotes: size,
    blobs,
    quotesPerBlob: Math.min(quotesPerBlob, size),
    containers: containerCount,
    copyRowsPerSecond: Math.round(copyRowsPerSecond),
    ingestRowsPerSecond: Math.round(size / seconds),
    ratio: size / seconds / copyRowsPerSecond,
    replayRowsPerSecond: Math.round(size / replay),
    replayAddedRows: after - size,
  };
}

/** Reads all blobs of some ticks. Gives the seconds it took. */
async function ingestAll(
  containers: Containers,
  ticks: readonly Pick<QuoteTick, 'messages' | 'blobs'>[],
): Promise<number> {
  return containers.ingest(
    ticks.flatMap(({ messages, blobs }) =>
      messages.flatMap((message, index) => {
        const blob = blobs[index];
        return blob ? [{ message, blob }] : [];
      }),
    ),
  );
}

const countRow = z.object({ count: z.coerce.number() });

async function count(pool: Pool, table: string): Promise<number> {
  const { rows } = await pool.query(`SELECT count(*) FROM ${table}`);
  return countRow.parse(rows[0]).count;
}

async function requireCount(pool: Pool, table: string, expected: number): Promise<void> {
  const found = await count(pool, table);
  if (found !== expected)
    throw new Error(`Table ${table} has ${found} rows after the load, not ${expected}: the figure would mean nothing.`);
}

const aliasRow = z.object({ symbol: z.string(), listing_id: z.int() });

async function listings(pool: Pool): Promise<Map<string, number>> {
  const { rows } = await pool.query("SELECT symbol, listing_id FROM symbol_alias WHERE namespace = 'yahoo'");
  return new Map(rows.map((row) => aliasRow.parse(row)).map((row) => [row.symbol, row.listing_id]));
}
