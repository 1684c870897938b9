/** One full cycle: plan every job now, wait until each task has ended, and say what came of it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Pool } from '../core/adapters/postgres/pool.ts';
import type { Tick } from '../core/contracts/messages.ts';
import type { Functions } from './functions.ts';
import { until } from './processes.ts';

/** What a cycle brought for one symbol from one source. */
export interface CycleRow {
  readonly symbol: string;
  readonly price: string | null;
  readonly currency: string | null;
  readonly asOf: string | null;
  readonly source: string | null;
  /** Rows of quotes and bars that are new, or replaced others. */
  readonly stored: number;
  readonly rejected: number;
}

export interface CycleResult {
  readonly runs: readonly string[];
  readonly rows: readonly CycleRow[];
  /** Rows that passed the checks. The same row twice is accepted and not stored again. */
  readonly accepted: number;
  readonly stored: number;
  readonly rejected: number;
  /** Tasks that failed, with the reason. */
  readonly failures: readonly { readonly job: string; readonly reason: string; readonly message: string | null }[];
  /** Tasks that had not ended when the time was over. */
  readonly unfinished: number;
}

const planSchema = z.object({ runs: z.array(z.string()) });

/** Plans all jobs, or one, calendar ignored. Gives the ids of the runs. */
export async function planCycle(functions: Functions, job?: string): Promise<readonly string[]> {
  const which = job === undefined ? { trigger: 'first_cycle' as const } : { trigger: 'manual' as const, job };
  const tick: Tick = { time: new Date().toISOString(), run: { ...which, requestId: randomUUID() } };
  return planSchema.parse(await functions.invoke('schedule', tick)).runs;
}

/**
 * Waits for the tasks of runs to end, but not for those that wait for their source's quota. Gives how many had not ended
 * when the time was over, or waiting was given up.
 */
export async function waitForRuns(
  pool: Pool,
  runs: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<number> {
  let open = 0;
  await until(
    async () => {
      const found = await pool.query<{ open: string; soon: string }>(
        `SELECT count(*) AS open, count(*) FILTER (WHERE waits_until IS NULL OR waits_until < now() + interval '5 seconds') AS soon
         FROM task WHERE run_id = ANY($1) AND finished_at IS NULL`,
        [runs],
      );
      open = Number(found.rows[0]?.open ?? 0);
      return Number(found.rows[0]?.soon ?? 0) === 0 || signal?.aborted === true;
    },
    timeoutMs,
    200,
  );
  return open;
}

interface SymbolRow {
  readonly symbol: string;
  readonly price: string | null;
  readonly currency: string | null;
  readonly as_of: Date | null;
  readonly source: string | null;
  readonly stored: string;
  readonly rejected: string;
}

/** What runs have brought, by symbol and source. */
export async function resultOf(pool: Pool, runs: readonly string[], unfinished: number): Promise<CycleResult> {
  const symbols = await pool.query<SymbolRow>(
    `WITH batches AS (SELECT id FROM batch WHERE run_id = ANY($1)),
          asked AS (SELECT DISTINCT t.source_id, s.symbol FROM task t JOIN run r ON r.id = t.run_id, unnest(t.symbols) AS s (symbol)
                    WHERE t.run_id = ANY($1) AND r.kind IN ('quotes', 'bars')),
          known AS (SELECT a.source_id, a.symbol, x.listing_id FROM asked a
                    LEFT JOIN symbol_alias x ON x.namespace = a.source_id AND x.symbol = a.symbol AND x.valid_to = 'infinity')
     SELECT coalesce(c.symbol, k.symbol) AS symbol, q.price, q.currency, q.as_of, k.source_id AS source,
            (SELECT count(*) FROM quote r WHERE r.listing_id = k.listing_id AND r.source = k.source_id AND r.batch_id IN (SELECT id FROM batches))
              + (SELECT count(*) FROM bar r WHERE r.listing_id = k.listing_id AND r.source = k.source_id AND r.batch_id IN (SELECT id FROM batches)) AS stored,
            (SELECT count(*) FROM quarantine r WHERE r.source_id = k.source_id AND r.symbol = k.symbol
               AND r.batch_id IN (SELECT id FROM batches)) AS rejected
     FROM known k
     LEFT JOIN symbol_alias c ON c.namespace = 'canonical' AND c.listing_id = k.listing_id AND c.valid_to = 'infinity'
     LEFT JOIN latest_quote q ON q.listing_id = k.listing_id AND q.source = k.source_id
     ORDER BY 1, 5`,
    [runs],
  );
  const totals = await pool.query<{ accepted: string; stored: string; rejected: string }>(
    `SELECT coalesce(sum(accepted), 0) AS accepted, coalesce(sum(written), 0) AS stored, coalesce(sum(rejected), 0) AS rejected
     FROM batch WHERE run_id = ANY($1)`,
    [runs],
  );
  const failed = await pool.query<{ job: string; reason: string | null; message: string | null }>(
    `SELECT r.job, t.reason, t.message FROM task t JOIN run r ON r.id = t.run_id
     WHERE t.run_id = ANY($1) AND t.status = 'failed' ORDER BY r.job, t.part`,
    [runs],
  );
  const total = totals.rows[0];
  return {
    runs,
    rows: symbols.rows.map((row) => ({
      symbol: row.symbol,
      price: row.price,
      currency: row.currency,
      asOf: row.as_of?.toISOString() ?? null,
      source: row.source,
      stored: Number(row.stored),
      rejected: Number(row.rejected),
    })),
    accepted: Number(total?.accepted ?? 0),
    stored: Number(total?.stored ?? 0),
    rejected: Number(total?.rejected ?? 0),
    failures: failed.rows.map((row) => ({ job: row.job, reason: row.reason ?? 'unexplained', message: row.message })),
    unfinished,
  };
}

/** The result as a table for people. */
export function tableOf(result: CycleResult): string {
  const head = ['symbol', 'price', 'as of', 'source', 'rows stored', 'rejected'];
  const missing = '–';
  const body = result.rows.map((row) => [
    row.symbol,
    row.price === null ? missing : `${row.price} ${row.currency ?? ''}`.trim(),
    row.asOf ?? missing,
    row.source ?? missing,
    String(row.stored),
    String(row.rejected),
  ]);
  const numeric = new Set([1, 4, 5]);
  const widths = head.map((title, at) => Math.max(title.length, ...body.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (numeric.has(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  const lines = [line(head), line(widths.map((width) => '─'.repeat(width))), ...body.map(line), ''];
  lines.push(
    `${result.accepted} rows accepted, ${result.stored} stored (new or changed), ${result.rejected} rejected.`,
  );
  for (const failure of result.failures)
    lines.push(
      `A task of ${failure.job} failed: ${failure.reason}${failure.message === null ? '' : ` (${failure.message})`}`,
    );
  if (result.unfinished > 0)
    lines.push(`${result.unfinished} tasks have not ended: they wait for their source's quota, or took too long.`);
  return lines.join('\n');
}
