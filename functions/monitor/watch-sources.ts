import { needsCredentials } from '../../core/auth/credentials.ts';
import type { OutcomeMessage } from '../../core/contracts/messages.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { type JudgedDefinition, judgeSource, overdueAfterMs } from '../../core/health/judge.ts';
import type { Judgement } from '../../core/health/judgement.ts';
import { dueRuns, secondsBetween, timingsOf, type Wanted } from '../../core/planning/job-schedule.ts';
import type { JudgedSource, OutcomeStore } from '../../core/ports/outcome-store.ts';
import { proxyId } from '../../core/recovery/strategy.ts';
import { latenessMs, type SourceDefinition } from '../../core/sources/definition.ts';

export interface Watching {
  readonly store: OutcomeStore;
  readonly sources: readonly SourceDefinition[];
  /**
   * What the planner goes by where that is not the catalogue alone: runs that were never due must not be missed, nor
   * thought more frequent than they are.
   */
  readonly planned?: Pick<Wanted, 'symbols' | 'alwaysOpen'>;
  /** From 0 up to 1; spreads how long breakers stay open. */
  readonly random?: () => number;
}

/** What a minute of the monitor came to. */
export interface Watched {
  /** Sources with tasks that gave no outcome in time. */
  readonly overdue: readonly string[];
  /** By source, of those that could be judged. */
  readonly statuses: ReadonlyMap<string, HealthStatus>;
  /** Of those that could not. */
  readonly errors: readonly unknown[];
}

/**
 * Takes in one outcome and judges its source anew. A scrape that brought an answer ends nothing yet: the judgement waits
 * for what `ingest` says of its rows.
 */
export async function recordOutcome(outcome: OutcomeMessage, watching: Watching, now: Date): Promise<void> {
  if (outcome.stage === 'scrape') {
    await watching.store.recordScrape(outcome);
    if (outcome.ok) return;
  }
  const source = watching.sources.find((each) => each.id === outcome.sourceId);
  if (source) await judge(source, watching, now);
}

/**
 * What the monitor does each minute:
 *
 *   1. a task without an outcome has failed
 *   2. incidents of sources that are in the catalogue no more are over
 *   3. all sources are judged anew; one that cannot be does not keep the others from it
 */
export async function watchSources(watching: Watching, now: Date): Promise<Watched> {
  const { store, sources } = watching;
  const overdue = await store.endOverdue(new Date(now.getTime() - overdueAfterMs), now);
  await store.closeLeft([...sources.map((source) => source.id), proxyId], now);
  const statuses = new Map<string, HealthStatus>();
  const errors: unknown[] = [];
  for (const source of sources) {
    try {
      statuses.set(source.id, (await judge(source, watching, now)).health.status);
    } catch (error) {
      errors.push(error);
    }
  }
  return { overdue, statuses, errors };
}

function judge(source: SourceDefinition, watching: Watching, now: Date): Promise<Judgement> {
  const { store, random = Math.random } = watching;
  const definition = definitionOf(source, watching, now.getTime());
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

function definitionOf(source: SourceDefinition, watching: Watching, now: number): JudgedDefinition {
  const { planned } = watching;
  const timings = planned ? timingsOf(source, { ...planned, toSource: source.toSource }) : timingsOf(source);
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
