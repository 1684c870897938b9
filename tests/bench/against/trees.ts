import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from '../../support/source-tree.ts';

/** The functions that are compared, and `migrate`, which makes each arm's database. */
export const comparedFunctions = [
  'ingest',
  'api',
  'yahoo-proxy',
  'scrape-api',
  'state',
  'schedule',
  'migrate',
] as const;
export type ComparedFunction = (typeof comparedFunctions)[number];

/** A checkout whose functions are bundled: only bundles, events and environment variables are used of it. */
export interface Tree {
  readonly bundle: (name: ComparedFunction) => string;
}

/** The short name of a commit. Throws for what is none. */
export function commitOf(revision: string): string {
  const found = spawnSync('git', ['-C', root, 'rev-parse', '--short=10', '--verify', `${revision}^{commit}`], {
    encoding: 'utf8',
  });
  if (found.status === 0) return found.stdout.trim();
  throw new Error(`${revision} is no commit of this repository: ${found.stderr.trim()}`);
}

/**
 * Lays the files of a commit below `folder`, with the packages that are installed now, and gives the path. Its cache of
 * bundles is its own: two trees with one cache would delete each other's bundles.
 */
export function checkOut(commit: string, folder: string): string {
  const path = join(folder, commit);
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  const files = execFileSync('git', ['-C', root, 'archive', '--format=tar', commit], { maxBuffer: 1024 ** 3 });
  execFileSync('tar', ['-x', '-C', path], { input: files });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '.cache') symlinkSync(join(root, 'node_modules', name), join(path, 'node_modules', name));
  return path;
}

/** Bundles the compared functions of a checkout into `folder`, by the checkout's own code, as they are deployed. */
export function bundleTree(checkout: string, folder: string): Tree {
  const place = pathToFileURL(join(checkout, 'lib/bundle-function.ts')).href;
  const program = `
    const { bundleFunction } = await import(${JSON.stringify(place)});
    for (const name of ${JSON.stringify(comparedFunctions)}) bundleFunction(name, ${JSON.stringify(folder)} + '/' + name);`;
  mkdirSync(folder, { recursive: true });
  for (const name of comparedFunctions) mkdirSync(join(folder, name));
  execFileSync(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    bundle(name) {
      const file = ['index.js', 'index.mjs'].map((each) => join(folder, name, each)).find((each) => existsSync(each));
      if (!file) throw new Error(`The bundle of ${name} in ${folder} has no index.js or index.mjs.`);
      return file;
    },
  };
}
