import type { Failure } from '../../../core/contracts/failure.ts';
import { usesOtherSelectors } from '../../../core/recovery/healed-by.ts';
import type { StepResult } from '../../../core/recovery/recovery.ts';
import { rerunOf } from '../../../core/recovery/runs.ts';
import type { RecoveryStepName } from '../../../core/recovery/strategy.ts';
import type { RecoveryContext } from '../recovery-context.ts';

/** What people read when no proof failed, but none was there either. */
const unproven = 'Nothing proves that the source works.';

/** Ends a recovery as verified by a step. The job that failed is run again, so that its missing rows come before it is due. */
export async function endVerified(context: RecoveryContext, name: RecoveryStepName, message: string): Promise<'ended'> {
  const { recovery, store, source } = context;
  const now = new Date(context.now());
  const failing = source && (await store.conditionOf(source.id)).failing;
  const rerun = source && rerunOf({ recoveryId: recovery.id, sourceId: source.id, now }, failing);
  const step = { name, result: { status: 'done', detail: message } } as const;
  await store.finishVerified(recovery.id, { step, message, rerun }, now);
  return 'ended';
}

/** Ends a recovery as failed, with the failure of its proof. Page selectors that did not help are taken back. */
export async function endFailed(
  { recovery, store, now }: RecoveryContext,
  { step, failure }: { step: { name: RecoveryStepName; result: StepResult } | null; failure: Failure | null },
): Promise<'ended'> {
  const takeBackSelectors = usesOtherSelectors(recovery);
  const message = failure?.message ?? unproven;
  await store.finishFailed(recovery.id, { step, failure, message, takeBackSelectors }, new Date(now()));
  return 'ended';
}
