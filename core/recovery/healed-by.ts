import type { Recovery } from './recovery.ts';
import { repairSteps } from './strategy.ts';

/** Steps that can be a cure: what is noted, and the proofs, are none. */
const cures: ReadonlySet<string> = new Set([...repairSteps.filter((step) => step !== 'keep_page'), 'fresh_profile']);

/**
 * What was changed before the proof of a verified recovery succeeded, in order; `null` for one that is not verified. Where
 * the second canary proved it, the first had failed after all the others: then it is the other selectors alone. None:
 * nothing was changed.
 */
export function healedBy({ status, steps }: Pick<Recovery, 'status' | 'steps'>): string[] | null {
  if (status !== 'verified') return null;
  const done = steps.filter((step) => step.status === 'done').map(({ name }) => name);
  if (done.includes('second_canary')) return ['other_selectors'];
  return done.filter((name) => cures.has(name));
}

/** Whether pages are read by other selectors since this recovery: without a proof of it they are taken back. */
export function usesOtherSelectors({ steps }: Pick<Recovery, 'steps'>): boolean {
  return steps.some(({ name, status }) => name === 'other_selectors' && status === 'done');
}
