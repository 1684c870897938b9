import * as z from 'zod';
import { quoteFile } from '../../../core/adapters/parquet/write-quotes.ts';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { rowsOf } from '../../../core/adapters/postgres/database/rows.ts';
import {
  archivedColumns,
  archivedRow,
  archiveOrder,
  versionsWhere,
} from '../../../core/adapters/postgres/history/archived-rows.ts';

const sizesRow = z.object({ quote: z.number(), task: z.number() });
/** Listings whose quotes are written to a file, as the archive does. */
const inFile = 100;

/**
 * Measures a filled database: bytes of a quote and of a task's bookkeeping, with their indexes, and of the same quotes in
 * Parquet. Gives them, and what a universe comes to, as lines of the page.
 */
export async function storedBytes(pool: Pool): Promise<readonly string[]> {
  const { rows } = await pool.query(
    `SELECT (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'quote'::regclass)::float8
              / (SELECT count(*) FROM quote) AS quote,
            (SELECT sum(pg_total_relation_size(t)) FROM unnest('{run,task,task_attempt,batch,batch_statistics}'::regclass[]) t)::float8
              / (SELECT count(*) FROM task) AS task`,
  );
  const { quote, task } = sizesRow.parse(rows[0]);
  const found = await pool.query(
    `SELECT ${archivedColumns} FROM ${versionsWhere('p.listing_id <= $1')} LEFT JOIN batch b ON b.id = q.batch_id ORDER BY ${archiveOrder}`,
    [inFile],
  );
  const archived = rowsOf(archivedRow, found);
  const names = new Map(archived.map(({ listingId }) => [listingId, { symbol: `SYM${listingId}`, mic: 'XNAS' }]));
  const parquetRow = quoteFile(archived, names, {}).length / archived.length;
  return linesOf(quote, task, parquetRow);
}

/** Minutes of a day, and days a year, in which prices are fetched: of US sessions with what comes before and after, and always. */
const hours = [
  { title: 'US sessions', minutes: 425, share: 252 / 365 },
  { title: 'round the clock', minutes: 1_440, share: 1 },
];
/** What a night of eight minutes archives at the least: 48 microseconds a quote, with a database that others use, too. */
const quotesOfNight = 10_000_000;

/**
 * For how many days quotes are in the database where `hotMonths` is 2: two months, the nights that one takes, and a week.
 * Infinite where a month takes more nights than it has.
 */
export function hotDays(quotesOfDay: number): number {
  const nights = Math.ceil((31 * quotesOfDay) / quotesOfNight);
  return nights > 30 ? Number.POSITIVE_INFINITY : 31 + 31 + nights + 7;
}

const runDays = 90;
const symbolsPerTask = 200;

function linesOf(quote: number, task: number, parquetRow: number): string[] {
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const rows = [20, 500, 5_000, 50_000].flatMap((symbols) =>
    hours.map(({ title, minutes, share }) => {
      const quotes = symbols * minutes * share;
      const tasks = Math.ceil(symbols / symbolsPerTask) * minutes * share;
      const fortnight = 14 * quotes * quote + 14 * tasks * task;
      const hot = hotDays(quotes) * quotes * quote + runDays * tasks * task;
      return `| ${symbols.toLocaleString('en')} | ${title} | ${gb(fortnight)} | ${Number.isFinite(hot) ? gb(hot) : 'grows'} | ${gb(365 * quotes * parquetRow)} |`;
    }),
  );
  return [
    `A quote takes ${Math.round(quote)} bytes in the database, with its index, and ${parquetRow.toFixed(1)} in the archive; the work of a task ${Math.round(task)}.`,
    '',
    '| symbols, each minute | hours | a fortnight, GB | in the database at most, GB | archive, GB a year |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
}
