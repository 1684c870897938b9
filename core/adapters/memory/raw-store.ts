import type { BlobEnvelope } from '../../contracts/blob.ts';
import { BlobError, type BlobIndex, type BlobRemoval, keysAtOnce, type RawStore } from '../../ports/raw-store.ts';
import { packBlob, unpackBlob } from '../s3/pack-blob.ts';

/** Raw blobs in memory, packed as they are in S3. For tests. */
export function memoryRawStore(
  blobs = new Map<string, Buffer>(),
): RawStore & BlobIndex & BlobRemoval & { readonly blobs: Map<string, Buffer> } {
  return {
    blobs,
    async put(key: string, envelope: BlobEnvelope) {
      if (!blobs.has(key)) blobs.set(key, await packBlob(envelope));
    },
    has: async (key: string) => blobs.has(key),
    async keys(prefix: string, after: string | null) {
      const found = [...blobs.keys()].filter((key) => key.startsWith(prefix) && (after === null || key > after));
      return found.toSorted().slice(0, keysAtOnce);
    },
    async get(key: string) {
      const bytes = blobs.get(key);
      if (!bytes) throw new BlobError(`Blob ${key} does not exist.`, 'blob_missing');
      return unpackBlob(key, bytes);
    },
    async remove(keys: readonly string[]) {
      for (const key of keys) blobs.delete(key);
    },
  };
}
