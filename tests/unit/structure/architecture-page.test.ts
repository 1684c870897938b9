import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = new URL('../../../', import.meta.url).pathname;

/** A line of the tree: a folder (`core/http`) or a file. */
interface Entry {
  readonly path: string;
  readonly folder: boolean;
}

/** The entries of the page's tree, by two spaces of indentation a level. */
function treeOf(page: string): Entry[] {
  const block = /^## The tree$[\s\S]*?^```text\n([\s\S]*?)^```/m.exec(page)?.[1] ?? '';
  const above: string[] = [];
  return block.split('\n').flatMap((line) => {
    const [, indent = '', name = ''] = /^( *)(\S+)/.exec(line) ?? [];
    if (name === '') return [];
    const level = indent.length / 2;
    above.length = level;
    above[level] = name.replace(/\/$/, '');
    return [{ path: above.join('/'), folder: name.endsWith('/') }];
  });
}

/** What a page's tree and the folders on disk have different; nothing when they agree at the depth shown. */
function differences(entries: readonly Entry[], foldersIn: (path: string) => readonly string[]): string[] {
  const folders = entries.filter((entry) => entry.folder).map(({ path }) => path);
  const parents = ['', ...folders.filter((path) => folders.some((other) => other.startsWith(`${path}/`)))];
  return parents.flatMap((parent) => {
    const shown = folders.filter((path) => path.slice(0, Math.max(0, path.lastIndexOf('/'))) === parent);
    const real = foldersIn(parent).map((name) => (parent === '' ? name : `${parent}/${name}`));
    return [
      ...real.filter((path) => !shown.includes(path)).map((path) => `${path} is not on the page`),
      ...shown.filter((path) => !real.includes(path)).map((path) => `${path} does not exist`),
    ];
  });
}

/** Folders with files in them, but for those that git ignores. */
function foldersOnDisk(path: string): string[] {
  return readdirSync(join(root, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^\.|^(node_modules|dist|cdk\.out|__snapshots__)$/.test(entry.name))
    .filter(({ name }) =>
      readdirSync(join(root, path, name), { recursive: true, withFileTypes: true }).some((entry) => entry.isFile()),
    )
    .map(({ name }) => name);
}

describe('the tree of docs/architecture.md', () => {
  const entries = treeOf(readFileSync(join(root, 'docs/architecture.md'), 'utf8'));

  it('shows the folders that there are, at the depth shown', () => {
    expect(entries.length).toBeGreaterThan(50);
    expect(differences(entries, foldersOnDisk)).toEqual([]);
  });

  it('names files that there are', () => {
    expect(entries.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('is found wrong when a folder is missing on either side', () => {
    const page = '## The tree\n\n```text\ncore/   all\n  http/\n  gone/   left\nlib/\n```\n';
    const disk: Readonly<Record<string, string[]>> = { '': ['core', 'lib', 'new'], core: ['http', 'market'] };
    expect(differences(treeOf(page), (path) => disk[path] ?? [])).toEqual([
      'new is not on the page',
      'core/market is not on the page',
      'core/gone does not exist',
    ]);
  });
});
