import type { Attention, SystemHealth } from '../contracts/http/health.ts';
import type { Cause } from '../contracts/words/causes.ts';
import { gravityOf, type HealthStatus, isUnhealthy, type ScoreCap } from '../contracts/words/health-status.ts';
import type { RunReason } from '../contracts/words/run-reasons.ts';
import type { ServiceId } from '../contracts/words/services.ts';
import { headlineOf } from './headline.ts';

/** A source as the installation is judged by it. */
export interface SystemSource {
  readonly id: string;
  readonly title: string;
  readonly status: HealthStatus;
  readonly reason: RunReason | null;
  readonly cause: Cause | null;
  /** Until when it gets no request. */
  readonly heldUntil: Date | null;
  readonly score: number | null;
  /** It is due and was not planned: nobody asks it, and no service is stopped that would explain it. */
  readonly unplanned: boolean;
}

/** What an installation is judged by. */
export interface SystemFacts {
  readonly sources: readonly SystemSource[];
  readonly stopped: readonly ServiceId[];
  /** The scheduler is switched on and has planned nothing for a quarter of an hour. */
  readonly silent: boolean;
  /** Names of the checks of /health that warn, those of sources and services aside. */
  readonly warnings: readonly string[];
}

/** While one of these is stopped, no new price reaches the tables. */
const collecting: ReadonlySet<ServiceId> = new Set(['scheduler', 'scrapers', 'ingest']);

/**
 * Between which scores a source counts, by its status: its past neither hides its present nor speaks against it. A paused
 * source is not in the mean.
 */
const bands: Readonly<Partial<Record<HealthStatus, readonly [number, number]>>> = {
  healthy: [80, 100],
  degraded: [40, 79],
  limited: [40, 79],
  failed: [0, 39],
};

/** How far a source with this status works, for the cap `share_working`. */
const works: Readonly<Partial<Record<HealthStatus, number>>> = { healthy: 1, degraded: 0.5, limited: 0.5 };

/** The highest score while nothing is collected, and while anything is not as it should be. */
const nothingCollectedMost = 39;
const notAllHealthyMost = 79;

/**
 * The health of the installation. The score is the mean of the sources that run, each within the band of its status, and
 * at most the lowest cap that applies:
 *
 *   nothing_collected   39: the scheduler, the scrapers or the ingest are stopped, or the scheduler plans nothing
 *   share_working       the share of sources that work, in percent; one that is degraded or limited counts half
 *   not_all_healthy     79: a source, a service or a check is not as it should be
 *
 * The status follows from the score: `healthy` from 80, `failed` or `paused` below 40, `degraded` between. A source that
 * was not judged (`unknown`) counts neither way. docs/health.md has examples.
 */
export function systemHealth(facts: SystemFacts): SystemHealth {
  const judged = facts.sources.filter((source) => source.status !== 'unknown');
  const running = judged.filter((source) => source.status !== 'paused');
  const attention = attentionOf(facts);
  const stands = facts.silent || facts.stopped.some((service) => collecting.has(service));
  const mean = meanOf(running);
  const caps: { rule: ScoreCap; most: number }[] = [
    ...(stands ? [{ rule: 'nothing_collected' as const, most: nothingCollectedMost }] : []),
    ...(judged.length > 0 ? [{ rule: 'share_working' as const, most: shareWorking(judged) }] : []),
    ...(attention.length > 0 ? [{ rule: 'not_all_healthy' as const, most: notAllHealthyMost }] : []),
  ];
  const lowest = caps.toSorted((a, b) => a.most - b.most)[0];
  const score = judged.length === 0 && !stands ? null : Math.min(mean ?? 100, lowest?.most ?? 100);
  const health = {
    status: statusOf({ facts, score, running, unhealthy: attention.length > 0 }),
    score,
    mean,
    cap: lowest !== undefined && score !== null && lowest.most < (mean ?? 101) ? lowest : null,
    sources: {
      total: facts.sources.length,
      healthy: judged.filter((source) => source.status === 'healthy').length,
      unknown: facts.sources.length - judged.length,
    },
    attention,
  };
  return { ...health, headline: headlineOf(health) };
}

/** `/health` by the status of the system: one that is `unknown` has only just begun. */
export function checkStatusOf({ status }: Pick<SystemHealth, 'status'>): 'pass' | 'warn' | 'fail' {
  if (status === 'failed') return 'fail';
  return status === 'healthy' || status === 'unknown' ? 'pass' : 'warn';
}

function statusOf(of: {
  facts: SystemFacts;
  score: number | null;
  running: readonly SystemSource[];
  unhealthy: boolean;
}): SystemHealth['status'] {
  const { facts, score, running, unhealthy } = of;
  if (!unhealthy) return score === null ? 'unknown' : 'healthy';
  if (facts.silent) return 'failed';
  if (score === null || score > nothingCollectedMost) return 'degraded';
  // What a person stopped is no failure; but what still runs must work.
  const fails = running.some((source) => source.status === 'failed') && shareWorking(running) <= nothingCollectedMost;
  return fails ? 'failed' : 'paused';
}

function meanOf(sources: readonly SystemSource[]): number | null {
  if (sources.length === 0) return null;
  const sum = sources.reduce((total, { status, score }) => {
    const [least, most] = bands[status] ?? [0, 100];
    return total + Math.max(least, Math.min(most, score ?? least));
  }, 0);
  return Math.round(sum / sources.length);
}

function shareWorking(sources: readonly SystemSource[]): number {
  return Math.round((100 * sources.reduce((sum, { status }) => sum + (works[status] ?? 0), 0)) / sources.length);
}

const unexplained = { reason: null, cause: null, until: null } as const;

/**
 * Worst first: what stops everything, then sources by gravity and score, then what else is stopped or warns. A source that
 * was not judged is none of it, unless it should have been asked.
 */
function attentionOf({ sources, stopped, silent, warnings }: SystemFacts): Attention[] {
  const services = stopped.map((id): Attention => {
    return { kind: 'service', id, title: id, status: 'paused', ...unexplained };
  });
  const checks = warnings.map((id): Attention => ({ kind: 'check', id, title: id, status: null, ...unexplained }));
  const sick = sources
    .filter((source) => isUnhealthy(source.status) || (source.unplanned && !silent))
    .toSorted(
      (a, b) =>
        gravityOf(a.status) - gravityOf(b.status) ||
        (a.score ?? 101) - (b.score ?? 101) ||
        a.title.localeCompare(b.title, 'en'),
    )
    .map(({ id, title, status, reason, cause, heldUntil }): Attention => {
      return { kind: 'source', id, title, status, reason, cause, until: heldUntil?.toISOString() ?? null };
    });
  const isCollecting = ({ id }: Attention) => collecting.has(id as ServiceId);
  return [
    ...(silent ? checks.filter(({ id }) => id === schedulerCheck) : []),
    ...services.filter(isCollecting),
    ...sick,
    ...services.filter((service) => !isCollecting(service)),
    ...checks.filter(({ id }) => !silent || id !== schedulerCheck),
  ];
}

/** The checks of /health that say whether the database answers in time, and whether statements wait for locks. */
export const slowDatabaseCheck = 'database:responseTime';
export const lockedDatabaseCheck = 'database:lockWait';

/** The check of /health that says whether the scheduler plans. */
export const schedulerCheck = 'scheduler:plannedTo';
