/**
 * The state of a local cloud: `.quotron/` of the checkout, or `QUOTRON_STATE_DIR`, so that a test can have its own
 * cloud beside a running one.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { codeOf, LocalCloudError } from './problem.ts';
import { identityOf } from './processes.ts';

/** The checkout. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** The folder of the state. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env['QUOTRON_STATE_DIR'];
  return chosen ? resolve(chosen) : join(root, '.quotron');
}

/**
 * The state of the real services has a folder of its own in the other: a made-up price among real ones could never be told
 * apart again.
 */
export function liveFolder(folder: string): string {
  return join(folder, 'live');
}

/** What of a folder's state belongs to which database. */
const ownerSchema = z.object({ database: z.string() });
/** The database that is started here, in place of the id of one that exists. */
export const embedded = 'embedded';

/** The folders of states for other databases than the one that a folder was first used with. */
export function otherFolders(folder: string): string[] {
  const parent = join(folder, 'databases');
  return existsSync(parent) ? readdirSync(parent).map((name) => join(parent, name)) : [];
}

/**
 * The folder of the state for a database. Answers and messages in the emulator belong to what its database says of them, so
 * each database has a state of its own: the first one has the folder itself, others are in its folder `databases`.
 */
export function folderFor(folder: string, database: string): string {
  const first =
    readState(join(folder, 'database.json'), ownerSchema)?.database ??
    (existsSync(join(folder, 'postgres')) ? embedded : database);
  return first === database ? folder : join(folder, 'databases', database);
}

/** Keeps for which database a folder is. */
export function keepOwner(folder: string, database: string): void {
  writeState(join(folder, 'database.json'), { database });
}

/** A file of the state, or `undefined` when it is missing or invalid (written by an older version). */
export function readState<S extends z.ZodType>(file: string, schema: S): z.output<S> | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return schema.safeParse(value).data;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Makes a folder of the state that only its owner may enter, because it may contain passwords. */
export function ownFolder(path: string): void {
  mkdirSync(path, { recursive: true });
  // An earlier version made it accessible.
  chmodSync(path, 0o700);
}

/** Writes a file of the state atomically, readable for its owner only, because it may contain keys. */
export function writeState(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  const half = `${file}.${process.pid}.part`;
  writeFileSync(half, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(half, file);
}

/** The holder of the lock of a state folder, or `null`. */
function holderOf(folder: string): { readonly pid: number } | null {
  let holder: string;
  try {
    holder = readFileSync(join(folder, 'lock'), 'utf8').trim();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  const pid = Number.parseInt(holder, 10);
  return Number.isInteger(pid) && identityOf(pid) === holder ? { pid } : null;
}

/** The holder of the lock of a folder, or of one of the folders in it; `null` when nothing runs there. */
export function holderIn(folder: string): { readonly pid: number } | null {
  const all = [folder, liveFolder(folder)].flatMap((each) => [each, ...otherFolders(each)]);
  return all.map(holderOf).find((each) => each !== null) ?? null;
}

/** Takes the lock of a state folder; returns its release. The lock of an ended process is ignored. */
export function lock(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  // The database's account must pass through; its contents are protected one by one.
  chmodSync(folder, 0o711);
  const file = join(folder, 'lock');
  const mine = identityOf(process.pid) ?? String(process.pid);
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(file, `${mine}\n`, { flag: 'wx' });
      break;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      const holder = holderOf(folder);
      if (holder !== null || attempt > 2) {
        throw new LocalCloudError(
          `A local cloud already runs in ${folder} (process ${holder?.pid ?? 'unknown'}). Two on the same state would corrupt ` +
            'it. Stop that one (Ctrl-C where it runs), use it (its addresses are in local.json), or set QUOTRON_STATE_DIR to another folder.',
        );
      }
      rmSync(file, { force: true });
    }
  }
  return () => rmSync(file, { force: true });
}
