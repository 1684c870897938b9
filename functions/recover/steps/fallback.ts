import { needsCredentials } from '../../../core/auth/credentials.ts';
import type { Failure } from '../../../core/contracts/failure.ts';
import {
  canonicalOf,
  chooseFallback,
  type FallbackPlan,
  type NoFallback,
  noFallbackText,
} from '../../../core/recovery/fallback.ts';
import { usesOtherSelectors } from '../../../core/recovery/healed-by.ts';
import type { StepResult } from '../../../core/recovery/recovery.ts';
import { fallbackRun } from '../../../core/recovery/runs.ts';
import { fallbackPatienceSeconds, lookAgainSeconds } from '../../../core/recovery/timing.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import type { RecoveryContext, StepOutcome } from '../recovery-context.ts';
import { sendRun } from '../send-run.ts';
import { endFailed } from './end.ts';

/**
 * Gets the rows of the failing job from the first usable fallback, on that source's own quota. Ends the recovery:
 * `mitigated` when the other source brought rows, else `failed` with the failure of the canary.
 */
export async function runFallback(context: RecoveryContext): Promise<StepOutcome> {
  const { recovery, store, source } = context;
  const proofs = recovery.steps.filter(({ name }) => name === 'canary' || name === 'second_canary');
  const failure = proofs.findLast((step) => step.failure !== null)?.failure ?? null;
  const end = (result: StepResult) => endFailed(context, { step: { name: 'fallback', result }, failure });
  if (!source) return end({ status: 'skipped', detail: 'It has no fallback.' });
  if (!recovery.fallback) {
    const plan = await choose(context, source);
    return typeof plan === 'string'
      ? end({ status: 'skipped', detail: noFallbackText(plan, source) })
      : start(context, plan);
  }
  const { sourceId: otherId, runId } = recovery.fallback;
  await sendRun(context, otherId, runId);
  const { result } = await store.runProgress(runId);
  if (!result && (recovery.secondsLeft ?? 0) > 0) return { waitSeconds: lookAgainSeconds(recovery.secondsLeft) };
  if (!result || result.accepted === 0) {
    const why = result?.failure?.reason ?? (result ? 'no row was accepted' : 'no outcome in time');
    return end({ status: 'failed', detail: `${otherId} did not help: ${why}.`, failure: result?.failure ?? null });
  }
  await endMitigated(context, failure, `${otherId} gave ${result.accepted} rows in its place.`);
  return 'ended';
}

async function start(context: RecoveryContext, { other, job, tasks }: FallbackPlan): Promise<StepOutcome> {
  const { recovery, store } = context;
  const of = { recoveryId: recovery.id, sourceId: other.id, now: new Date(context.now()) };
  const run = fallbackRun(of, job, tasks);
  await store.planFallback(recovery.id, run, fallbackPatienceSeconds);
  await store.describeStep(recovery.id, 'fallback', `Asks ${other.title} for ${tasks.flat().length} symbols.`);
  await sendRun(context, other.id, run.id);
  return { waitSeconds: lookAgainSeconds(recovery.secondsLeft) };
}

async function endMitigated({ recovery, store, now }: RecoveryContext, failure: Failure | null, detail: string) {
  const step = { name: 'fallback', result: { status: 'done', detail } } as const;
  const message = `The source itself is not well (${failure?.message ?? 'not proven'}). ${detail}`;
  const end = { step, message, failure, takeBackSelectors: usesOtherSelectors(recovery) };
  await store.finishMitigated(recovery.id, end, new Date(now()));
}

async function choose(context: RecoveryContext, source: SourceDefinition): Promise<FallbackPlan | NoFallback> {
  const { store, sources } = context;
  const { failing } = await store.conditionOf(source.id);
  const healthy = await store.healthySources(source.fallbacks, new Date(context.now()));
  const usable = healthy.flatMap(({ id, unlocked }) => {
    const other = sources.find((each) => each.id === id);
    return other && (unlocked || !needsCredentials(other)) ? [other] : [];
  });
  const symbols = failing?.tasks.flat() ?? [];
  const registered = await store.canonicalSymbols(source.id, symbols);
  const canonical = canonicalOf(symbols, registered, source);
  return chooseFallback({ source, failing, usable, canonical });
}
