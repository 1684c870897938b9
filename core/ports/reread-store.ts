import type { ReplayBlob } from './replay-store.ts';

/** Blobs whose rows were held back for a reason that is gone, and that are to be read again once. */
export interface RereadStore {
  /** The oldest of them. */
  due(limit: number): Promise<ReplayBlob[]>;
  /** Records the replay of one. The same again changes nothing. */
  begin(of: { readonly id: string; readonly at: Date }): Promise<void>;
  /** One was sent: it is not due again. */
  sent(blobKey: string): Promise<void>;
}
