import { needsCredentials } from '../../core/auth/credentials.ts';
import { chunked } from '../../core/contracts/chunked.ts';
import type { Tick } from '../../core/contracts/messages.ts';
import { scrapeQueueName } from '../../core/contracts/queues.ts';
import { runIdOf } from '../../core/contracts/run-id.ts';
import { dueRuns as dueOf, type JobTiming, secondsBetween, type Wanted } from '../../core/planning/job-schedule.ts';
import type { PlannedRun, PlannerState } from '../../core/planning/plan.ts';
import { allowanceFor } from '../../core/planning/quota.ts';
import { planRepairs } from '../../core/planning/repairs.ts';
import { planRetries, type RetryChance, retryChances } from '../../core/planning/retries.ts';
import { spreadSecondsOf, timingsOf } from '../../core/planning/stretches.ts';
import { admitTrials } from '../../core/planning/trials.ts';
import { companionOf, type WatchList, wantedOf } from '../../core/planning/watch-list.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { PlanStore } from '../../core/ports/plan-store.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

/** Most tasks sent by one tick; what is left goes with the next. */
const sendLimit = 1000;

export interface Planning {
  readonly store: PlanStore;
  readonly queue: MessageQueue;
  readonly sources: readonly SourceDefinition[];
  /** What is collected. Read once a tick. */
  readonly watched: () => Promise<WatchList>;
  /** Calendars are ignored: the simulated market never closes. */
  readonly alwaysOpen?: boolean;
  /** Hears by how many milliseconds earlier ticks were ahead of this one: the clock was wrong, and what it planned is put right. */
  readonly clockWasAhead?: (ms: number) => void;
}

/**
 * Plans the runs that a tick makes due and sends their tasks.
 *
 *   1. under one lock: slots that are due since the last planning (or jobs that the tick names) become runs and tasks, and
 *      so do the failed tasks of runs that are retried
 *   2. bars that are to be read again become backfills
 *   3. tasks that were planned and not sent, by this tick or one that died, go to the queue of their source
 *   4. they are marked as sent; a crash before that sends them twice, which workers tolerate. A queue that refuses its
 *      tasks (its source has left the catalogue) does not stop the others
 *
 * Gives the ids of the runs that the tick made due, and how many tasks were sent. Throws `TickAheadError` for a tick that is
 * minutes ahead of the database's clock.
 */
export async function planRuns(tick: Tick, planning: Planning): Promise<{ runs: string[]; sent: number }> {
  let planned: readonly PlannedRun[] = [];
  const now = Date.parse(tick.time);
  const { sources, alwaysOpen = false } = planning;
  const list = await planning.watched();
  const wanted = (source: SourceDefinition): SourceWanted => ({
    ...wantedOf(source, list, alwaysOpen),
    companion: companionOf(source, list),
  });
  const timings = tick.run ? [] : timingsOfAll(sources, wanted);
  const chances = timings.flatMap((of) => retryChances(of.source, of.timings, of.wanted.toSource, now));
  let aheadMs = 0;
  const decide = (state: PlannerState) => {
    aheadMs = state.aheadMs ?? 0;
    const plan = tick.run
      ? requestedRuns(tick, tick.run, state, sources, wanted)
      : admitTrials(dueRuns(now, timings, state), retriesOf(chances, state, now), state.breakers, now);
    planned = plan.runs;
    return { ...plan, periods: periodsOf(timings) };
  };
  // What a person asks for waits in a queue, for hours where the database was away.
  await planning.store.plan(new Date(now), chances, decide, tick.run !== undefined);
  if (aheadMs > 0) planning.clockWasAhead?.(aheadMs);
  if (!tick.run) await repair(new Date(now), planning);
  const backfill = new Map(planning.sources.map(({ id, quota }) => [id, allowanceFor(quota, 'backfill').perMinute]));
  const tasks = await planning.store.unsent(sendLimit, backfill);
  const errors: unknown[] = [];
  for (const [sourceId, messages] of Map.groupBy(tasks, (task) => task.sourceId)) {
    try {
      await planning.queue.send(scrapeQueueName(sourceId), messages);
      await planning.store.markSent(messages);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors.length === 1 ? errors[0] : new AggregateError(errors, 'Tasks could not be sent.');
  return { runs: planned.map((run) => run.id), sent: tasks.length };
}

/** Bars that ingest wants to be read again become backfills, of the sources that have bars by date. */
async function repair(now: Date, { store, sources }: Planning): Promise<void> {
  const able = sources.filter(({ jobs }) => jobs.some((job) => job.backfillDays !== undefined));
  const asked = sources.map((source) => ({ id: source.id, locked: needsCredentials(source) }));
  await store.repairs(now, asked, (wanted, chunksToday) => planRepairs(wanted, able, chunksToday));
}

interface SourceWanted extends Wanted {
  /** A symbol that the source has, for tasks of symbols of which none is known to. */
  readonly companion: string | null;
}

interface SourceTimings {
  readonly source: SourceDefinition;
  readonly timings: readonly JobTiming[];
  readonly wanted: SourceWanted;
}

function timingsOfAll(
  sources: readonly SourceDefinition[],
  wantedOf: (source: SourceDefinition) => SourceWanted,
): SourceTimings[] {
  return sources.map((source) => {
    const wanted = wantedOf(source);
    return { source, timings: timingsOf(source, wanted), wanted };
  });
}

/** How far apart the slots of jobs are, in seconds, by `source/job`; of those that are due by an interval. */
function periodsOf(of: readonly SourceTimings[]): Map<string, number> {
  const jobs = of.flatMap(({ source, timings }) => timings.map((timing) => ({ source, ...timing })));
  return new Map(
    jobs
      .filter(({ job }) => job.cron === undefined)
      .map(({ source, job, stretch }) => [`${source.id}/${job.id}`, Math.ceil(secondsBetween(job, 0, stretch))]),
  );
}

/** No request can be made of it before a person has set its key. */
function isLocked(source: SourceDefinition, state: PlannerState): boolean {
  return needsCredentials(source) && !state.credentialed.has(source.id);
}

function retriesOf(chances: readonly RetryChance[], state: PlannerState, now: number): PlannedRun[] {
  return planRetries(chances, state, (source) => isLocked(source, state), now);
}

function dueRuns(now: number, of: readonly SourceTimings[], state: PlannerState) {
  const runs: PlannedRun[] = [];
  const plannedTo = new Map<string, number>();
  if (!state.running) return { runs, plannedTo };
  for (const { source, timings, wanted } of of) {
    // Once it has its key it begins at once, like any source that was never planned.
    const locked = isLocked(source, state);
    // Slots of a held source stay unplanned and are planned later.
    if (state.held.has(source.id)) continue;
    for (const timing of timings) {
      const { job } = timing;
      const key = `${source.id}/${job.id}`;
      if (locked && !state.plannedTo.has(key)) continue;
      plannedTo.set(key, now);
      // Slots of a paused source are not planned later: nobody wanted them.
      if (locked || state.paused.has(source.id)) continue;
      for (const { slot, symbols } of dueOf(timing, state.plannedTo.get(key) ?? null, now)) {
        const due = new Date(slot);
        runs.push(
          ...runOf(source, timing, symbols, wanted, { trigger: 'schedule', slot: due.toISOString(), dueAt: due }),
        );
      }
    }
  }
  return { runs, plannedTo };
}

function requestedRuns(
  tick: Tick,
  request: NonNullable<Tick['run']>,
  state: PlannerState,
  sources: readonly SourceDefinition[],
  wantedOf: (source: SourceDefinition) => SourceWanted,
) {
  const runs: PlannedRun[] = [];
  const plannedTo = new Map<string, number>();
  const dueAt = new Date(tick.time);
  for (const source of sources) {
    if (request.sourceId !== undefined && request.sourceId !== source.id) continue;
    if (isLocked(source, state)) continue;
    const wanted = wantedOf(source);
    for (const timing of timingsOf(source, wanted)) {
      const { job, symbols } = timing;
      if (request.job !== undefined && request.job !== job.id) continue;
      const due = { trigger: request.trigger, slot: request.requestId, dueAt };
      runs.push(...runOf(source, timing, symbols, wanted, due));
      // The first cycle is the first run of each job: the next tick must not plan it again.
      if (request.trigger === 'first_cycle') plannedTo.set(`${source.id}/${job.id}`, dueAt.getTime());
    }
  }
  return { runs, plannedTo };
}

/**
 * The run of a job for some of its symbols, or none for no symbols. A task of prices gets one symbol that the source has had
 * where it has none: else, of symbols that are unknown to the source, it would bring nothing and count as a failure.
 */
function runOf(
  source: SourceDefinition,
  timing: JobTiming,
  canonical: readonly string[],
  { toSource, had, companion }: SourceWanted,
  due: Pick<PlannedRun, 'trigger' | 'slot' | 'dueAt'>,
): PlannedRun[] {
  const { job } = timing;
  const named = canonical.flatMap((symbol) => toSource(symbol) ?? []);
  if (named.length === 0) return [];
  const sure = new Set(canonical.flatMap((symbol) => (had?.has(symbol) ? (toSource(symbol) ?? []) : [])));
  const tasks = chunked(named, job.symbolsPerTask).map((symbols) =>
    job.kind === 'quotes' && companion !== null && !symbols.some((symbol) => sure.has(symbol))
      ? [...symbols, companion]
      : symbols,
  );
  const run: PlannedRun = {
    id: runIdOf({ sourceId: source.id, job: job.id, trigger: due.trigger, slot: due.slot }),
    sourceId: source.id,
    job: job.id,
    kind: job.kind,
    ...due,
    tasks,
    spreadSeconds: spreadSecondsOf(timing, canonical.length),
  };
  return [run];
}
