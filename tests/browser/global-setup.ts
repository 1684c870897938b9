import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { distFolder } from './dist-folder.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Builds the page once for all browser tests, as it is shipped. */
export default async function setup(): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    ['node_modules/vite/bin/vite.js', 'build', 'web', '--outDir', distFolder, '--emptyOutDir', '--logLevel', 'warn'],
    { cwd: root },
  );
}
