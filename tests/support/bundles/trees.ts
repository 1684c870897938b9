import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { FunctionName } from '../../../core/contracts/functions.ts';
import { root } from '../source-tree.ts';

/** A checkout whose functions are bundled: only bundles, events and environment variables are used of it. */
export interface Tree<Name extends FunctionName = FunctionName> {
  /** The file of a bundle. */
  readonly bundle: (name: Name) => string;
}

/** The short name of a commit. Throws for what is none. */
export function commitOf(revision: string): string {
  const found = git(root, ['rev-parse', '--short=10', '--verify', `${revision}^{commit}`]);
  if (found.said !== null) return found.said;
  throw new Error(`${revision} is no commit of this repository: ${found.error}`);
}

/** Why the files of a commit cannot be had in this folder: no git, no repository, a shallow clone. `null` when they can. */
export function whyNoHistory(commit: string, folder = root): string | null {
  const shallow = git(folder, ['rev-parse', '--is-shallow-repository']);
  if (shallow.said === null) return `the history is not here: ${shallow.error}`;
  if (git(folder, ['cat-file', '-e', `${commit}^{commit}`]).said !== null) return null;
  if (shallow.said === 'true') return `commit ${commit} is not in this shallow clone: git fetch --unshallow brings it`;
  return `commit ${commit} is not in this repository`;
}

/** The files of the functions at a commit, `core` and `functions`, that have a word in them. Migrations do not count. */
export function filesNaming(commit: string, word: string): string[] {
  const where = ['core/*.ts', 'functions/*.ts'];
  return git(root, ['grep', '-lwF', '-e', word, commit, '--', ...where]).said?.split('\n') ?? [];
}

/** The paths below a folder at a commit. */
export function pathsAt(commit: string, folder: string): string[] {
  const listed = ['-C', root, 'ls-tree', '-r', '--name-only', '-z', commit, `${folder}/`];
  return execFileSync('git', listed, { encoding: 'utf8' }).split('\0').filter(Boolean);
}

/**
 * Lays the files of a commit below `folder`, with the packages that are installed now, and gives the path. Its cache of
 * bundles is its own: two trees with one cache would delete each other's bundles.
 */
export function checkOut(commit: string, folder: string): string {
  const path = join(folder, commit);
  const packages = join(path, 'node_modules');
  mkdirSync(packages, { recursive: true });
  const files = execFileSync('git', ['-C', root, 'archive', '--format=tar', commit], { maxBuffer: 1024 ** 3 });
  execFileSync('tar', ['-x', '-C', path], { input: files });
  for (const name of readdirSync(join(root, 'node_modules')))
    if (name !== '.cache') symlinkSync(join(root, 'node_modules', name), join(packages, name));
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(path, 'package.json'), 'utf8')));
  for (const name of Object.keys(manifest.dependencies))
    if (!existsSync(join(packages, name))) standIn(join(packages, name), name);
  return path;
}

const manifestSchema = z.object({ dependencies: z.record(z.string(), z.string()) });

/**
 * In place of a package that the project no longer has: what imports it can be bundled and loaded, and throws when it calls
 * it. So the rest of the former code runs, and nothing is left out in silence.
 */
function standIn(place: string, name: string): void {
  mkdirSync(place, { recursive: true });
  const exported = { '.': './index.cjs', './*': './index.cjs' };
  writeFileSync(join(place, 'package.json'), JSON.stringify({ name, exports: exported }));
  writeFileSync(
    join(place, 'index.cjs'),
    `function missing() { throw new Error('The package ${name} is not installed any more.'); }
     const exported = (_, name) => (typeof name === 'string' && name !== '__esModule' ? missing : undefined);
     module.exports = Object.create(new Proxy({}, { get: exported }));\n`,
  );
}

/** Bundles functions of a checkout into `folder`, by the checkout's own code, as they are deployed. */
export function bundleTree<Name extends FunctionName>(
  checkout: string,
  folder: string,
  names: readonly Name[],
): Tree<Name> {
  const place = pathToFileURL(join(checkout, 'lib/bundle-function.ts')).href;
  const program = `
    const { bundleFunction } = await import(${JSON.stringify(place)});
    for (const name of ${JSON.stringify(names)}) bundleFunction(name, ${JSON.stringify(folder)} + '/' + name);`;
  mkdirSync(folder, { recursive: true });
  for (const name of names) mkdirSync(join(folder, name));
  execFileSync(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'ignore', 'inherit'] });
  return {
    bundle(name) {
      const file = ['index.js', 'index.mjs'].map((each) => join(folder, name, each)).find((each) => existsSync(each));
      if (!file) throw new Error(`The bundle of ${name} in ${folder} has no index.js or index.mjs.`);
      return file;
    },
  };
}

/** What git printed, or why it could not. */
function git(folder: string, args: readonly string[]): { said: string; error: null } | { said: null; error: string } {
  const ended = spawnSync('git', ['-C', folder, ...args], { encoding: 'utf8' });
  if (ended.status === 0) return { said: ended.stdout.trim(), error: null };
  return { said: null, error: ended.error?.message ?? ended.stderr.trim() };
}
