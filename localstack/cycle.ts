/** One full cycle: plan every job now, wait until each task has ended, and say what came of it. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
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

/** What an index is made of, after a cycle that asked for it. All but the index and the source are `null` where nobody knows. */
export interface CycleIndex {
  readonly index: string;
  readonly source: string;
  readonly members: number | null;
  /** The member with the greatest weight. A fraction: 0.0705 is 7.05 %. */
  readonly heaviest: { readonly symbol: string; readonly weight: string } | null;
  readonly fetchedAt: string | null;
}

export interface CycleResult {
  readonly runs: readonly string[];
  readonly rows: readonly CycleRow[];
  readonly indices: readonly CycleIndex[];
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

interface IndexRow {
  readonly symbol: string;
  readonly source: string;
  readonly members: number | null;
  readonly heaviest: string | null;
  readonly weight: string | null;
  readonly fetched_at: Date | null;
}

/** The indices that runs asked for, with the newest that their source has said of each. */
async function indicesOf(pool: Pool, runs: readonly string[]): Promise<CycleIndex[]> {
  const { rows } = await pool.query<IndexRow>(
    `WITH asked AS (SELECT DISTINCT t.source_id AS source, s.symbol FROM task t JOIN run r ON r.id = t.run_id, unnest(t.symbols) AS s (symbol)
                    WHERE t.run_id = ANY($1) AND r.kind = 'constituents')
     SELECT coalesce(c.symbol, a.symbol) AS symbol, a.source, m.members, h.symbol AS heaviest, h.weight, n.confirmed_at AS fetched_at
     FROM asked a
     LEFT JOIN symbol_alias x ON x.namespace = a.source AND x.symbol = a.symbol AND x.valid_to = 'infinity'
     LEFT JOIN symbol_alias c ON c.namespace = 'canonical' AND c.listing_id = x.listing_id AND c.valid_to = 'infinity'
     LEFT JOIN LATERAL (SELECT * FROM constituent_snapshot s WHERE s.index_listing_id = x.listing_id AND s.source = a.source
                        ORDER BY s.date DESC LIMIT 1) n ON true
     LEFT JOIN LATERAL (SELECT count(*)::int AS members FROM constituent k
                        WHERE (k.index_listing_id, k.source, k.date) = (n.index_listing_id, n.source, n.date)) m ON n.date IS NOT NULL
     LEFT JOIN LATERAL (SELECT y.symbol, k.weight FROM constituent k
                        JOIN symbol_alias y ON y.namespace = 'canonical' AND y.listing_id = k.listing_id AND y.valid_to = 'infinity'
                        WHERE (k.index_listing_id, k.source, k.date) = (n.index_listing_id, n.source, n.date)
                        ORDER BY k.weight DESC, k.rank LIMIT 1) h ON true
     ORDER BY 1, 2`,
    [runs],
  );
  return rows.map(({ symbol, source, members, heaviest, weight, fetched_at: fetchedAt }) => ({
    index: symbol,
    source,
    members,
    heaviest: heaviest === null || weight === null ? null : { symbol: heaviest, weight },
    fetchedAt: fetchedAt?.toISOString() ?? null,
  }));
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
    indices: await indicesOf(pool, runs),
    accepted: Number(total?.accepted ?? 0),
    stored: Number(total?.stored ?? 0),
    rejected: Number(total?.rejected ?? 0),
    failures: failed.rows.map((row) => ({ job: row.job, reason: row.reason ?? 'unexplained', message: row.message })),
    unfinished,
  };
}

const missing = '–';

/** The result as tables for people: prices, and where indices were asked for, what they are made of. */
export function tableOf(result: CycleResult): string {
  const prices = result.rows.map((row) => [
    row.symbol,
    row.price === null ? missing : `${row.price} ${row.currency ?? ''}`.trim(),
    row.asOf ?? missing,
    row.source ?? missing,
    String(row.stored),
    String(row.rejected),
  ]);
  const indices = result.indices.map(({ index, members, heaviest, source, fetchedAt }) => [
    index,
    members === null ? missing : String(members),
    heaviest === null ? missing : `${heaviest.symbol} ${(Number(heaviest.weight) * 100).toFixed(2)} %`,
    source,
    fetchedAt ?? missing,
  ]);
  const lines = [...aligned(['symbol', 'price', 'as of', 'source', 'rows stored', 'rejected'], [1, 4, 5], prices), ''];
  if (indices.length > 0)
    lines.push(...aligned(['index', 'members', 'heaviest member', 'source', 'fetched at'], [1], indices), '');
  lines.push(
    `${result.accepted} rows accepted, ${result.rejected} rejected. ` +
      `${result.stored} rows are new or changed${indices.length > 0 ? ', the members of indices among them' : ''}.`,
  );
  for (const failure of result.failures)
    lines.push(
      `A task of ${failure.job} failed: ${failure.reason}${failure.message === null ? '' : ` (${failure.message})`}`,
    );
  if (result.unfinished > 0)
    lines.push(`${result.unfinished} tasks have not ended: they wait for their source's quota, or took too long.`);
  return lines.join('\n');
}

/** The lines of a table; the columns of `numeric` are flush right. */
function aligned(
  head: readonly string[],
  numeric: readonly number[],
  body: readonly (readonly string[])[],
): readonly string[] {
  const widths = head.map((title, at) => Math.max(title.length, ...body.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (numeric.includes(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), line(widths.map((width) => '─'.repeat(width))), ...body.map(line)];
}
