import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { distFolder } from './dist-folder.ts';

/** Builds the page once for all browser tests, as it is shipped. */
export default async function setup(): Promise<void> {
  await build({
    root: fileURLToPath(new URL('../../web', import.meta.url)),
    logLevel: 'warn',
    build: { outDir: distFolder, emptyOutDir: true },
  });
}
