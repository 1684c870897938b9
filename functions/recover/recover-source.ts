/**
 * Recovers one source, step by step (core/recovery/strategy.ts says by which steps).
 *
 *   1. stop here when the service is stopped, another worker has the recovery, or it has ended
 *   2. begin: why does the source fail, and which strategy is for that
 *   3. each step: note that it began, do it, and note what it did in the same transaction
 *   4. the proof: a canary goes all the way into the database, or the proxy's own heartbeat succeeds. A page that the
 *      canary could not read is tried once more by other selectors
 *   5. without proof: another source is asked for the missing rows
 *   6. the end: verified, mitigated or failed
 *
 * A recovery that must wait requeues its own message. A redelivered or interrupted recovery resumes from its stored steps;
 * the monitor fails abandoned ones.
 */
import type { RecoveryMessage } from '../../core/contracts/messages.ts';
import { stoppedDelaySeconds } from '../../core/contracts/queues.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import { type Recovery, sourceRemoved } from '../../core/recovery/recovery.ts';
import { freshProfile } from '../../core/recovery/repairs.ts';
import {
  isRepair,
  proxiedSource,
  proxyId,
  type RecoveryKind,
  type RecoveryStepName,
  strategyFor,
  unreadableReasons,
} from '../../core/recovery/strategy.ts';
import {
  canaryPatienceSeconds,
  heartbeatPatienceSeconds,
  leaseSeconds,
  longestWaitSeconds,
} from '../../core/recovery/timing.ts';
import type { RecoverDependencies, RecoveryContext, StepOutcome } from './recovery-context.ts';
import { runCanary } from './steps/canary.ts';
import { endFailed } from './steps/end.ts';
import { runFallback } from './steps/fallback.ts';
import { awaitHeartbeat } from './steps/heartbeat.ts';

/** Takes a recovery as far as it can go now, and requeues its message if it has to wait. */
export async function recoverSource({ recoveryId }: RecoveryMessage, dependencies: RecoverDependencies): Promise<void> {
  const { store, queue, worker } = dependencies;
  if (!(await store.running())) {
    await queue.send('recoveries', [{ recoveryId }], stoppedDelaySeconds);
    return;
  }
  const token = await store.take(recoveryId, worker);
  if (token === null) return;
  let waitSeconds: number | null = null;
  try {
    waitSeconds = await resume(recoveryId, dependencies);
  } finally {
    await store.release(recoveryId, token);
  }
  // After the release: whoever receives the message must be able to take the recovery.
  if (waitSeconds !== null) await queue.send('recoveries', [{ recoveryId }], Math.min(longestWaitSeconds, waitSeconds));
}

/**
 * Queues a message that is held because the database went away, until the lease of the worker that had it has ended, since
 * that could not be returned. Before, the message would find the recovery taken, and be dropped.
 */
export async function requeueHeld(message: RecoveryMessage, delaySeconds: number, queue: MessageQueue): Promise<void> {
  await queue.send('recoveries', [message], Math.max(delaySeconds, leaseSeconds + 1));
}

/** Gives in how many seconds to look again, or `null` when the recovery has ended. */
async function resume(id: string, dependencies: RecoverDependencies): Promise<number | null> {
  const { store, sources } = dependencies;
  const now = () => new Date(dependencies.now());
  const open = async (): Promise<Recovery | null> => {
    const found = await store.find(id);
    return found && found.finishedAt === null ? found : null;
  };
  let recovery = await open();
  if (!recovery) return null;
  const { sourceId } = recovery;
  const source = sources.find((each) => each.id === sourceId) ?? null;
  const kind: RecoveryKind | null = sourceId === proxyId ? 'proxy' : (source?.kind ?? null);
  if (kind === null) {
    const end = { step: null, failure: sourceRemoved, message: sourceRemoved.message, takeBackSelectors: false };
    await store.finishFailed(id, end, now());
    return null;
  }
  if (recovery.status === 'pending') {
    await begin(recovery, kind, dependencies);
    recovery = await open();
    if (!recovery) return null;
  }
  const { steps } = strategyFor(kind, recovery.reason);
  const fresh = steps.includes('fresh_profile');
  for (const name of steps) {
    if (recovery.steps.some((step) => step.name === name && step.status !== 'running')) continue;
    await store.beginStep(id, name, now());
    const outcome: StepOutcome = await doStep(name, { ...dependencies, recovery, source, fresh });
    if (outcome === 'ended') return null;
    if (outcome !== 'next') return outcome.waitSeconds;
    recovery = await open();
    if (!recovery) return null;
  }
  // Each strategy ends with a proof that ends the recovery: only a release before this one can have left it open.
  await endFailed({ ...dependencies, recovery, source, fresh }, { step: null, failure: null });
  return null;
}

async function begin(
  { id, sourceId }: Recovery,
  kind: RecoveryKind,
  { store, now }: RecoverDependencies,
): Promise<void> {
  const reason = kind === 'proxy' ? await store.proxyPause() : (await store.conditionOf(sourceId)).reason;
  const patienceSeconds = kind === 'proxy' ? heartbeatPatienceSeconds : canaryPatienceSeconds;
  await store.begin(id, { strategy: strategyFor(kind, reason).name, reason, patienceSeconds }, new Date(now()));
}

async function doStep(name: RecoveryStepName, context: RecoveryContext): Promise<StepOutcome> {
  const { store, recovery, source } = context;
  const now = new Date(context.now());
  if (needsFailedCanary(name) && !unreadable(recovery)) {
    const why = { status: 'skipped', detail: 'Other selectors are no cure for how the canary failed.' } as const;
    await store.endStep(recovery.id, name, why, now);
    return 'next';
  }
  if (isRepair(name)) {
    await store.repair(recovery.id, name, { sourceId: source?.id ?? proxiedSource, reason: recovery.reason }, now);
    return 'next';
  }
  if (name === 'fresh_profile') {
    await store.endStep(recovery.id, name, freshProfile, now);
    return 'next';
  }
  if (name === 'canary' || name === 'second_canary') return runCanary(name, context);
  if (name === 'heartbeat') return awaitHeartbeat(context);
  return runFallback(context);
}

function needsFailedCanary(name: RecoveryStepName): boolean {
  return name === 'other_selectors' || name === 'second_canary';
}

/** The canary came back with a page that could not be read by the present selectors. */
function unreadable({ steps }: Recovery): boolean {
  const reason = steps.find((step) => step.name === 'canary')?.failure?.reason;
  return reason !== undefined && unreadableReasons.has(reason);
}
