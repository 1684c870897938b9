import { cpSync, existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { FunctionName } from '../core/contracts/settings.ts';

const root = resolve(import.meta.dirname, '..');

/** Folders that a function reads at run time, laid beside its bundle. */
const folders: Partial<Record<FunctionName, { readonly from: string; readonly to: string }>> = {
  migrate: { from: 'core/adapters/postgres/migrations', to: 'migrations' },
};

/**
 * Bundles `functions/<name>/handler.ts` into `folder/index.mjs`, as it is deployed. Synth, the size budget and the bench
 * all use this.
 *
 * - ES module for Node 24. CommonJS dependencies (`pg`) call `require`, which ES modules lack: the banner makes one.
 * - The AWS SDK is bundled: it starts faster than the runtime's copy, and emulators have none.
 * - Names are kept, so that an error's class can be read in a log; no source map, which would be larger than the code.
 */
export function bundleFunction(name: FunctionName, folder: string): void {
  const entry = join(root, 'functions', name, 'handler.ts');
  if (!existsSync(entry)) {
    throw new Error(
      `Function ${name} has no functions/${name}/handler.ts, so there is nothing to bundle. Add the handler, or take the name out of core/contracts/settings.ts.`,
    );
  }
  buildSync({
    entryPoints: [entry],
    outfile: join(folder, 'index.mjs'),
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: false,
    legalComments: 'none',
    // An optional native driver that `pg` looks for and does without.
    external: ['pg-native'],
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const extra = folders[name];
  if (extra) cpSync(join(root, extra.from), join(folder, extra.to), { recursive: true });
}
