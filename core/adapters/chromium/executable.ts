import { existsSync, lstatSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ownFolder, type RoomIn, removeLeftovers, removeOwn, requireRoom, roomIn, startError } from './room.ts';

/** Paths of system-wide installations of Chrome or Chromium. */
const installed = [
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** A browser to start, and the additional environment it needs. */
export interface Executable {
  readonly path: string;
  readonly env: Readonly<Record<string, string>>;
  /** The one that was built for Lambda. */
  readonly packaged: boolean;
}

/** There is no browser on this machine. */
export class NoBrowserError extends Error {
  override readonly name = 'NoBrowserError';
  constructor() {
    super(
      `There is no Chrome or Chromium here, and the packaged one is for Linux on x64 (this is ${process.platform} on ${process.arch}). Browser sources cannot be read without one: install Chrome, or set QUOTRON_CHROMIUM to one.`,
    );
  }
}

/**
 * The browser at `named`, else an installed one, else the packaged one from the folder `pack` or from the package,
 * unpacked into a folder in `unpackIn`. Throws `NoBrowserError`, or `NoRoomError` where the folder is too small.
 */
export async function findChromium(
  named: string | undefined,
  {
    unpackIn = tmpdir(),
    pack,
    room = roomIn,
  }: {
    readonly unpackIn?: string | undefined;
    readonly pack?: string | undefined;
    readonly room?: RoomIn | undefined;
  } = {},
): Promise<Executable> {
  if (named) return { path: named, env: {}, packaged: false };
  const found = installed.find((path) => existsSync(path));
  if (found) return { path: found, env: {}, packaged: false };
  if (process.platform !== 'linux' || process.arch !== 'x64') throw new NoBrowserError();
  const folder = await unpacked(unpackIn, pack, room);
  return {
    path: join(folder, 'chromium'),
    env: {
      // The libraries that Lambda's own image lacks; the package unpacks them only there.
      LD_LIBRARY_PATH: [join(folder, 'al2023', 'lib'), process.env['LD_LIBRARY_PATH']].filter(Boolean).join(':'),
      FONTCONFIG_PATH: join(folder, 'fonts'),
    },
    packaged: true,
  };
}

/** The packaged browser takes 206 MB. */
const unpackedMb = 240;

/** Changes with the version of the package and of this way to unpack it. */
const folderName = 'quotron-chromium-149.0.0-1';

/**
 * The folder with the packaged browser. The package unpacks to fixed names, half-written for two seconds: of two
 * functions that share a `/tmp`, as on a laptop, the second would start an incomplete browser. So each unpacks into its
 * own folder, and the first to finish renames it to the shared name.
 */
async function unpacked(into: string, pack: string | undefined, room: RoomIn): Promise<string> {
  const shared = join(into, folderName);
  if (isOurs(shared)) return shared;
  removeLeftovers(into, Date.now());
  requireRoom(into, unpackedMb, room);
  const own = ownFolder(into, 'unpacking');
  try {
    return await unpackInto(own, shared, pack);
  } catch (error) {
    // A part of a browser takes room and is of no use to anybody.
    await removeOwn(own);
    throw startError(error, into, unpackedMb, room);
  }
}

async function unpackInto(own: string, shared: string, pack: string | undefined): Promise<string> {
  const { default: packaged } = await import('@sparticuz/chromium');
  // The package takes its target from TMPDIR, which it reads synchronously.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = own;
  let work: Promise<string>;
  try {
    packaged.setGraphicsMode = false;
    work = packaged.executablePath(pack);
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  const folder = dirname(await work);
  writeFileSync(join(folder, 'fonts', 'fonts.conf'), fontsConf);
  try {
    renameSync(folder, shared);
    return shared;
  } catch {
    if (!isOurs(shared)) return own;
    rmSync(own, { recursive: true, force: true });
    return shared;
  }
}

/**
 * The package's own file looks for its fonts in `/tmp/fonts` only. A Chromium without any font crashes at the first
 * form field, and `/var/task` (a Lambda) has none. This file names its own folder, wherever that is; three fonts need
 * no cache. Format: https://www.freedesktop.org/software/fontconfig/fontconfig-user.html
 */
const fontsConf = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <config></config>
</fontconfig>
`;

/** In a shared `/tmp`, another user's folder must not be used. */
function isOurs(folder: string): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}
