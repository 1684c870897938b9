import type { Failure } from '../../contracts/failure.ts';
import type { RecoveryStep } from '../../contracts/http/recovery.ts';
import type { PageSelectors } from '../../contracts/words/page-selectors.ts';
import type { Clock } from '../../ports/clock.ts';
import type {
  RecoveryEnd,
  RecoveryLookups,
  RecoveryProgress,
  RecoveryRecords,
  RecoveryStore,
  RecoveryWatch,
} from '../../ports/recovery-store.ts';
import { usesOtherSelectors } from '../../recovery/healed-by.ts';
import { heldFor } from '../../recovery/held.ts';
import { abandoned, type Recovery, type RunResult, type StepResult } from '../../recovery/recovery.ts';
import {
  breakerHalfOpened,
  budgetLowered,
  cacheFlushed,
  pageKept,
  pauseLifted,
  selectorsChanged,
  sessionDropped,
} from '../../recovery/repairs.ts';
import { budgetUntil, loweredBudget, type RepairStep } from '../../recovery/strategy.ts';
import { abandonedAfterSeconds, beginsWithinSeconds, leaseSeconds } from '../../recovery/timing.ts';
import {
  conditionIn,
  type KnownRun,
  type KnownSource,
  memorySurroundings,
  type Surroundings,
  symbolKey,
} from './recovery-surroundings.ts';

interface Stored extends Omit<Recovery, 'secondsLeft'> {
  readonly deadlineAt: number | null;
}

/**
 * Recoveries of one process, for tests. What surrounds them, sources and runs and the proxy, is set and read at
 * `surroundings`. Of permits it knows only the pause that a source asked for.
 */
export function memoryRecoveryStore(now: Clock): RecoveryStore & { readonly surroundings: Surroundings } {
  const surroundings = memorySurroundings();
  const recoveries = new Map<string, Stored>();
  const parts = { now, recoveries, surroundings };
  return { ...records(parts), ...watch(parts), ...progress(parts), ...lookups(parts), surroundings };
}

interface Parts {
  readonly now: Clock;
  readonly recoveries: Map<string, Stored>;
  readonly surroundings: Surroundings;
}

function records({ now, recoveries, surroundings }: Parts): RecoveryRecords {
  const shown = ({ deadlineAt, ...recovery }: Stored): Recovery => ({
    ...recovery,
    secondsLeft: deadlineAt === null ? null : (deadlineAt - now()) / 1000,
  });
  return {
    running: async () => surroundings.running,
    async create({ id, sourceId, trigger, requestedAt }) {
      if (recoveries.has(id)) return { created: true, active: id };
      const open = [...recoveries.values()].find((each) => each.sourceId === sourceId && each.finishedAt === null);
      if (open) return { created: false, active: open.id };
      recoveries.set(id, { ...blank, id, sourceId, trigger, requestedAt });
      return { created: true, active: id };
    },
    has: async (id) => recoveries.has(id),
    async find(id) {
      const found = recoveries.get(id);
      return found ? shown(found) : null;
    },
    async list({ sourceId, status, after, limit }) {
      return [...recoveries.values()]
        .filter((each) => (sourceId ?? each.sourceId) === each.sourceId && (status ?? each.status) === each.status)
        .map((each) => ({ ...shown(each), cursorAt: each.requestedAt.toISOString().replace('Z', '000Z') }))
        .filter((each) => !after || latestFirst({ cursorAt: after.requestedAt, id: after.id }, each) < 0)
        .sort(latestFirst)
        .slice(0, limit);
    },
  };
}

const blank = {
  strategy: null,
  status: 'pending',
  reason: null,
  detail: null,
  message: null,
  steps: [],
  startedAt: null,
  finishedAt: null,
  canaryRunId: null,
  fallback: null,
  held: null,
  deadlineAt: null,
} as const;

interface Place {
  readonly cursorAt: string;
  readonly id: string;
}

function latestFirst(one: Place, other: Place): number {
  if (one.cursorAt !== other.cursorAt) return one.cursorAt > other.cursorAt ? -1 : 1;
  return one.id < other.id ? -1 : Number(one.id > other.id);
}

function watch({ now, recoveries, surroundings }: Parts): RecoveryWatch {
  return {
    pending: async () => [...recoveries.values()].filter(({ status }) => status === 'pending').map(({ id }) => id),
    async endAbandoned(at) {
      const left = [...recoveries.values()].filter(({ finishedAt, deadlineAt, requestedAt }) => {
        const until =
          deadlineAt === null
            ? requestedAt.getTime() + beginsWithinSeconds * 1000
            : deadlineAt + abandonedAfterSeconds * 1000;
        return finishedAt === null && until < now();
      });
      for (const recovery of left) {
        const failure = abandoned({ begun: recovery.startedAt !== null });
        if (usesOtherSelectors(recovery)) changeSelectors(surroundings.source(recovery.sourceId));
        recoveries.set(recovery.id, ended(recovery, 'failed', { step: null, failure, message: failure.message }, at));
        surroundings.published.push('recovery.finished');
      }
      return left.map(({ sourceId }) => sourceId);
    },
    async noteHeld(at) {
      const broken: string[] = [];
      for (const recovery of recoveries.values()) {
        const { id, sourceId, status, held, finishedAt } = recovery;
        if (status !== 'verified' || held !== null || !finishedAt) continue;
        const opened = surroundings.incidents.filter((each) => each.sourceId === sourceId);
        const verdict = heldFor(
          finishedAt.getTime(),
          opened.map(({ openedAt }) => openedAt.getTime()),
          at.getTime(),
        );
        recoveries.set(id, { ...recovery, held: verdict });
        if (verdict === false) broken.push(sourceId);
      }
      return broken;
    },
    async facts(ids, at) {
      return new Map(
        ids.map((sourceId) => {
          const source = surroundings.source(sourceId);
          const open = surroundings.incidents.filter((each) => each.sourceId === sourceId && each.resolvedAt === null);
          const past = [...recoveries.values()]
            .filter((each) => each.sourceId === sourceId)
            .sort((one, other) => other.requestedAt.getTime() - one.requestedAt.getTime())
            .map(({ trigger, status, requestedAt, finishedAt }) => ({
              trigger,
              status,
              requestedAt: requestedAt.getTime(),
              finishedAt: finishedAt?.getTime() ?? null,
            }));
          const facts = {
            status: source.status,
            failuresInARow: open.reduce((sum, each) => sum + each.count, 0),
            paused: source.pausedUntil !== null && source.pausedUntil > at.getTime(),
            locked: !source.unlocked,
            // Its sources have no logins.
            loginHeld: false,
            openIncidents: open.length,
            heldUntil: source.heldUntil,
            past,
          };
          return [sourceId, facts];
        }),
      );
    },
  };
}

function progress({ now, recoveries, surroundings }: Parts): RecoveryProgress {
  const leases = new Map<string, { token: number; until: number }>();
  const change = (id: string, to: (recovery: Stored) => Stored) => {
    const found = recoveries.get(id);
    if (found) recoveries.set(id, to(found));
  };
  const changeStep = (id: string, name: string, to: (step: RecoveryStep) => RecoveryStep) =>
    change(id, (recovery) => ({
      ...recovery,
      steps: recovery.steps.map((step) => (step.name === name && step.status === 'running' ? to(step) : step)),
    }));
  /** Gives the recovery as it was, or `null` when it has ended before. */
  const finish = (id: string, status: Ended['status'], end: Ended['end'], at: Date): Stored | null => {
    const found = recoveries.get(id);
    if (!found || found.finishedAt !== null) return null;
    recoveries.set(id, ended(found, status, end, at));
    surroundings.published.push('recovery.finished');
    return found;
  };
  return {
    async take(id) {
      const lease = leases.get(id);
      if (lease && lease.until > now()) return null;
      const token = (lease?.token ?? 0) + 1;
      leases.set(id, { token, until: now() + leaseSeconds * 1000 });
      return token;
    },
    async release(id, token) {
      const lease = leases.get(id);
      if (lease?.token !== token || lease.until <= now()) return false;
      leases.set(id, { token, until: now() });
      return true;
    },
    async begin(id, { strategy, reason, patienceSeconds }, at) {
      if (recoveries.get(id)?.status !== 'pending') return;
      const deadlineAt = now() + patienceSeconds * 1000;
      change(id, (recovery) => ({ ...recovery, status: 'running', strategy, reason, startedAt: at, deadlineAt }));
      surroundings.published.push('recovery.started');
    },
    async beginStep(id, name, at) {
      const begun = { name, status: 'running', startedAt: at.toISOString(), finishedAt: null } as const;
      change(id, (recovery) =>
        recovery.steps.some((step) => step.name === name)
          ? recovery
          : { ...recovery, steps: [...recovery.steps, { ...begun, detail: null, failure: null }] },
      );
    },
    async describeStep(id, name, detail) {
      changeStep(id, name, (step) => ({ ...step, detail }));
    },
    async endStep(id, name, result, at) {
      changeStep(id, name, (step) => endedStep(step, result, at));
    },
    async repair(id, name, { sourceId, reason }, at) {
      changeStep(id, name, (step) => {
        const result = repairs[name](surroundings.source(sourceId), surroundings, reason, now());
        return endedStep(step, result, at);
      });
    },
    async planCanary(id, run, patienceSeconds = 0) {
      surroundings.plan(run);
      const until = patienceSeconds === 0 ? 0 : now() + patienceSeconds * 1000;
      change(id, (recovery) => ({
        ...recovery,
        canaryRunId: run.id,
        deadlineAt: recovery.deadlineAt === null ? null : Math.max(recovery.deadlineAt, until),
      }));
    },
    async planFallback(id, run, patienceSeconds) {
      surroundings.plan(run);
      const { id: runId, sourceId } = run;
      const deadlineAt = now() + patienceSeconds * 1000;
      change(id, (recovery) => ({
        ...recovery,
        fallback: { sourceId, runId },
        deadlineAt: Math.max(recovery.deadlineAt ?? 0, deadlineAt),
      }));
    },
    async finishVerified(id, { rerun, ...end }, at) {
      if (finish(id, 'verified', { ...end, failure: null }, at) && rerun) surroundings.plan(rerun);
    },
    async finishMitigated(id, { takeBackSelectors, ...end }, at) {
      const found = finish(id, 'mitigated', end, at);
      if (found && takeBackSelectors) changeSelectors(surroundings.source(found.sourceId));
    },
    async finishFailed(id, { takeBackSelectors, ...end }, at) {
      const found = finish(id, 'failed', end, at);
      if (found && takeBackSelectors) changeSelectors(surroundings.source(found.sourceId));
    },
  };
}

interface Ended {
  readonly status: 'verified' | 'mitigated' | 'failed';
  readonly end: RecoveryEnd & { readonly failure: Failure | null };
}

function ended(recovery: Stored, status: Ended['status'], { step, failure, message }: Ended['end'], at: Date): Stored {
  const steps = recovery.steps.map((each): RecoveryStep => {
    if (each.status !== 'running') return each;
    if (each.name === step?.name) return endedStep(each, step.result, at);
    return { ...each, status: 'failed', finishedAt: at.toISOString() };
  });
  const detail = failure?.detail ?? null;
  return { ...recovery, status, reason: failure?.reason ?? recovery.reason, detail, message, steps, finishedAt: at };
}

function endedStep(step: RecoveryStep, result: StepResult, at: Date): RecoveryStep {
  return { ...step, failure: null, ...result, finishedAt: at.toISOString() };
}

function changeSelectors(source: KnownSource): PageSelectors {
  source.selectors = source.selectors === 'main' ? 'alternative' : 'main';
  return source.selectors;
}

type Repair = (source: KnownSource, all: Surroundings, reason: Recovery['reason'], now: number) => StepResult;

const repairs: Readonly<Record<RepairStep, Repair>> = {
  keep_page: (source) => pageKept(source.failedPage),
  lower_budget(source, _all, reason, now) {
    const factor = loweredBudget(source.budget && source.budget.until > now ? source.budget.factor : null);
    source.budget = { factor, until: budgetUntil(reason, now, source.heldUntil) };
    return budgetLowered(factor, source.budget.until);
  },
  renew_session(source) {
    const session = source.session;
    source.session = false;
    return sessionDropped({ session, renewal: false });
  },
  other_selectors: (source) => selectorsChanged(changeSelectors(source)),
  half_open_breaker(source) {
    const wasOpen = source.breaker !== 'closed';
    if (wasOpen) source.breaker = 'half_open';
    return breakerHalfOpened(wasOpen);
  },
  flush_cache(_source, { proxy }) {
    const answers = proxy.answers.size;
    proxy.answers.clear();
    return cacheFlushed(answers);
  },
  lift_pause(_source, { proxy }) {
    const wasPaused = proxy.pause !== null;
    proxy.pause = null;
    return pauseLifted(wasPaused);
  },
};

function lookups({ now, surroundings }: Parts): RecoveryLookups {
  const { runs, proxy } = surroundings;
  return {
    conditionOf: async (sourceId) => conditionIn(surroundings, sourceId),
    jobOfRun: async (runId) => runs.get(runId)?.job ?? null,
    async permitRefusal(sourceId) {
      const { heldUntil } = surroundings.source(sourceId);
      if (heldUntil === null || heldUntil <= now()) return null;
      return { why: 'held', seconds: Math.ceil((heldUntil - now()) / 1000) };
    },
    async runProgress(runId) {
      const run = runs.get(runId);
      const waitsSeconds = Math.max(0, ((run?.waitsUntil ?? 0) - now()) / 1000);
      return { result: run ? resultOf(run) : null, waitsSeconds, artifacts: run?.artifacts ?? [] };
    },
    async unsent(runId) {
      const run = runs.get(runId);
      if (!run) return [];
      const { sourceId, job, kind, fresh, trigger } = run;
      return run.tasks.flatMap(({ status, symbols }, part) =>
        status === 'planned'
          ? [
              {
                ...{ runId, part, sourceId, job, kind, symbols: [...symbols] },
                ...(fresh ? { fresh } : {}),
                ...(trigger === 'canary' ? { canary: true } : {}),
              },
            ]
          : [],
      );
    },
    async markSent(tasks) {
      for (const { runId, part } of tasks) {
        const task = runs.get(runId)?.tasks[part];
        if (task?.status === 'planned') task.status = 'queued';
      }
    },
    listingOf: async (sourceId, symbol, canonical) =>
      surroundings.listings.get(symbolKey(sourceId, symbol)) ??
      surroundings.listings.get(symbolKey('canonical', canonical)) ??
      null,
    canonicalSymbols: async (sourceId, symbols) =>
      new Map(
        symbols.flatMap((symbol): [string, string][] => {
          const listing = surroundings.listings.get(symbolKey(sourceId, symbol));
          return listing ? [[symbol, listing.canonical]] : [];
        }),
      ),
    async healthySources(ids, at) {
      return ids.flatMap((id) => {
        const { status, breaker, pausedUntil, heldUntil, unlocked } = surroundings.source(id);
        const free = (pausedUntil ?? 0) <= at.getTime() && (heldUntil ?? 0) <= now();
        return status === 'healthy' && breaker === 'closed' && free ? [{ id, unlocked }] : [];
      });
    },
    async heartbeatSince(key, since) {
      const answer = proxy.answers.get(key);
      return answer && answer.at > since.getTime() ? { failure: answer.failure } : null;
    },
    proxyPause: async () => (proxy.pause && proxy.pause.until > now() ? proxy.pause.reason : null),
  };
}

function resultOf({ tasks }: KnownRun): RunResult | null {
  if (tasks.some(({ status }) => status !== 'succeeded' && status !== 'failed')) return null;
  const newest = tasks.flatMap(({ newestAsOf }) => newestAsOf ?? []);
  return {
    succeeded: tasks.some(({ status }) => status === 'succeeded'),
    failure: tasks.find(({ status }) => status === 'failed')?.failure ?? null,
    accepted: tasks.reduce((sum, { accepted }) => sum + accepted, 0),
    newestAsOf: newest.length > 0 ? Math.max(...newest) : null,
  };
}
