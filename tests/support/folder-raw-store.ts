import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { packBlob, unpackBlob } from '../../core/adapters/s3/pack-blob.ts';
import { BlobError, type RawStore } from '../../core/ports/raw-store.ts';

/** Raw blobs in a folder: what processes that are killed share. */
export function folderRawStore(folder: string): RawStore {
  const file = (key: string) => join(folder, createHash('sha256').update(key).digest('hex'));
  return {
    async put(key, envelope) {
      await writeFile(file(key), await packBlob(envelope));
    },
    has: async (key) => existsSync(file(key)),
    async get(key) {
      const bytes = await readFile(file(key)).catch(() => {
        throw new BlobError(`Blob ${key} does not exist.`, 'blob_missing');
      });
      return unpackBlob(key, bytes);
    },
  };
}
