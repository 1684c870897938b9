import * as z from 'zod';
import type { WatchList } from '../../../planning/watch-list.ts';
import type { WatchedAt, WatchedEntry, WatchStore } from '../../../ports/watch-store.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { instant, onlyRow, rowsOf } from '../database/rows.ts';
import { whileUnchanged } from '../listings/list-changes.ts';
import { insertRun, newRun } from './runs.ts';
import { insertWatched, isUnknown, lockWatch, publishWatched, readWatchList } from './watch-list.ts';

const watchedRow = z.object({
  symbol: z.string(),
  sourceId: z.string(),
  sourceSymbol: z.string(),
  addedAt: instant,
  foundAt: instant.nullable(),
  missingSince: instant.nullable(),
  unknown: z.boolean(),
  runId: z.string().nullable(),
  ended: z.enum(['succeeded', 'failed']).nullable(),
  reason: z.string().nullable(),
  waitsUntil: instant.nullable(),
});

/** Rows of the list with the task of their first fetch, which is a run's only one. */
const watchedRows = `
  SELECT w.symbol, w.source_id AS "sourceId", w.source_symbol AS "sourceSymbol", w.added_at AS "addedAt",
         w.found_at AS "foundAt", w.missing_since AS "missingSince", ${isUnknown} AS unknown, w.run_id AS "runId",
         CASE WHEN t.finished_at IS NOT NULL THEN t.status END AS ended, t.reason, t.waits_until AS "waitsUntil"
  FROM watch w LEFT JOIN task t ON t.run_id = w.run_id AND t.part = 0`;

const removedRow = z.object({ symbol: z.string(), sourceId: z.string(), sourceSymbol: z.string() });
const countRow = z.object({ count: z.int() });
const underWayRow = z.object({ sourceId: z.string(), count: z.int() });

/** The watch list in Postgres. */
export function watchStore(pool: Pool): WatchStore {
  const kept = whileUnchanged<WatchList>(pool);
  return {
    list: () => kept('list', () => readWatchList(pool)),

    async page({ after, limit }) {
      const result = await pool.query({
        name: 'watch-page',
        // By its ends in the key: joined with the page's symbols, it may be sought by reading the whole list.
        text: `${watchedRows}
               WHERE w.symbol > $1 AND w.symbol <= (SELECT max(symbol) FROM (SELECT DISTINCT symbol FROM watch WHERE symbol > $1
                                                                              ORDER BY symbol LIMIT $2) p)
               ORDER BY w.symbol, w.source_id`,
        values: [after, limit],
      });
      return entriesOf(rowsOf(watchedRow, result));
    },

    one: (symbol) => readEntry(pool, symbol),

    count: () => countOf(pool),

    add: (symbol, now, decide) =>
      inTransaction(pool, async (db) => {
        await lockWatch(db);
        const underWay = await db.query(
          `SELECT w.source_id AS "sourceId", count(DISTINCT w.run_id)::int AS count
           FROM watch w JOIN task t ON t.run_id = w.run_id AND t.part = 0 WHERE t.finished_at IS NULL GROUP BY 1`,
        );
        const { added, runs } = decide({
          list: await readWatchList(db),
          count: await countOf(db),
          entry: await readEntry(db, symbol),
          underWay: new Map(rowsOf(underWayRow, underWay).map(({ sourceId, count }) => [sourceId, count])),
        });
        if (added.length > 0) {
          const rows = added.map((each) => ({ symbol, ...each }));
          await insertWatched(db, rows, now);
          publishWatched(db, 'added', rows);
        }
        for (const run of runs) {
          await insertRun(db, { ...newRun(run), plannedAt: now });
          await db.query('UPDATE watch SET run_id = $3 WHERE symbol = $1 AND source_id = $2', [
            symbol,
            run.sourceId,
            run.id,
          ]);
        }
      }),

    remove: (symbol) =>
      inTransaction(pool, async (db) => {
        await lockWatch(db);
        const removed = rowsOf(
          removedRow,
          await db.query(
            'DELETE FROM watch WHERE symbol = $1 RETURNING symbol, source_id AS "sourceId", source_symbol AS "sourceSymbol"',
            [symbol],
          ),
        );
        publishWatched(db, 'removed', removed);
        return removed.length > 0;
      }),
  };
}

async function countOf(db: Connection | Pool): Promise<number> {
  return onlyRow(countRow, await db.query('SELECT count(DISTINCT symbol)::int AS count FROM watch')).count;
}

async function readEntry(db: Connection | Pool, symbol: string): Promise<WatchedEntry | null> {
  const result = await db.query(`${watchedRows} WHERE w.symbol = $1 ORDER BY w.source_id`, [symbol]);
  return entriesOf(rowsOf(watchedRow, result))[0] ?? null;
}

/** Of rows in the order of their symbols. */
function entriesOf(rows: readonly z.output<typeof watchedRow>[]): WatchedEntry[] {
  return [...Map.groupBy(rows, (row) => row.symbol)].map(([symbol, own]) => ({ symbol, at: own.map(watchedAt) }));
}

function watchedAt({ runId, ended, reason, waitsUntil, symbol: _, ...row }: z.output<typeof watchedRow>): WatchedAt {
  return { ...row, run: runId === null ? null : { id: runId, ended, reason, waitsUntil } };
}
