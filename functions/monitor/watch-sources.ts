import { needsCredentials } from '../../core/auth/credentials.ts';
import type { OutcomeMessage } from '../../core/contracts/messages.ts';
import { type JudgedDefinition, judgeSource, overdueAfterMs } from '../../core/health/judge-source.ts';
import type { JudgedSource, Judgement, OutcomeStore } from '../../core/ports/outcome-store.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { dueRuns, secondsBetween } from '../../core/sources/job-schedule.ts';

const usualLatenessMinutes = 30;

export interface Watching {
  readonly store: OutcomeStore;
  readonly sources: readonly SourceDefinition[];
  /** From 0 up to 1; spreads how long breakers stay open. */
  readonly random?: () => number;
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

/** What the monitor does each minute: a task without an outcome has failed, and all sources are judged anew. */
export async function watchSources(watching: Watching, now: Date): Promise<{ overdue: string[] }> {
  const overdue = await watching.store.endOverdue(new Date(now.getTime() - overdueAfterMs), now);
  for (const source of watching.sources) await judge(source, watching, now);
  return { overdue };
}

function judge(source: SourceDefinition, { store, random = Math.random }: Watching, now: Date): Promise<Judgement> {
  const definition = definitionOf(source, now.getTime());
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

function definitionOf(source: SourceDefinition, now: number): JudgedDefinition {
  return {
    id: source.id,
    needsCredentials: needsCredentials(source),
    perDay: source.quota.perDay,
    latenessMs: (source.latenessMinutes ?? usualLatenessMinutes) * 60_000,
    jobs: source.jobs.map((job) => ({
      id: job.id,
      kind: job.kind,
      periodMs: secondsBetween(job, now) * 1000,
      isDue: (after, until) =>
        dueRuns({ job, symbols: job.symbols, stretch: 1, alwaysOpen: false }, after, until).length > 0,
    })),
  };
}
