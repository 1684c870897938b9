/** One full cycle: plan every job now, wait until each task has ended, and report the result. */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Pool } from '../core/adapters/postgres/database/pool.ts';
import { openTasks, type RunResults, resultsOfRuns } from '../core/adapters/postgres/work/run-results.ts';
import { shellSymbol } from '../core/contracts/http/watch.ts';
import type { Tick } from '../core/contracts/messages.ts';
import { whyOf } from '../core/contracts/words/causes.ts';
import { catalogue } from '../core/sources/catalogue.ts';
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
/** Rows of the table of prices: a list of thousands would push what matters off the screen. */
const mostRows = 200;

/** The result as tables for people: prices, and constituents where indices were fetched. */
export function tableOf(result: CycleResult): string {
  const nothing = outOfReach(result);
  if (nothing !== null) return nothing;
  const unreachable = new Set(unreachableSources(result));
  const prices = result.rows
    // A source that could not be reached has one line below, and none for each of its symbols.
    .filter(({ source, price }) => price !== null || source === null || !unreachable.has(source))
    .map((row) => [
      row.symbol,
      row.price === null ? (row.unknown ? 'unknown' : missing) : `${row.price} ${row.currency ?? ''}`.trim(),
      row.asOf ?? missing,
      row.source ?? missing,
      String(row.stored),
      String(row.rejected),
    ]);
  const indices = result.indices
    .filter(({ source, members }) => members !== null || !unreachable.has(source))
    .map(({ index, members, heaviest, source, fetchedAt }) => [
      index,
      members === null ? missing : String(members),
      heaviest === null ? missing : `${heaviest.symbol} ${(Number(heaviest.weight) * 100).toFixed(2)} %`,
      source,
      fetchedAt ?? missing,
    ]);
  const lines: string[] = [];
  if (prices.length > 0) {
    const head = ['symbol', 'price', 'as of', 'source', 'rows stored', 'rejected'];
    lines.push(...aligned(head, [1, 4, 5], prices.slice(0, mostRows)));
    if (prices.length > mostRows) lines.push(`… and ${prices.length - mostRows} more rows: --json has all.`);
    lines.push('');
  }
  if (indices.length > 0)
    lines.push(...aligned(['index', 'members', 'heaviest member', 'source', 'fetched at'], [1], indices), '');
  lines.push(
    `${result.accepted} rows accepted, ${result.rejected} rejected. ` +
      `${result.stored} rows are new or changed${indices.length > 0 ? ', the members of indices among them' : ''}.`,
  );
  lines.push(...failuresInWords(result));
  if (result.unfinished > 0)
    lines.push(
      `${result.unfinished} tasks have not ended: they wait for their source's quota or for a service that is stopped, or took too long.`,
    );
  return lines.join('\n');
}

/** Symbols of which no source brought anything, and which one at least answered without. */
export function unknownSymbols({ rows }: CycleResult): string[] {
  return [...Map.groupBy(rows, ({ symbol }) => symbol)].flatMap(([symbol, own]) =>
    own.some(({ unknown }) => unknown) && own.every(({ price, stored }) => price === null && stored === 0)
      ? [symbol]
      : [],
  );
}

/** That symbols are unknown, and what to do about it; `null` where none is. */
export function unknownInWords(result: CycleResult): string | null {
  const symbols = unknownSymbols(result);
  if (symbols.length === 0) return null;
  return `Unknown: ${listed(symbols)}. No source has ${symbols.length === 1 ? 'it' : 'them'}. To take ${symbols.length === 1 ? 'it' : 'them'} off the watch list while Quotron runs: npx quotron watch remove ${symbols.map(shellSymbol).join(' ')}`;
}

/** One sentence where no source could be reached at all, with their names; `null` where one answered. */
export function outOfReach(result: CycleResult): string | null {
  const sources = unreachableSources(result);
  if (result.answered || sources.length === 0 || result.failures.some(({ unreachable }) => !unreachable)) return null;
  return `No source could be reached: no internet? Nothing came from ${listed(sources.map(titleOf))}.`;
}

/** Sources whose tasks have all failed without any answer. */
export function unreachableSources({ rows, failures }: CycleResult): string[] {
  const silent = new Set(failures.filter(({ unreachable }) => unreachable).map(({ source }) => source));
  const heard = new Set([
    ...failures.filter(({ unreachable }) => !unreachable).map(({ source }) => source),
    ...rows.filter(({ stored }) => stored > 0).map(({ source }) => source),
  ]);
  return [...silent].filter((source) => !heard.has(source));
}

/** A line for each source and reason, with the jobs that failed of it. */
function failuresInWords(result: CycleResult): string[] {
  const unreachable = new Set(unreachableSources(result));
  const alike = Map.groupBy(result.failures, (failure) =>
    unreachable.has(failure.source)
      ? failure.source
      : JSON.stringify([failure.source, whyOf(failure), failure.message]),
  );
  return [...alike.values()].flatMap((failures) => {
    const [first] = failures;
    if (first === undefined) return [];
    const jobs = listed([...new Set(failures.map(({ job }) => job))]);
    if (unreachable.has(first.source)) return [`${titleOf(first.source)} could not be reached (${jobs}).`];
    return [
      `${titleOf(first.source)}: ${jobs} failed: ${whyOf(first)}${first.message === null ? '' : ` (${first.message})`}`,
    ];
  });
}

/** The name of a source. */
export function titleOf(sourceId: string): string {
  return catalogue.find(({ id }) => id === sourceId)?.title ?? sourceId;
}

/** `a`, `a and b`, `a, b and c`. */
function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en-GB').format(names);
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
