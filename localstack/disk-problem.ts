import { statfsSync } from 'node:fs';
import { codeOf } from './problem.ts';

/** Below so many bytes of free space a start fails somewhere, in words of whatever program came upon it first. */
const hardlyAny = 32 * 1024 * 1024;

/**
 * What on the disk a start failed of, in a sentence with what to do; `null` where it was something else. Of a full disk the
 * programs that run here say so in their own ways, so the free space itself is looked at.
 */
export function causeOnDisk(error: unknown, folder: string): string | null {
  const code = codeOf(error);
  const path = error instanceof Error && 'path' in error ? String(error.path) : folder;
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS')
    return (
      `${path} may not be written by this user (${code}): it belongs to another one, or the disk is read-only. ` +
      'Run the command as the user who made the checkout, or set QUOTRON_STATE_DIR to a folder of your own.'
    );
  const free = freeBytes(folder);
  if (code !== 'ENOSPC' && (free === null || free > hardlyAny)) return null;
  return `The disk is full (ENOSPC): ${folder} has ${free === null ? 'no' : Math.floor(free / 1024 / 1024)} MB left, and a start needs some 500 MB. Free some space, or set QUOTRON_STATE_DIR to a folder on another disk.`;
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}
