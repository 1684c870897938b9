/** One full cycle: plan every job now, wait until each task has ended, and report the result. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
import { openTasks, type RunResults, resultsOfRuns } from '../core/adapters/postgres/work/run-results.ts';
import type { Tick } from '../core/contracts/messages.ts';
import type { Functions } from './functions.ts';
import { until } from './processes.ts';

/** What a cycle brought. */
export interface CycleResult extends RunResults {
  readonly runs: readonly string[];
  /** Tasks that had not ended in time. */
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
 * Waits for the tasks of runs to end, but not for those that wait for their source's quota or a stopped service. Returns
 * how many had not ended in time, or when waiting was aborted.
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
      const tasks = await openTasks(pool, runs);
      open = tasks.open;
      return tasks.soon === 0 || signal?.aborted === true;
    },
    timeoutMs,
    200,
  );
  return open;
}

/** The result of runs, by symbol and source. */
export async function resultOf(pool: Pool, runs: readonly string[], unfinished: number): Promise<CycleResult> {
  return { runs, ...(await resultsOfRuns(pool, runs)), unfinished };
}

const missing = '–';

/** The result as tables for people: prices, and constituents where indices were fetched. */
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
    lines.push(
      `${result.unfinished} tasks have not ended: they wait for their source's quota or for a service that is stopped, or took too long.`,
    );
  return lines.join('\n');
}

/** The lines of a table; the columns of `numeric` are right-aligned. */
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
