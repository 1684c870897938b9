import type { IngestMessage } from '../../core/contracts/messages.ts';
import { attemptOf, rawBlobKey, rawDayPrefix } from '../../core/contracts/s3-keys.ts';
import { isImport } from '../../core/contracts/words/imports.ts';
import { jobKinds } from '../../core/contracts/words/job-kinds.ts';
import { longestHoldMs } from '../../core/planning/held-messages.ts';
import type { ComparedTo, ComparisonStore, UnreadBlob } from '../../core/ports/blob-comparison.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import { BlobError, type BlobIndex, keysAtOnce, type RawStore } from '../../core/ports/raw-store.ts';
import { ingestQueueOf } from '../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';

interface BlobComparisonDependencies {
  readonly store: ComparisonStore;
  readonly blobs: Pick<RawStore, 'get'>;
  readonly index: BlobIndex;
  readonly queue: MessageQueue;
  readonly sources: readonly Pick<SourceDefinition, 'id'>[];
  /** For how long pages of keys begin to be compared, in milliseconds; 5 s unless given. */
  readonly withinMs?: number;
}

const dayMs = 86_400_000;
const usualWithinMs = 5_000;

/**
 * How many days after its own a day is compared. The first time, its messages have ended: trouble with the database holds one
 * for six hours. What was not read then may be among the dead letters, which SQS keeps for two weeks; the second time they
 * are gone, too.
 */
const passes = [2, 16] as const;

/** How many days back an installation begins that has never compared. */
const firstDaysBack = 16;

/** Blobs that are sent in one minute: fresh answers come through the same queue. */
const mostSent = 200;

/** Blobs that are sent before it is noted how far the comparison has come. */
const sliceLength = 50;

export interface Comparison {
  /** Keys of blobs that nothing had read; they are queued for `ingest` now. */
  readonly sent: readonly string[];
  /** Keys of blobs that the database knows nothing of and that cannot be read themselves. */
  readonly unreadable: readonly string[];
}

/**
 * Compares the raw blobs of the days gone by with the batches, and sends to `ingest` what nothing has read: whatever has
 * lost its message. `findLostBlobs` knows the usual ways within a quarter of an hour; this knows none, and so also finds what
 * a database does not know that was restored from a backup.
 *
 * Each source's days are listed one after the other, page by page, so that a minute has as much to do as it can do and the
 * next one goes on from there. Idempotent: a blob is read once. A source that fails keeps no other from being compared.
 */
export async function compareBlobs(
  now: Date,
  { store, blobs, index, queue, sources, withinMs = usualWithinMs }: BlobComparisonDependencies,
): Promise<Comparison & { readonly errors: readonly unknown[] }> {
  const until = performance.now() + withinMs;
  const found = { sent: [] as string[], unreadable: [] as string[] };
  const errors: unknown[] = [];
  const reached = await store.comparedTo(new Date(now.getTime() - longestHoldMs));
  if (reached === null) return { ...found, errors };
  let due = passes.flatMap((afterDays) => {
    const last = dateOf(now, -afterDays);
    return sources.flatMap(({ id: sourceId }) => {
      const known = reached.find((each) => each.sourceId === sourceId && each.afterDays === afterDays);
      const from = known ?? { sourceId, afterDays, day: dateOf(now, -firstDaysBack), lastKey: null };
      return from.day <= last ? [{ from, last }] : [];
    });
  });
  while (due.length > 0 && performance.now() < until && found.sent.length < mostSent) {
    // Those that are furthest behind, so that a source with many blobs keeps no other waiting.
    const next = due.reduce((least, each) => (each.from.day < least.from.day ? each : least));
    due = due.filter((each) => each !== next);
    try {
      const from = await comparePage(next.from);
      if (from.day <= next.last) due.push({ from, last: next.last });
    } catch (error) {
      errors.push(error);
    }
  }
  return { ...found, errors };

  /** Compares up to a page of keys. Gives where the next one begins, which is kept. */
  async function comparePage(from: ComparedTo): Promise<ComparedTo> {
    const keys = await index.keys(rawDayPrefix(from.sourceId, from.day), from.lastKey);
    const named = keys.flatMap((blobKey) => {
      const attempt = attemptOf(blobKey);
      return attempt ? [{ blobKey, ...attempt }] : [];
    });
    const unread = named.length > 0 ? await store.unread(named) : [];
    for (let at = 0; at < unread.length; at += sliceLength) {
      const slice = unread.slice(at, at + sliceLength);
      await send(from.sourceId, slice);
      const lastKey = slice.at(-1)?.blobKey ?? null;
      const isLast = at + sliceLength >= unread.length;
      if (isLast) break;
      const reached = { ...from, lastKey };
      await store.keep(reached);
      if (found.sent.length >= mostSent || performance.now() > until) return reached;
    }
    const isDone = keys.length < keysAtOnce;
    const next = isDone
      ? { ...from, day: dateOf(new Date(from.day), 1), lastKey: null }
      : { ...from, lastKey: keys.at(-1) ?? null };
    await store.keep(next);
    return next;
  }

  async function send(sourceId: string, unread: readonly UnreadBlob[]): Promise<void> {
    const messages: IngestMessage[] = [];
    for (const blob of unread) {
      // Of an import that was never finished: nobody wants its rows.
      if (!blob.run && isImport(sourceId)) continue;
      const message = blob.run ? messageOf(blob.blobKey, blob.run) : await messageInside(blob.blobKey);
      if (message) messages.push(message);
      else if (!blob.run) found.unreadable.push(blob.blobKey);
    }
    if (messages.length === 0) return;
    await queue.send(ingestQueueOf(sourceId), messages);
    found.sent.push(...messages.map(({ blobKey }) => blobKey));
  }

  /** The message of a blob whose run the database does not know, by what the blob says itself. */
  async function messageInside(blobKey: string): Promise<IngestMessage | null> {
    try {
      const envelope = await blobs.get(blobKey);
      if (rawBlobKey(envelope) !== blobKey) return null;
      const { runId, part, attempt, sourceId, job, kind } = envelope;
      return { blobKey, runId, part, attempt, sourceId, job, kind };
    } catch (error) {
      if (error instanceof BlobError) return null;
      throw error;
    }
  }
}

/** `null` where another release collects it. */
function messageOf(blobKey: string, run: NonNullable<UnreadBlob['run']>): IngestMessage | null {
  const attempt = attemptOf(blobKey);
  const kind = jobKinds.find((each) => each === run.kind);
  return attempt && kind ? { blobKey, ...attempt, sourceId: run.sourceId, job: run.job, kind } : null;
}

/** The UTC date so many days after an instant. */
function dateOf(instant: Date, days: number): string {
  return new Date(instant.getTime() + days * dayMs).toISOString().slice(0, 10);
}
