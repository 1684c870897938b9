import { needsCredentials } from '../../core/auth/credentials.ts';
import type { OutcomeMessage } from '../../core/contracts/messages.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { type JudgedDefinition, judgeSource, overdueAfterMs } from '../../core/health/judge.ts';
import type { Judgement } from '../../core/health/judgement.ts';
import { dueRuns, type JobTiming, secondsBetween } from '../../core/planning/job-schedule.ts';
import { timingsOf } from '../../core/planning/stretches.ts';
import { type WatchList, wantedOf } from '../../core/planning/watch-list.ts';
import type { JudgedSource, OutcomeStore } from '../../core/ports/outcome-store.ts';
import { proxyId } from '../../core/recovery/strategy.ts';
import { latenessMs, type SourceDefinition } from '../../core/sources/definition.ts';

export interface WatchDependencies {
  readonly store: OutcomeStore;
  readonly sources: readonly SourceDefinition[];
  /**
   * What the planner uses: what is collected, and whether calendars hold. Runs that were never due are not taken for missed
   * ones. The catalogue's own symbols and calendars unless given.
   */
  readonly planned?: { readonly watched: () => Promise<WatchList>; readonly alwaysOpen: boolean };
  /** From 0 up to 1; spreads how long breakers stay open. */
  readonly random?: () => number;
}

/** The result of a minute of the monitor. */
export interface WatchResult {
  /** Sources with tasks that gave no outcome in time. */
  readonly overdue: readonly string[];
  /** By source, for those that could be judged. */
  readonly statuses: ReadonlyMap<string, HealthStatus>;
  /** Sources that have failed and recovered again and again for hours. */
  readonly flapping: readonly string[];
  /** One for each source that could not. */
  readonly errors: readonly unknown[];
}

/**
 * Records one outcome. Gives the source that is to be judged at once: of a failure, and of what `ingest` tells, which is
 * what cannot wait. Any other success counts with the minute's tick, so that a run of many tasks is judged once.
 */
export async function recordOutcome(
  outcome: OutcomeMessage,
  { store }: Pick<WatchDependencies, 'store'>,
): Promise<string | null> {
  if (outcome.stage === 'scrape') {
    await store.recordScrape(outcome);
    if (outcome.ok) return null;
  }
  return outcome.sourceId;
}

/** Sources that were judged, and one error for each that could not be. */
type Judged = Pick<WatchResult, 'statuses' | 'flapping' | 'errors'>;

/** Judges sources, each once; one that cannot be judged does not stop the others, and is by the next tick. */
export async function judgeSources(
  sourceIds: ReadonlySet<string>,
  watching: WatchDependencies,
  now: Date,
): Promise<Judged> {
  const statuses = new Map<string, HealthStatus>();
  const flapping: string[] = [];
  const errors: unknown[] = [];
  const judged = watching.sources.filter(({ id }) => sourceIds.has(id));
  if (judged.length === 0) return { statuses, flapping, errors };
  const list = (await watching.planned?.watched()) ?? null;
  for (const source of judged) {
    try {
      const judgement = await judge(source, list, watching, now);
      statuses.set(source.id, judgement.health.status);
      if (judgement.flapping) flapping.push(source.id);
    } catch (error) {
      errors.push(error);
    }
  }
  return { statuses, flapping, errors };
}

/**
 * What the monitor does each minute:
 *
 *   1. fail tasks without an outcome in time
 *   2. resolve incidents of sources that are no longer in the catalogue
 *   3. judge all sources again; one that cannot be judged does not stop the others
 */
export async function watchSources(watching: WatchDependencies, now: Date): Promise<WatchResult> {
  const { store, sources } = watching;
  const overdue = await store.endOverdue(new Date(now.getTime() - overdueAfterMs), now);
  await store.closeLeft([...sources.map((source) => source.id), proxyId], now);
  return { overdue, ...(await judgeSources(new Set(sources.map(({ id }) => id)), watching, now)) };
}

async function judge(
  source: SourceDefinition,
  list: WatchList | null,
  watching: WatchDependencies,
  now: Date,
): Promise<Judgement> {
  const { store, random = Math.random, planned } = watching;
  const wanted = list && planned ? wantedOf(source, list, planned.alwaysOpen) : undefined;
  const definition = definitionOf(source, timingsOf(source, wanted), now.getTime());
  const judged: JudgedSource = {
    id: source.id,
    jobs: source.jobs.map((job) => ({
      id: job.id,
      kind: job.kind,
      dailyBars: job.kind === 'bars' && job.interval === '1d',
    })),
  };
  return store.judge(judged, now, (facts) => judgeSource(definition, facts, now.getTime(), random));
}

function definitionOf(source: SourceDefinition, timings: readonly JobTiming[], now: number): JudgedDefinition {
  return {
    id: source.id,
    needsCredentials: needsCredentials(source),
    perDay: source.quota.perDay,
    latenessMs: latenessMs(source),
    jobs: timings.map((timing) => ({
      id: timing.job.id,
      kind: timing.job.kind,
      periodMs: secondsBetween(timing.job, now, timing.stretch) * 1000,
      isDue: (after, until) => dueRuns(timing, after, until).length > 0,
    })),
  };
}
