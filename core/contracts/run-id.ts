import { v5 } from 'uuid';

/** Namespace of Quotron's run ids. Changing it would plan every slot again. */
const namespace = '5d6f3c1e-9f43-5a3b-8a55-3b1f6a0f7c10';

/**
 * A run's id: UUIDv5 of (source, job, trigger, due time or request id), so that a doubled tick plans the same run.
 *
 * `slot` is the due time as an ISO instant for scheduled runs and the request's id for others.
 *
 * @example
 * runIdOf({ sourceId: 'yahoo', job: 'quotes', trigger: 'schedule', slot: '2026-11-20T15:30:00.000Z' }).length // 36
 */
export function runIdOf(run: { sourceId: string; job: string; trigger: string; slot: string }): string {
  return v5([run.sourceId, run.job, run.trigger, run.slot].join('\n'), namespace);
}
