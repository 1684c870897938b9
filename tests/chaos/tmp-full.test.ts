import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { notRunHere } from '../support/fault-table/not-run-here.ts';
import { type Site, startSite } from '../support/hostile-site.ts';

/* The file system of the folder itself has 8 MB, in a mount of its own. */

let site: Site;
let folder = '';
beforeAll(async () => {
  site = await startSite({ '/': '<p id="done">done</p>' });
  folder = mkdtempSync(join(tmpdir(), 'quotron-small-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await site.close();
});

/** Reads three pages with 8 MB of room, shows what is left in the folder, and reads one more when there is room. */
const script = `mount -t tmpfs -o size=8m tmpfs "$TMPDIR" || exit 1
  [ $# -eq 0 ] && exit 0
  "$1" "$2" "$3" 3 && echo && ls -A "$TMPDIR" | wc -l && mount -o remount,size=600m "$TMPDIR" && "$1" "$2" "$3" 1`;

it('a temporary folder of 8 MB is no room for a browser, stays empty, and is enough once it has grown [fault 16]', async (context) => {
  const flags = process.getuid?.() === 0 ? '-m' : '-rm';
  const env = { ...process.env, TMPDIR: folder };
  const [program = '', ...command] = ['unshare', flags, 'sh', '-c', script, 'sh'];
  if (process.platform !== 'linux' || spawnSync(program, command, { env }).status !== 0)
    notRunHere(context, 'a small file system needs `unshare -rm` and `mount -t tmpfs` (Linux)');
  const worker = new URL('../support/page-worker.ts', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)('unshare', [...command, process.execPath, worker, `${site.origin}/`], {
    env,
  });
  const [full, left, grown] = stdout.trim().split('\n');
  expect(JSON.parse(full ?? '')).toEqual(['no_room', 'no_room', 'no_room']);
  expect(Number(left)).toBe(0);
  expect(JSON.parse(grown ?? '')).toEqual(['true']);
});
