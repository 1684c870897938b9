import type { Failure } from '../../contracts/failure.ts';
import type { HealthStatus } from '../../contracts/words/health-status.ts';
import type { PageSelectors } from '../../contracts/words/page-selectors.ts';
import type { RunReason } from '../../contracts/words/run-reasons.ts';
import type { PlannedRun } from '../../planning/plan.ts';
import type { SourceCondition } from '../../recovery/recovery.ts';

/** A source as the memory knows it. Times are milliseconds since the epoch. */
export interface KnownSource {
  status: HealthStatus;
  reason: RunReason | null;
  pausedUntil: number | null;
  unlocked: boolean;
  heldUntil: number | null;
  breaker: 'closed' | 'open' | 'half_open';
  selectors: PageSelectors;
  budget: { readonly factor: number; readonly until: number } | null;
  session: boolean;
  /** S3 keys of the newest page that failed. */
  failedPage: readonly string[];
}

/** Of several open ones the last of the list is the newest. */
export interface KnownIncident {
  readonly sourceId: string;
  readonly reason: RunReason;
  readonly openedAt: Date;
  readonly count: number;
  /** The job that failed. */
  readonly job: string | null;
  resolvedAt: Date | null;
}

export interface KnownRun extends Omit<PlannedRun, 'tasks'> {
  readonly tasks: KnownTask[];
  waitsUntil: number | null;
  artifacts: readonly string[];
}

export interface KnownTask {
  readonly symbols: readonly string[];
  status: 'planned' | 'queued' | 'succeeded' | 'failed';
  failure: Failure | null;
  accepted: number;
  newestAsOf: number | null;
}

export interface KnownListing {
  readonly mic: string;
  readonly zone: string;
  readonly assetClass: string;
  readonly canonical: string;
}

/** What recoveries look up and change besides themselves. */
export interface Surroundings {
  /** Whether the service `recovery` is running. */
  running: boolean;
  /** One that was not set is healthy, and its credentials are set. */
  source(id: string): KnownSource;
  readonly incidents: KnownIncident[];
  readonly runs: ReadonlyMap<string, KnownRun>;
  /** Stores a run that is planned, once. */
  plan(run: PlannedRun): void;
  /** By `symbolKey`. */
  readonly listings: Map<string, KnownListing>;
  readonly proxy: {
    pause: { readonly reason: RunReason; readonly until: number } | null;
    readonly answers: Map<string, { readonly at: number; readonly failure: RunReason | null }>;
  };
  /** Types of the events that were published, in order. */
  readonly published: string[];
}

/** @param namespace a source's id, or `canonical` */
export function symbolKey(namespace: string, symbol: string): string {
  return `${namespace}/${symbol}`;
}

export function memorySurroundings(): Surroundings {
  const sources = new Map<string, KnownSource>();
  const runs = new Map<string, KnownRun>();
  return {
    running: true,
    source(id) {
      const known = sources.get(id) ?? wellSource();
      sources.set(id, known);
      return known;
    },
    incidents: [],
    runs,
    plan(run) {
      if (runs.has(run.id)) return;
      const task = (symbols: readonly string[]): KnownTask => ({
        symbols,
        status: 'planned',
        failure: null,
        accepted: 0,
        newestAsOf: null,
      });
      runs.set(run.id, { ...run, tasks: run.tasks.map(task), waitsUntil: null, artifacts: [] });
    },
    listings: new Map(),
    proxy: { pause: null, answers: new Map() },
    published: [],
  };
}

function wellSource(): KnownSource {
  return {
    status: 'healthy',
    reason: null,
    pausedUntil: null,
    unlocked: true,
    heldUntil: null,
    breaker: 'closed',
    selectors: 'main',
    budget: null,
    session: false,
    failedPage: [],
  };
}

/** The job of the newest open incident, as its newest run left it. */
export function conditionIn({ source, incidents, runs }: Surroundings, sourceId: string): SourceCondition {
  const incident = incidents.findLast((each) => each.sourceId === sourceId && each.resolvedAt === null);
  const reason = incident?.reason ?? source(sourceId).reason;
  const newest = [...runs.values()]
    .filter((run) => run.sourceId === sourceId && run.job === incident?.job && asked.has(run.trigger))
    .sort((one, other) => other.dueAt.getTime() - one.dueAt.getTime())[0];
  if (!incident?.job || !newest) return { reason, failing: null };
  const failed = newest.tasks.filter(({ status }) => status === 'failed');
  const tasks = (failed.length > 0 ? failed : newest.tasks).map(({ symbols }) => symbols);
  const retried = newest.trigger === 'retry' && failed.length === 0;
  return { reason, failing: { job: newest.job, kind: newest.kind, tasks, retried } };
}

/** Triggers of runs that show how a job is; canaries, fallbacks and backfills do not. */
const asked: ReadonlySet<PlannedRun['trigger']> = new Set(['schedule', 'manual', 'first_cycle', 'retry']);
