import type { RetentionDays } from '../../../planning/retention.ts';
import { type BatchPlace, expireBatches } from '../work/expired-batches.ts';
import { expireQuarantine, expireRuns, type RunPlace } from '../work/expired-runs.ts';
import { type Lifetime, lifetimes } from './lifetimes.ts';
import type { Pool } from './pool.ts';

/** Bounds of one run. The next resumes with what is left. */
export interface RetentionLimits {
  /** Rows that one statement deletes at the most. */
  readonly rows: number;
  /** Runs that one statement looks at: a run may have hundreds of tasks. */
  readonly runs: number;
  readonly ms: number;
}

/** A night's share: far more than a night brings, and a year's backlog in some nights. */
export const nightlyRetention: RetentionLimits = { rows: 5_000, runs: 200, ms: 75_000 };

export interface Removed {
  /** How many rows of which table. */
  readonly removed: Readonly<Record<string, number>>;
  /** Whether all that has expired was deleted. */
  readonly done: boolean;
}

const dayMs = 86_400_000;

/** Tables whose rows are deleted by more than their age. */
const own: ReadonlySet<string> = new Set(['run', 'quarantine']);

/**
 * Deletes rows whose lifetime has ended, a bounded number of rows at a time, each time in a transaction of its own: an
 * interruption leaves the rest for the next run.
 */
export async function removeExpired(
  pool: Pool,
  now: Date,
  days: RetentionDays,
  limits: RetentionLimits = nightlyRetention,
): Promise<Removed> {
  const startedAt = performance.now();
  const isOver = () => performance.now() - startedAt >= limits.ms;
  const before = (count: number) => new Date(now.getTime() - count * dayMs);
  const removed = new Map<string, number>();
  const add = (table: string, count: number) => {
    if (count > 0) removed.set(table, (removed.get(table) ?? 0) + count);
  };
  let done = true;
  /** Deletes step by step, until one says that it was the last or the time is over. */
  const inSteps = async (step: () => Promise<boolean>) => {
    let isLast = false;
    while (!isLast && !isOver()) isLast = await step();
    done &&= isLast;
  };

  for (const [table, lifetime] of Object.entries<Lifetime>(lifetimes)) {
    if (!('days' in lifetime) || own.has(table)) continue;
    const over = before(typeof lifetime.days === 'number' ? lifetime.days : days[lifetime.days]);
    const isExpired = `${lifetime.since} < $1 AND NOT (${lifetime.unless ?? 'false'})`;
    const text = `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${isExpired} LIMIT $2)) AND ${isExpired}`;
    await inSteps(async () => {
      const count = (await pool.query(text, [over, limits.rows])).rowCount ?? 0;
      add(table, count);
      return count < limits.rows;
    });
  }

  let runPlace: RunPlace | null = null;
  await inSteps(async () => {
    const expired = await expireRuns(pool, before(days.runs), runPlace, limits.runs);
    add('run', expired.runs);
    add('task', expired.tasks);
    add('batch', expired.batches);
    runPlace = expired.next;
    return runPlace === null;
  });

  // Behind the runs: what was discarded of a blob stays with its run.
  await inSteps(async () => {
    const settled = await expireQuarantine(pool, before(days.records), limits.rows);
    add('quarantine', settled);
    return settled < limits.rows;
  });

  // Behind both: what they name stays.
  let batchPlace: BatchPlace | null = null;
  await inSteps(async () => {
    const expired = await expireBatches(pool, before(days.runs), batchPlace, limits.rows);
    add('batch', expired.batches);
    batchPlace = expired.next;
    return batchPlace === null;
  });

  return { removed: Object.fromEntries(removed), done };
}
