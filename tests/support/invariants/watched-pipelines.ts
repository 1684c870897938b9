import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { ingestMessageSchema } from '../../../core/contracts/messages.ts';
import { ingestQueueName } from '../../../core/contracts/queues.ts';
import type { PipelineStores } from '../pipeline.ts';
import { expectInvariant } from './expect-invariant.ts';

/** What every pipeline on one database has kept, so that the invariants can be checked of all of them. */
export class WatchedPipelines {
  #stores = new Set<PipelineStores>();
  #unchecked: string | null = null;

  add(stores: PipelineStores): void {
    this.#stores.add(stores);
  }

  /**
   * Checks for the last time before a test changes rows or blobs by itself: what is stored is no longer what the pipelines
   * made of their blobs then.
   */
  async exempt(pool: Pool, why: string): Promise<void> {
    await this.check(pool);
    this.#unchecked = why;
  }

  /** The rows are gone, and so is what made them. */
  forget(): void {
    this.#stores.clear();
    this.#unchecked = null;
  }

  /** Checks what holds at any time. What still waits in a queue may be unread, and its task open. */
  async check(pool: Pool): Promise<void> {
    const all = [...this.#stores];
    if (all.length === 0 || this.#unchecked !== null) return;
    const waiting = all.flatMap(({ queue }) =>
      (['api', 'browser'] as const).flatMap((kind) => queue.waiting(ingestQueueName(kind))),
    );
    await expectInvariant(pool, {
      blobs: new Map(all.flatMap(({ blobs }) => [...blobs.blobs])),
      due: all.flatMap(({ due }) => due),
      underWay: new Set(waiting.map((message) => ingestMessageSchema.parse(message).blobKey)),
    });
  }
}
