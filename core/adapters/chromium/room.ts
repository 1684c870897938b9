import {
  closeSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** There is no room to unpack a browser, or for what it writes while it runs. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
  constructor(folder: string, mb: number) {
    super(`A browser needs ${mb} MB in ${folder}, and there are fewer left.`);
  }
}

/** Bytes that are free in a folder. Tests put another in its place. */
export type RoomIn = (folder: string) => number;

export const roomIn: RoomIn = (folder) => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Throws where a folder has less room than this. */
export function requireRoom(folder: string, mb: number, room: RoomIn): void {
  if (room(folder) < mb * 1024 * 1024) throw new NoRoomError(folder, mb);
}

/**
 * Removes a folder of this process in which unpacking failed. What else was being unpacked into it still writes for a
 * moment: it throws where nobody catches it when the folder goes meanwhile, and makes the folder again.
 */
export async function removeOwn(folder: string): Promise<void> {
  await sleep(300);
  for (let left = 20, gone = 0; left > 0 && gone < 3; left--) {
    gone = existsSync(folder) ? 0 : gone + 1;
    rmSync(folder, { recursive: true, force: true });
    await sleep(100);
  }
  mine.delete(folder);
}

/** The error of a failed start as what it is: no room, where the system says so or there is none now. */
export function startError(error: unknown, folder: string, mb: number, room: RoomIn): unknown {
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  return full || room(folder) < mb * 1024 * 1024 ? new NoRoomError(folder, mb) : error;
}

/** Younger folders may be in use by a process that this one does not see. */
const leftoverAfterMs = 3_600_000;
/** What a folder of ours is for, and the process that made it. */
const ours = /^quotron-(?:browser|unpacking)-(\d+)-\w+$/;

/** Folders of this process. An earlier one may have had its number, as in a container that goes on after a crash. */
const mine = new Set<string>();

/** A folder for this process: for what a browser writes, or to unpack one into. */
export function ownFolder(into: string, purpose: 'browser' | 'unpacking'): string {
  const folder = mkdtempSync(join(into, `quotron-${purpose}-${process.pid}-`));
  mine.add(folder);
  return folder;
}

/**
 * Removes what processes left behind that were ended before they could tidy up, and core dumps of browsers. `alone`: no
 * other container uses the folder, as in a Lambda, where a process that is gone leaves its folder to nobody.
 */
export function removeLeftovers(from: string, now: number, { alone = false }: { readonly alone?: boolean } = {}): void {
  for (const name of namesIn(from)) {
    const path = join(from, name);
    try {
      if (isLeftover(path, name, now, alone) || isDump(path, name)) rmSync(path, { recursive: true, force: true });
    } catch {
      // Of another user, or gone already.
    }
  }
}

/** What lies in a folder; nothing where no more files may be open: tidying up fails no task. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isLeftover(path: string, name: string, now: number, alone: boolean): boolean {
  const pid = ours.exec(name)?.[1];
  if (pid === undefined || mine.has(path)) return false;
  // A process that lives uses its folder, whoever it is. Of this one's number, and not its own, is an earlier one's.
  if (isAlive(Number(pid)) && !(alone && Number(pid) === process.pid)) return false;
  return alone || now - statSync(path).mtimeMs >= leftoverAfterMs;
}

/** Names that systems give to core dumps in the folder that a program runs in. */
const dumpName = /^(?:core|core[.-].+|.+\.core)$/;
/** Of an ELF file that is a core dump, the beginning and the type, which stands at byte 16. */
const elf = Buffer.from('\x7fELF', 'latin1');
const coreType = 4;
/** The notes on the process stand at the start of a dump. */
const notesBytes = 64 * 1024;

/** Whether a file is a core dump of a browser, of this user. */
function isDump(path: string, name: string): boolean {
  if (!dumpName.test(name)) return false;
  const found = lstatSync(path);
  if (!found.isFile() || found.uid !== process.getuid?.()) return false;
  const start = Buffer.alloc(notesBytes);
  const file = openSync(path, 'r');
  try {
    readSync(file, start, 0, notesBytes, 0);
  } finally {
    closeSync(file);
  }
  return (
    start.subarray(0, 4).equals(elf) && start[16] === coreType && /chrom|headless_shell/i.test(start.toString('latin1'))
  );
}

/** Bytes of the files in a folder, of the first some thousands. */
export function bytesIn(folder: string): number {
  let bytes = 0;
  let left = 5_000;
  const waiting = [folder];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    try {
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        if (left-- <= 0) return bytes;
        const path = join(at, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else if (entry.isFile()) bytes += statSync(path).size;
      }
    } catch {
      // A folder of a browser that changes while it is looked at.
    }
  }
  return bytes;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
