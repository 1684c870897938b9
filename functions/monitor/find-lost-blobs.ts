import type { IngestMessage } from '../../core/contracts/messages.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { overdueAfterMs } from '../../core/health/judge.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { OutcomeStore } from '../../core/ports/outcome-store.ts';
import type { RawStore } from '../../core/ports/raw-store.ts';

interface Finding {
  readonly store: OutcomeStore;
  readonly blobs: Pick<RawStore, 'has'>;
  readonly queue: MessageQueue;
}

/** Looked for in one minute; the others have the next. */
const mostAtOnce = 50;

/**
 * A worker that dies may have kept an answer and told nobody of it. Each attempt that gave no outcome in time is looked
 * for once: its blob, where there is one, is sent to `ingest` as the worker would have, and the attempt is ended. Gives the
 * keys that were sent. Done twice, it changes nothing: a blob is ingested once.
 */
export async function findLostBlobs(now: Date, { store, blobs, queue }: Finding): Promise<string[]> {
  const sent: string[] = [];
  for (const { startedAt, ...of } of await store.lostAttempts(new Date(now.getTime() - overdueAfterMs), mostAtOnce)) {
    // A key has the date at which the answer was there: of an attempt begun before midnight, maybe the next.
    const dates = [startedAt, new Date(startedAt.getTime() + overdueAfterMs)].map((at) => at.toISOString());
    for (const blobKey of new Set(dates.map((createdAt) => rawBlobKey({ ...of, createdAt })))) {
      if (!(await blobs.has(blobKey))) continue;
      const message: IngestMessage = { ...of, blobKey };
      await queue.send('ingest', [message]);
      sent.push(blobKey);
    }
    await store.endLostAttempt(of, now);
  }
  return sent;
}
