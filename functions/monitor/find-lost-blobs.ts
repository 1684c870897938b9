import type { IngestMessage } from '../../core/contracts/messages.ts';
import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import { overdueAfterMs } from '../../core/health/judge.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { OutcomeStore } from '../../core/ports/outcome-store.ts';
import type { RawStore } from '../../core/ports/raw-store.ts';
import { ingestQueueOf } from '../../core/sources/catalogue.ts';

interface BlobFinderDependencies {
  readonly store: OutcomeStore;
  readonly blobs: Pick<RawStore, 'has'>;
  readonly queue: MessageQueue;
}

/** Attempts that are looked at in one minute; the others follow in the next. */
const mostAtOnce = 50;

/**
 * Finds answers that a worker stored before it died without an outcome. Each attempt without an outcome in time is looked
 * at once: if it has a blob, that is sent to `ingest` as the worker would have done, and the attempt is ended. Gives the
 * keys that were sent. Idempotent: a blob is ingested once.
 */
export async function findLostBlobs(now: Date, { store, blobs, queue }: BlobFinderDependencies): Promise<string[]> {
  const sent: string[] = [];
  for (const { startedAt, ...of } of await store.lostAttempts(new Date(now.getTime() - overdueAfterMs), mostAtOnce)) {
    // A key has the date of the answer: for an attempt that began before midnight, maybe the next day.
    const dates = [startedAt, new Date(startedAt.getTime() + overdueAfterMs)].map((at) => at.toISOString());
    for (const blobKey of new Set(dates.map((createdAt) => rawBlobKey({ ...of, createdAt })))) {
      if (!(await blobs.has(blobKey))) continue;
      const message: IngestMessage = { ...of, blobKey };
      await queue.send(ingestQueueOf(of.sourceId), [message]);
      sent.push(blobKey);
    }
    await store.endLostAttempt(of, now);
  }
  return sent;
}
