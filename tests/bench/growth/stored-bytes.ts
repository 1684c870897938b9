import * as z from 'zod';
import { quoteFile } from '../../../core/adapters/parquet/write-quotes.ts';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import type { ArchivedQuote } from '../../../core/prices/history/archived-quote.ts';

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
  const { rows: quotes } = await pool.query(
    `SELECT listing_id AS "listingId", q.source, (extract(epoch FROM as_of) * 1e6)::float8 AS "asOf", price::text, previous_close::text AS "previousClose",
            bid::text, ask::text, volume::text, currency, minor_factor AS "minorFactor", session, delay_seconds AS "delaySeconds",
            as_of_basis AS "asOfBasis", (extract(epoch FROM fetched_at) * 1e6)::float8 AS "fetchedAt",
            (extract(epoch FROM q.ingested_at) * 1e6)::float8 AS "ingestedAt", batch_id::text AS "batchId", run_id AS "runId", part, attempt,
            blob_key AS "blobKey", parser_version AS "parserVersion"
     FROM quote q LEFT JOIN batch b ON b.id = q.batch_id WHERE listing_id <= $1 ORDER BY listing_id, q.source, as_of`,
    [inFile],
  );
  const archived = z
    .array(fileRow)
    .parse(quotes)
    .map(
      (row): ArchivedQuote => ({ ...row, confirmedAt: null, knownTo: null, wasProvisional: false, settledAt: null }),
    );
  const names = new Map(archived.map(({ listingId }) => [listingId, { symbol: `SYM${listingId}`, mic: 'XNAS' }]));
  const parquetRow = quoteFile(archived, names, {}).length / archived.length;
  return linesOf(quote, task, parquetRow);
}

const text = z.string();
const fileRow = z.object({
  ...{
    listingId: z.int(),
    source: text,
    asOf: z.number(),
    price: text,
    previousClose: text.nullable(),
    bid: text.nullable(),
  },
  ...{ ask: text.nullable(), volume: text.nullable(), currency: text, minorFactor: z.int(), session: text.nullable() },
  ...{
    delaySeconds: z.int().nullable(),
    asOfBasis: text,
    fetchedAt: z.number(),
    ingestedAt: z.number(),
    batchId: text,
  },
  ...{ runId: text.nullable(), part: z.int().nullable(), attempt: z.int().nullable(), blobKey: text.nullable() },
  parserVersion: text.nullable(),
});

/** Minutes of a day, and days a year, in which prices are fetched: of US sessions with what comes before and after, and always. */
const hours = [
  { title: 'US sessions', minutes: 425, share: 252 / 365 },
  { title: 'round the clock', minutes: 1_440, share: 1 },
];
/** `hotMonths` = 2: the month before and the running one, and a week in which the one before that waits to be dropped. */
const hotDays = 31 + 31 + 8;
const runDays = 90;
const symbolsPerTask = 200;

function linesOf(quote: number, task: number, parquetRow: number): string[] {
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  const rows = [20, 500, 5_000, 50_000].flatMap((symbols) =>
    hours.map(({ title, minutes, share }) => {
      const quotes = symbols * minutes * share;
      const tasks = Math.ceil(symbols / symbolsPerTask) * minutes * share;
      const fortnight = 14 * quotes * quote + 14 * tasks * task;
      const hot = hotDays * quotes * quote + runDays * tasks * task;
      return `| ${symbols.toLocaleString('en')} | ${title} | ${gb(fortnight)} | ${gb(hot)} | ${gb(365 * quotes * parquetRow)} |`;
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

const section = /(<!-- stored -->\n)[\s\S]*?(<!-- end of stored -->)/;

/** docs/cost.md with what is stored. Throws where the page lacks the place for it. */
export function pageWith(page: string, lines: readonly string[]): string {
  if (!section.test(page)) throw new Error('docs/cost.md has no place for what is stored.');
  return page.replace(section, (_, start: string, end: string) => `${start}\n${lines.join('\n')}\n\n${end}`);
}
