import { randomUUID } from 'node:crypto';
import { needsCredentials } from '../../core/auth/credentials.ts';
import type { RecoveryMessage } from '../../core/contracts/messages.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { RecoveryRecords, RecoveryWatch } from '../../core/ports/recovery-store.ts';
import { recoveryDue } from '../../core/recovery/due.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

export interface StartingRecoveries {
  readonly recoveries: Pick<RecoveryRecords, 'running' | 'create'> & RecoveryWatch;
  /** Has the queue `recoveries`. */
  readonly queue: MessageQueue;
  readonly sources: readonly SourceDefinition[];
}

/**
 * What the monitor does about failing sources each minute, once they are judged.
 *
 *   1. fail abandoned recoveries
 *   2. note which verified recoveries held
 *   3. send pending recoveries again: their message may be lost
 *   4. start the recoveries that are due
 *
 * The tick's time is the clock. Gives the sources whose recovery was started.
 */
export async function startRecoveries(
  now: Date,
  { recoveries, queue, sources }: StartingRecoveries,
): Promise<{ recovering: string[] }> {
  await recoveries.endAbandoned(now);
  await recoveries.noteHeld(now);
  const send = (ids: readonly string[]) =>
    ids.length === 0
      ? Promise.resolve()
      : queue.send(
          'recoveries',
          ids.map((recoveryId): RecoveryMessage => ({ recoveryId })),
        );
  if (!(await recoveries.running())) return { recovering: [] };
  await send(await recoveries.pending());
  const facts = await recoveries.facts(
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
