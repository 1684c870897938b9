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
  /** For how long looks begin, in milliseconds; 10 s unless given. */
  readonly withinMs?: number;
}

/** Attempts whose blob is looked for in one minute; the others follow in the next. */
const mostAtOnce = 50;

/** A third of the monitor's time: a bucket that is slow must not keep sources from being judged. */
const usualWithinMs = 10_000;

/**
 * Finds answers that are kept and that nothing has read, and sends each to `ingest` once, as its worker would have done:
 *
 *   1. of attempts without an outcome in time: their worker died after it had stored the answer, or before. They are ended
 *   2. of attempts that reported their answer a while ago: the message to `ingest` was lost
 *
 * Comes before overdue tasks are ended, so that a task whose answer is found is none. Gives the keys that were sent.
 * Idempotent: a blob is ingested once.
 */
export async function findLostBlobs(
  now: Date,
  { store, blobs, queue, withinMs = usualWithinMs }: BlobFinderDependencies,
): Promise<string[]> {
  const sent: string[] = [];
  const deadline = new Date(now.getTime() - overdueAfterMs);
  const until = performance.now() + withinMs;
  async function send(blobKey: string, of: Omit<IngestMessage, 'blobKey'>): Promise<boolean> {
    if (!(await blobs.has(blobKey))) return false;
    const message: IngestMessage = { ...of, blobKey };
    await queue.send(ingestQueueOf(of.sourceId), [message]);
    sent.push(blobKey);
    return true;
  }
  for (const { startedAt, ...of } of await store.lostAttempts(deadline, mostAtOnce)) {
    if (performance.now() > until) return sent;
    // A key has the date of the answer: for an attempt that began before midnight, maybe the next day.
    const dates = [startedAt, new Date(startedAt.getTime() + overdueAfterMs)].map((at) => at.toISOString());
    let found: string | null = null;
    for (const blobKey of new Set(dates.map((createdAt) => rawBlobKey({ ...of, createdAt }))))
      if (await send(blobKey, of)) found = blobKey;
    await store.endLostAttempt(of, now, found);
  }
  for (const { blobKey, ...of } of await store.unreadAttempts(deadline, mostAtOnce)) {
    if (performance.now() > until) break;
    await store.noteSought(of, now, await send(blobKey, of));
  }
  return sent;
}
