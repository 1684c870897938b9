/**
 * Heals one source, step by step (core/recovery/strategy.ts says which).
 *
 *   1. is the service switched on? is another worker at it? has it ended?
 *   2. begin: what does the source fail of, and what is done about that
 *   3. each step: noted as begun, done, and noted as done in the transaction of what it changed
 *   4. the proof: a canary goes all the way into the database, or the proxy's own heartbeat is waited for
 *   5. without proof: another source is asked for what is missing
 *   6. the end: verified, mitigated or failed
 *
 * Waiting is a message to itself. Whatever is delivered twice or breaks off is gone on with where the record says; what
 * nobody goes on with is ended by the monitor.
 */

import type { Connection, Pool } from '../../core/adapters/postgres/database/pool.ts';
import {
  changeSelectors,
  conditionOf,
  flushCache,
  halfOpenBreaker,
  liftPause,
  lowerBudget,
  notePage,
  renewSession,
} from '../../core/adapters/postgres/recovery/effects.ts';
import {
  canaryPatienceSeconds,
  heartbeatPatienceSeconds,
  type RecoveryRow,
  type RecoveryStore,
  recoveryStore,
  type StepResult,
} from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { proxyPause } from '../../core/adapters/postgres/recovery/runs.ts';
import type { RecoveryMessage } from '../../core/contracts/messages.ts';
import { type RunReason, runReasons } from '../../core/contracts/words/run-reasons.ts';
import type { Clock } from '../../core/ports/clock.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import { proxyId, type RecoveryKind, type RecoveryStepName, strategyFor } from '../../core/recovery/strategy.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { askCanary, type Going } from './steps/canary.ts';
import { failed } from './steps/end.ts';
import { askFallback } from './steps/fallback.ts';
import { awaitHeartbeat } from './steps/heartbeat.ts';

export interface Recovering {
  readonly pool: Pool;
  readonly queue: MessageQueue;
  readonly sources: readonly SourceDefinition[];
  /** What a source calls a canonical symbol. */
  readonly nameFor: (sourceId: string) => { toSource(canonical: string): string | null };
  readonly now: Clock;
  /** Who this is, for the lease. */
  readonly worker: string;
}

/** While the service is switched off, a message comes back after this long. */
const stoppedDelaySeconds = 30;

/** Whose permits, session and breaker are meant: the proxy draws on Yahoo's. */
const proxiedSource = 'yahoo';

/** Goes on with a recovery as far as it can be gone on with now. */
export async function recoverSource({ recoveryId }: RecoveryMessage, recovering: Recovering): Promise<void> {
  const store = recoveryStore(recovering.pool);
  if (!(await store.running())) {
    await recovering.queue.send('recoveries', [{ recoveryId }], stoppedDelaySeconds);
    return;
  }
  const token = await store.take(recoveryId, recovering.worker);
  if (token === null) return;
  let waitSeconds: number | null = null;
  try {
    waitSeconds = await goOn(recoveryId, store, recovering);
  } finally {
    await store.release(recoveryId, token);
  }
  // Only now: who takes the message must find the recovery free.
  if (waitSeconds !== null) await recovering.queue.send('recoveries', [{ recoveryId }], Math.min(60, waitSeconds));
}

/** Gives in how many seconds to look again, or `null` when the recovery has ended. */
async function goOn(id: string, store: RecoveryStore, recovering: Recovering): Promise<number | null> {
  let recovery = await store.find(id);
  if (!recovery || recovery.finished_at !== null) return null;
  const { now, sources } = recovering;
  const source = sources.find((each) => each.id === recovery?.source_id) ?? null;
  const kind: RecoveryKind | null = recovery.source_id === proxyId ? 'proxy' : (source?.kind ?? null);
  if (kind === null) {
    const message = 'This source is not in the catalogue any more.';
    await store.finish(id, { status: 'failed', reason: 'unexplained', message }, new Date(now()));
    return null;
  }
  const asked = source?.id ?? proxiedSource;
  if (recovery.status === 'pending') {
    const reason =
      kind === 'proxy' ? await reasonOfProxy(recovering.pool) : (await conditionOf(recovering.pool, asked)).reason;
    await store.begin(
      id,
      {
        strategy: strategyFor(kind, reason).name,
        reason,
        patienceSeconds: kind === 'proxy' ? heartbeatPatienceSeconds : canaryPatienceSeconds,
      },
      new Date(now()),
    );
    recovery = await store.find(id);
    if (!recovery || recovery.finished_at !== null) return null;
  }
  const { steps } = strategyFor(kind, recovery.reason);
  for (const name of steps) {
    if (recovery.steps.some((step) => step.name === name && step.status !== 'running')) continue;
    await store.beginStep(id, name, new Date(now()));
    const going: Going = { recovery, store, recovering, source, fresh: steps.includes('fresh_profile') };
    const outcome = await doStep(name, asked, going);
    if (outcome === 'ended') return null;
    if (outcome !== 'next') return outcome.waitSeconds;
    const next: RecoveryRow | null = await store.find(id);
    if (!next || next.finished_at !== null) return null;
    recovery = next;
  }
  // Each strategy ends with a proof that ends the recovery, unless it broke off just before.
  await failed({ recovery, store, recovering, source, fresh: false });
  return null;
}

/** What a step came to: on to the next, the end of the recovery, or look again later. */
export type StepOutcome = 'next' | 'ended' | { readonly waitSeconds: number };

async function doStep(name: RecoveryStepName, sourceId: string, going: Going): Promise<StepOutcome> {
  const { recovery, store, recovering } = going;
  const effect = effects[name];
  if (effect) {
    await store.doStep(recovery.id, name, new Date(recovering.now()), (db) =>
      effect(db, sourceId, recovery.reason, new Date(recovering.now())),
    );
    return 'next';
  }
  if (name === 'canary') return askCanary(going);
  if (name === 'heartbeat') return awaitHeartbeat(going);
  return askFallback(going);
}

type Effect = (db: Connection, sourceId: string, reason: RunReason | null, now: Date) => Promise<StepResult>;

const effects: Partial<Record<RecoveryStepName, Effect>> = {
  keep_page: notePage,
  lower_budget: lowerBudget,
  renew_session: renewSession,
  fresh_profile: async () => ({
    status: 'done',
    detail: 'The canary begins in a new browser context, with nothing kept.',
  }),
  other_selectors: changeSelectors,
  half_open_breaker: (db, sourceId, _reason, now) => halfOpenBreaker(db, sourceId, now),
  flush_cache: flushCache,
  lift_pause: liftPause,
};

async function reasonOfProxy(pool: Pool): Promise<RunReason | null> {
  const paused = await proxyPause(pool, proxiedSource);
  return runReasons.find((reason) => reason === paused) ?? null;
}
