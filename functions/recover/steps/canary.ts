import type { Failure } from '../../../core/contracts/failure.ts';
import { calendarFor } from '../../../core/market/calendar.ts';
import {
  canaryJob,
  failedStep,
  instantText,
  noOutcome,
  noPermit,
  oldestProof,
  proofOf,
  refusalText,
} from '../../../core/recovery/proof.ts';
import type { RunResult } from '../../../core/recovery/recovery.ts';
import { canaryRun, secondCanaryRun } from '../../../core/recovery/runs.ts';
import { canaryLookSeconds, secondCanaryPatienceSeconds } from '../../../core/recovery/timing.ts';
import { latenessMs, type SourceDefinition, type SourceJob } from '../../../core/sources/definition.ts';
import type { RecoveryContext, StepOutcome } from '../recovery-context.ts';
import { sendRun } from '../send-run.ts';
import { endVerified } from './end.ts';

const unknownCanary: Failure = {
  reason: 'bad_request',
  detail: { code: 'canary_symbol_unknown' },
  message: 'The source does not know its canary symbol.',
};

type CanaryStep = 'canary' | 'second_canary';

/**
 * Runs the canary symbol through the ordinary queue, scraper and ingest, once a permit is available, and waits for its
 * outcome. Ends the recovery when that proves that the source works.
 */
export async function runCanary(name: CanaryStep, context: RecoveryContext): Promise<StepOutcome> {
  const { recovery, store, source } = context;
  const left = recovery.secondsLeft ?? 0;
  const unproven = async (failure: Failure, more?: string): Promise<StepOutcome> => {
    await store.endStep(recovery.id, name, failedStep(failure, more), new Date(context.now()));
    return 'next';
  };
  const job = source && (await jobOf(context, source));
  const symbol = source?.toSource(source.canarySymbol) ?? null;
  if (!source || !job || symbol === null) return unproven(unknownCanary);

  const of = { recoveryId: recovery.id, sourceId: source.id, now: new Date(context.now()) };
  const plan = name === 'canary' ? canaryRun : secondCanaryRun;
  const run = plan(of, job, symbol, context.fresh);
  // The second is a run of its own; what is noted before it is the first.
  const planned = name === 'canary' ? recovery.canaryRunId : recovery.canaryRunId === run.id ? run.id : null;
  const runId = planned ?? run.id;
  if (planned === null) {
    const refusal = await store.permitRefusal(source.id);
    if (refusal && refusal.seconds > left) return unproven(noPermit(recovery, refusal));
    if (refusal) {
      await store.describeStep(recovery.id, name, `Waits for a permit: ${refusalText(refusal)}.`);
      return { waitSeconds: Math.max(1, Math.ceil(refusal.seconds)) };
    }
    await store.planCanary(recovery.id, run, name === 'canary' ? undefined : secondCanaryPatienceSeconds);
  }
  await sendRun(context, source.id, runId);

  const { result, waitsSeconds, artifacts } = await store.runProgress(runId);
  // The time of a second canary begins with its plan.
  if (!result && (left > 0 || planned === null))
    return { waitSeconds: canaryLookSeconds(recovery.secondsLeft, waitsSeconds) };
  if (!result) return unproven(noOutcome(recovery, waitsSeconds));
  const proof = proofOf(result, await oldestOf(context, source, job, symbol));
  if (!proof.verified)
    return unproven(proof.failure, artifacts.length > 0 ? `Kept: ${artifacts.join(', ')}` : undefined);
  return endVerified(context, name, verifiedText(source, result));
}

/** The job of the canary that runs already, or else the one to choose. */
async function jobOf({ recovery, store }: RecoveryContext, source: SourceDefinition): Promise<SourceJob | undefined> {
  const { canaryRunId } = recovery;
  if (canaryRunId !== null) return canaryJob(source, await store.jobOfRun(canaryRunId));
  return canaryJob(source, (await store.conditionOf(source.id)).failing?.job ?? null);
}

async function oldestOf(
  { store, now }: RecoveryContext,
  source: SourceDefinition,
  job: SourceJob,
  symbol: string,
): Promise<number> {
  const listing = await store.listingOf(source.id, symbol, source.canarySymbol);
  return oldestProof(job, listing && calendarFor(listing), now(), latenessMs(source));
}

function verifiedText({ canarySymbol }: SourceDefinition, { accepted, newestAsOf }: RunResult): string {
  const newest = newestAsOf === null ? 'an unknown time' : instantText(newestAsOf);
  return `The canary ${canarySymbol} succeeded: ${accepted} accepted, the newest of ${newest}.`;
}
