import { randomUUID } from 'node:crypto';
import type { RecoveryCandidates } from '../../core/adapters/postgres/recovery/candidates.ts';
import type { RecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { needsCredentials } from '../../core/auth/credentials.ts';
import type { RecoveryMessage } from '../../core/contracts/messages.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import { recoveryDue } from '../../core/recovery/due.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

export interface StartingRecoveries {
  readonly recoveries: RecoveryStore;
  readonly candidates: RecoveryCandidates;
  /** Has the queue `recoveries`. */
  readonly queue: MessageQueue;
  readonly sources: readonly SourceDefinition[];
}

/**
 * What the monitor does about sick sources each minute, once they are judged.
 *
 *   1. recoveries that nobody goes on with are ended as failed
 *   2. of those that were verified: did they hold?
 *   3. those that wait to be begun are sent again: their message may be lost
 *   4. a source whose recovery is due gets one
 *
 * The tick's time is the clock. Gives the sources whose recovery was started.
 */
export async function startRecoveries(
  now: Date,
  { recoveries, candidates, queue, sources }: StartingRecoveries,
): Promise<{ recovering: string[] }> {
  await recoveries.endAbandoned(now);
  await candidates.trackHeld(now);
  const send = (ids: readonly string[]) =>
    ids.length === 0
      ? Promise.resolve()
      : queue.send(
          'recoveries',
          ids.map((recoveryId): RecoveryMessage => ({ recoveryId })),
        );
  if (!(await recoveries.running())) return { recovering: [] };
  await send(await recoveries.pending());
  const facts = await candidates.facts(
    sources.map((source) => source.id),
    now,
  );
  const recovering: string[] = [];
  for (const source of sources) {
    const known = facts.get(source.id);
    if (!known) continue;
    const locked = known.locked && needsCredentials(source);
    if (!recoveryDue({ ...known, locked }, now.getTime()).due) continue;
    const id = randomUUID();
    const { created } = await recoveries.create({
      id,
      sourceId: source.id,
      trigger: 'automatic',
      requestedAt: now,
      requestedBy: null,
    });
    if (!created) continue;
    await send([id]);
    recovering.push(source.id);
  }
  return { recovering };
}
