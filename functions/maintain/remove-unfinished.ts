import { rawBlobKey } from '../../core/contracts/s3-keys.ts';
import type { BlobRemoval } from '../../core/ports/raw-store.ts';
import type { UnfinishedImports } from '../../core/ports/unfinished-imports.ts';

/** Days after which nobody needs what was uploaded of an import that expired: not even who goes back to a backup. */
export const unfinishedDays = 30;

/** Imports at a time: with 2,000 parts each they are some dozen calls of S3. */
const atOnce = 10;
/** As often in one night; what is left is removed in the next one. */
const mostRounds = 50;

export interface UnfinishedDependencies {
  readonly imports: UnfinishedImports;
  readonly blobs: BlobRemoval;
}

/**
 * Deletes what was uploaded of imports that nobody finished in time. The objects first: where a night is interrupted, the
 * next one finds them again. Gives how many imports it was.
 */
export async function removeUnfinished({ imports, blobs }: UnfinishedDependencies, now: number): Promise<number> {
  const before = new Date(now - unfinishedDays * 86_400_000);
  let removed = 0;
  for (let round = 0; round < mostRounds; round++) {
    const found = await imports.expired(before, atOnce);
    if (found.length === 0) break;
    const keys = found.flatMap(({ id, sourceId, createdAt, parts }) =>
      parts.map((part) => rawBlobKey({ sourceId, createdAt: createdAt.toISOString(), runId: id, part, attempt: 1 })),
    );
    await blobs.remove(keys);
    await imports.forget(found.map(({ id }) => id));
    removed += found.length;
  }
  return removed;
}
