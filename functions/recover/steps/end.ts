import { conditionOf } from '../../../core/adapters/postgres/recovery/effects.ts';
import { planRun } from '../../../core/adapters/postgres/recovery/runs.ts';
import type { RunReason } from '../../../core/contracts/words/run-reasons.ts';
import type { Going } from './canary.ts';

/** Words for the end of a recovery whose proof is not there. */
const unproven = 'Nothing proves that the source works.';

/**
 * Ends a recovery as verified. The job that failed is run again, so that what it missed is there before it is due next.
 */
export async function verified({ recovery, store, recovering, source }: Going, message: string): Promise<'ended'> {
  const now = new Date(recovering.now());
  await store.finish(recovery.id, { status: 'verified', reason: null, message }, now, async (db) => {
    if (!source) return;
    const { failing } = await conditionOf(db, source.id);
    // What was tried again meanwhile is not asked for twice.
    if (!failing || failing.retried) return;
    await planRun(db, {
      sourceId: source.id,
      job: failing.job,
      kind: failing.kind,
      trigger: 'manual',
      slot: recovery.id,
      dueAt: now,
      tasks: failing.tasks,
    });
  });
  return 'ended';
}

/** Ends a recovery as failed, for what its proof failed of. Selectors that were of no use are taken back. */
export async function failed(
  { recovery, store, recovering }: Going,
  proof: { reason: RunReason; message: string } | null = null,
): Promise<'ended'> {
  const end = { status: 'failed', reason: proof?.reason ?? null, message: proof?.message ?? unproven } as const;
  const changed = recovery.steps.some((step) => step.name === 'other_selectors' && step.status === 'done');
  await store.finish(recovery.id, end, new Date(recovering.now()), async (db) => {
    if (!changed) return;
    await db.query(
      `UPDATE source_state SET selectors = CASE selectors WHEN 'main' THEN 'alternative' ELSE 'main' END WHERE source_id = $1`,
      [recovery.source_id],
    );
  });
  return 'ended';
}
