/**
 * Runs that failed for a reason that passes by itself, and whose job is not due again soon, are retried: their failed tasks
 * only.
 *
 *   1. `retryChances` gives the due times whose runs may be retried: the newest of each market, where the next is far off
 *   2. `planRetries` gives retries of those that failed, once it is time for them
 */

import { runIdOf } from '../contracts/run-id.ts';
import { retriedReasons } from '../contracts/words/run-reasons.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { dueRuns, type JobTiming, nextRun, requestsFor, requestsUntil } from './job-schedule.ts';
import type { FailedRun, PlannedRun, PlannerState, WatchedSlot, WatchedTask } from './plan.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** A job that is due again within this is not retried: its next run does the same. */
const soonMs = 15 * minuteMs;
/** A job that is due again within this is not retried now. */
const atOnceMs = 5 * minuteMs;
/** How long after its last failure a run is retried: the first, second and third time. */
export const retryDelaysMs = [5 * minuteMs, 15 * minuteMs, 45 * minuteMs] as const;

/** A due time whose run would be retried if it failed. */
export interface RetryChance extends WatchedSlot {
  readonly source: SourceDefinition;
  /** All jobs of the source. */
  readonly timings: readonly JobTiming[];
  readonly timing: JobTiming;
  /** Its symbols in the source's namespace. */
  readonly symbols: ReadonlySet<string>;
  /** When they are due next, in milliseconds since the epoch. */
  readonly next: number;
}

/** The newest due times at or before `now` of a source's jobs, market by market, after which the next is far off. */
export function retryChances(
  source: SourceDefinition,
  timings: readonly JobTiming[],
  toSource: (canonical: string) => string | null,
  now: number,
): RetryChance[] {
  return timings.flatMap((timing) =>
    dueRuns(timing, null, now).flatMap(({ slot, symbols }) => {
      const next = nextRun({ ...timing, symbols }, slot) ?? Number.POSITIVE_INFINITY;
      if (next - slot <= soonMs || next - now <= atOnceMs) return [];
      const wanted = new Set(symbols.flatMap((symbol) => toSource(symbol) ?? []));
      return [{ sourceId: source.id, job: timing.job.id, slot, source, timings, timing, symbols: wanted, next }];
    }),
  );
}

/**
 * The retries that are due at `now`. A retry's id follows from the run that failed and its number, so two planners plan it
 * once. There is none of a source that is paused or held, lacks its credentials, or has a recovery under way, which
 * retries by itself; nor one that would take the quota of a run that is still due today.
 */
export function planRetries(
  chances: readonly RetryChance[],
  state: Pick<PlannerState, 'running' | 'failed' | 'paused' | 'held' | 'recovering'>,
  locked: (source: SourceDefinition) => boolean,
  now: number,
): PlannedRun[] {
  if (!state.running) return [];
  return state.failed.flatMap((failed) => {
    const { sourceId } = failed;
    if (state.paused.has(sourceId) || state.held.has(sourceId) || state.recovering.has(sourceId)) return [];
    const chance = chances.find(
      (each) => each.sourceId === sourceId && each.job === failed.job && each.slot === failed.slot,
    );
    if (!chance || locked(chance.source)) return [];
    const tasks = dueTasks(failed, chance, now);
    if (tasks.length === 0 || !fits(tasks, failed, chance, now)) return [];
    const { id: job, kind } = chance.timing.job;
    const slot = `${failed.runId}/${failed.retries + 1}`;
    const id = runIdOf({ sourceId, job, trigger: 'retry', slot });
    return { id, sourceId, job, kind, trigger: 'retry' as const, slot, dueAt: new Date(now), tasks };
  });
}

/** Of the tasks that failed, the symbols whose newest end is a failure that passes, when it is time for them. */
function dueTasks(failed: FailedRun, { symbols, next }: RetryChance, now: number): string[][] {
  const delay = retryDelaysMs[failed.retries];
  if (delay === undefined) return [];
  const newest = new Map<string, WatchedTask>();
  for (const task of failed.tasks) for (const symbol of task.symbols) newest.set(symbol, task);
  const ends: number[] = [];
  const wanted = (symbol: string): boolean => {
    const end = newest.get(symbol);
    if (!symbols.has(symbol) || !end || end.endedAt === null || end.ok) return false;
    if (!retriedReasons.includes(end.reason ?? 'unexplained')) return false;
    if (end.reason === 'quota_exhausted' && now < nextDay(end.endedAt)) return false;
    ends.push(end.endedAt);
    return true;
  };
  const tasks = failed.tasks
    .filter((task) => task.own && !task.ok)
    .map((task) => task.symbols.filter(wanted))
    .filter((each) => each.length > 0);
  const at = Math.max(...ends) + delay;
  return at <= now && at < next ? tasks : [];
}

/** Whether the day's quota has room for a retry beside all runs that are still due today. */
function fits(tasks: readonly string[][], failed: FailedRun, { source, timings, timing }: RetryChance, now: number) {
  const requests = tasks.reduce((sum, symbols) => sum + requestsFor(timing.job, symbols.length), 0);
  const due = timings.reduce((sum, each) => sum + requestsUntil(each, now, nextDay(now)), 0);
  return failed.usedToday + due + requests <= source.quota.perDay;
}

/** When the next day's quota begins: at midnight UTC. */
function nextDay(at: number): number {
  return (Math.floor(at / dayMs) + 1) * dayMs;
}

/** How often a chunk of a backfill is tried before it has failed. */
export const chunkAttempts = 5;
