import { v5 } from 'uuid';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { RereadStore } from '../../core/ports/reread-store.ts';
import { ingestQueueOf } from '../../core/sources/catalogue.ts';

/** Blobs that are sent in one minute; the others follow in the next. */
const mostAtOnce = 20;
/** Namespace of the ids of these replays: one of each blob, whenever it is sent. */
const namespace = '6d1f5a34-2f0e-5b0a-9f4e-7a1d3c9b2e55';

/**
 * Has blobs read again whose rows were held back for a reason that is gone, each once: a message that is sent twice is of
 * the same replay. Gives how many were sent.
 */
export async function rereadHeld(
  now: Date,
  { store, queue }: { readonly store: RereadStore; readonly queue: MessageQueue },
): Promise<number> {
  const due = await store.due(mostAtOnce);
  for (const { paths: _paths, ...blob } of due) {
    const id = v5(blob.blobKey, namespace);
    await store.begin({ id, at: now });
    await queue.send(ingestQueueOf(blob.sourceId), [{ ...blob, replay: { id, believe: [] } }]);
    await store.sent(blob.blobKey);
  }
  return due.length;
}
