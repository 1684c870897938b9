import * as z from 'zod';
import { chunked } from '../../../contracts/chunked.ts';
import { mostRows } from '../../../contracts/events/event.ts';
import type { WatchChange } from '../../../contracts/events/words.ts';
import type { WatchedSymbol, WatchList } from '../../../planning/watch-list.ts';
import { texts } from '../database/array-literal.ts';
import { publish } from '../database/outbox.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { onlyRow, rowsOf } from '../database/rows.ts';

/**
 * Whether a source does not have what `w` is: it never had it, or for more than a day. A symbol that an answer leaves out
 * now and then is not unknown for that.
 */
export const isUnknown =
  "(w.missing_since IS NOT NULL AND (w.found_at IS NULL OR w.missing_since < now() - interval '1 day'))";

/** Waits until nobody else changes the list; until the transaction ends. */
export async function lockWatch(db: Connection): Promise<void> {
  await db.query(`SELECT pg_advisory_xact_lock(hashtextextended('watch', 0))`);
}

const listRow = z.object({
  sourceId: z.string(),
  symbols: z.array(z.string()),
  sourceSymbols: z.array(z.string()),
  found: z.array(z.boolean()),
  unproven: z.array(z.boolean()),
});

/** What is collected, by source. */
export async function readWatchList(db: Connection | Pool): Promise<WatchList> {
  const result = await db.query({
    name: 'watch-list',
    text: `SELECT w.source_id AS "sourceId", array_agg(w.symbol ORDER BY w.place) AS symbols,
                  array_agg(w.source_symbol ORDER BY w.place) AS "sourceSymbols",
                  array_agg(w.found_at IS NOT NULL ORDER BY w.place) AS found,
                  array_agg(${isUnknown} OR (w.found_at IS NULL AND w.run_id IS NOT NULL) ORDER BY w.place) AS unproven
           FROM watch w GROUP BY w.source_id`,
  });
  return new Map(
    rowsOf(listRow, result).map(({ sourceId, symbols, sourceSymbols, found, unproven }) => [
      sourceId,
      symbols.map(
        (symbol, at): WatchedSymbol => ({
          symbol,
          sourceSymbol: sourceSymbols[at] ?? symbol,
          found: found[at] ?? false,
          unproven: unproven[at] ?? false,
        }),
      ),
    ]),
  );
}

/** Rows of the list, in order. Those that are on it, or whose name at the source another symbol has, stay as they are. */
export async function insertWatched(
  db: Connection,
  rows: readonly { readonly symbol: string; readonly sourceId: string; readonly sourceSymbol: string }[],
  now: Date,
): Promise<void> {
  await db.query(
    `INSERT INTO watch (symbol, source_id, source_symbol, added_at)
     SELECT symbol, source_id, source_symbol, $4
     FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS w (symbol, source_id, source_symbol, place)
     ORDER BY place ON CONFLICT DO NOTHING`,
    [
      texts(rows.map((row) => row.symbol)),
      texts(rows.map((row) => row.sourceId)),
      texts(rows.map((row) => row.sourceSymbol)),
      now,
    ],
  );
}

/** Publishes what happened to rows of the list, by source. */
export function publishWatched(
  db: Connection,
  change: WatchChange,
  rows: readonly { readonly symbol: string; readonly sourceId: string; readonly sourceSymbol: string }[],
): void {
  for (const [sourceId, own] of Map.groupBy(rows, ({ sourceId: id }) => id))
    publish(
      db,
      chunked(own, mostRows).map((some) => ({
        type: 'watch.changed',
        data: { sourceId, change, symbols: some.map(({ symbol, sourceSymbol }) => ({ symbol, sourceSymbol })) },
      })),
    );
}

const startRow = z.object({ sourceId: z.string() });
const countRow = z.object({ count: z.int() });

/** What the start of the list came to. */
export interface WatchStart {
  /** Sources whose first symbols were put on the list now. */
  readonly started: readonly string[];
  /** Symbols on the list. */
  readonly count: number;
}

/**
 * Puts the first symbols of each source on the list, once in the life of the database: what a person takes off later does
 * not come back with the next start, and a source that a later release brings begins with its own.
 */
export function startWatchList(pool: Pool, first: WatchList, now: Date): Promise<WatchStart> {
  return inTransaction(pool, async (db) => {
    await lockWatch(db);
    const result = await db.query(
      `INSERT INTO watch_start (source_id, started_at) SELECT source_id, $2 FROM unnest($1::text[]) AS s (source_id)
       ON CONFLICT DO NOTHING RETURNING source_id AS "sourceId"`,
      [texts([...first.keys()]), now],
    );
    const started = rowsOf(startRow, result).map(({ sourceId }) => sourceId);
    const rows = started.flatMap((sourceId) =>
      (first.get(sourceId) ?? []).map(({ symbol, sourceSymbol }) => ({ symbol, sourceId, sourceSymbol })),
    );
    if (rows.length > 0) await insertWatched(db, rows, now);
    const counted = await db.query('SELECT count(DISTINCT symbol)::int AS count FROM watch');
    return { started, count: onlyRow(countRow, counted).count };
  });
}

/**
 * SQL: notes which watched symbols a source has, and which it has not, by placeholders of the source and of two arrays. It
 * writes a row only where that is news. What is both found and missing is missing.
 */
export function noteSeenText(sourceId: string, found: string, missing: string): string {
  const isMissing = `source_symbol = ANY (${missing}::text[])`;
  return `UPDATE watch SET found_at = CASE WHEN ${isMissing} THEN found_at ELSE coalesce(found_at, now()) END,
                           missing_since = CASE WHEN ${isMissing} THEN now() END
          WHERE source_id = ${sourceId} AND source_symbol = ANY (${found}::text[] || ${missing}::text[])
            AND CASE WHEN missing_since IS NULL THEN found_at IS NULL OR ${isMissing} ELSE NOT ${isMissing} END
          RETURNING symbol, source_symbol AS "sourceSymbol", ${isMissing} AS missing`;
}

const seenRow = z.object({ symbol: z.string(), sourceSymbol: z.string(), missing: z.boolean() });

/** Publishes what `noteSeenText` gave. */
export function publishSeen(db: Connection, sourceId: string, result: { readonly rows: readonly unknown[] }): void {
  const seen = rowsOf(seenRow, result).map((row) => ({ ...row, sourceId }));
  for (const change of ['found', 'missing'] as const)
    publishWatched(
      db,
      change,
      seen.filter(({ missing }) => missing === (change === 'missing')),
    );
}

const periodRow = z.object({ sourceId: z.string(), job: z.string(), seconds: z.int() });

/** How long what was read of the periods is used: they change when the list does. */
const periodsForMs = 2_000;

/** The planner's periods, from Postgres; read at most each two seconds. */
export function plannedPeriods(pool: Pool): (now: number) => Promise<ReadonlyMap<string, number>> {
  let last: { readonly at: number; readonly periods: ReadonlyMap<string, number> } | null = null;
  return async (now) => {
    if (last && Math.abs(now - last.at) < periodsForMs) return last.periods;
    const result = await pool.query({
      name: 'planned-periods',
      text: `SELECT source_id AS "sourceId", job,
                    CASE WHEN period_since > $1::timestamptz - 3 * former_period_seconds * interval '1 second'
                         THEN greatest(period_seconds, former_period_seconds) ELSE period_seconds END AS seconds
             FROM planner_state WHERE period_seconds IS NOT NULL`,
      values: [new Date(now)],
    });
    const periods = new Map(
      rowsOf(periodRow, result).map(({ sourceId, job, seconds }) => [`${sourceId}/${job}`, seconds]),
    );
    last = { at: now, periods };
    return periods;
  };
}
