import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { unpackBlob } from '../../../core/adapters/s3/pack-blob.ts';
import type { BlobEnvelope } from '../../../core/contracts/blob.ts';
import { rawBlobKey } from '../../../core/contracts/s3-keys.ts';
import { BlobError } from '../../../core/ports/raw-store.ts';

/** Raw blobs in their stored form, by key. */
export type KeptBlobs = ReadonlyMap<string, Buffer>;

/** The blobs of a `folderRawStore`: their files are named by hashes, so each tells its key itself. */
export async function blobsInFolder(folder: string): Promise<KeptBlobs> {
  const blobs = new Map<string, Buffer>();
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file));
    const envelope = await unpackBlob(file, bytes);
    blobs.set(rawBlobKey(envelope), bytes);
  }
  return blobs;
}

/** What the blobs hold, or why one cannot be read. */
export type Envelopes = ReadonlyMap<string, BlobEnvelope | BlobError>;

export async function unpacked(blobs: KeptBlobs): Promise<Envelopes> {
  const envelopes = new Map<string, BlobEnvelope | BlobError>();
  for (const [key, bytes] of blobs)
    envelopes.set(
      key,
      await unpackBlob(key, bytes).catch((error: unknown) => {
        if (error instanceof BlobError) return error;
        throw error;
      }),
    );
  return envelopes;
}
