import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { settingNames } from '../../../core/contracts/settings.ts';
import { portNames, portVariable } from '../../../localstack/settings.ts';

const root = new URL('../../../', import.meta.url).pathname;
/** What decides on the settings of the local cloud. */
const localFolders = ['bin', 'localstack'];
const folders = ['bin', 'cli', 'core', 'functions', 'lib', 'localstack', 'web'];
const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');

/** Names that stand for several, or that the code never reads by name. */
const unread = new Set(['QUOTRON_SOURCE_<ID>_URL', 'QUOTRON_SOURCE_<ID>_QUOTA', 'NO_COLOR']);

/** The names in the first column, or the first two, of the page's tables. */
const documented = new Set(
  [...page.matchAll(/^\| (.+?) \| (.+?) \|/gm)].flatMap((row) => namesIn(`${row[1]} ${row[2]}`)),
);

function namesIn(cells: string): string[] {
  return [...cells.matchAll(/`([A-Z][A-Z0-9_]{3,}(?:<ID>[A-Z_]*)?)`/g)].flatMap((match) => match[1] ?? []);
}

/** The environment variables that a text reads: `process.env.X`, `env['X']`, `given('X')`, `url('X')`, `addEnvironment('X'`. */
function readIn(text: string): string[] {
  const reads = /\benv(?:\.|\[')([A-Z][A-Z0-9_]{3,})|\b(?:given|url|addEnvironment)\('([A-Z][A-Z0-9_]{3,})'/g;
  return [...text.matchAll(reads)].flatMap((match) => match[1] ?? match[2] ?? []);
}

function sources(of: readonly string[] = folders): string[] {
  return of.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|tsx|mjs)$/.test(name) && !/(^|\/)(dist|node_modules)\//.test(name))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  );
}

describe('docs/configuration.md', () => {
  const texts = sources();
  const read = new Set([...texts.flatMap(readIn), ...Object.values(settingNames), ...portNames.map(portVariable)]);

  it('finds how the code reads its environment', () => {
    expect(readIn(`process.env['DB_URL'] ?? env.DB_HOST; given('QUOTRON_A'); url("no"); other('NOT_READ')`)).toEqual([
      'DB_URL',
      'DB_HOST',
      'QUOTRON_A',
    ]);
    expect(read.size).toBeGreaterThan(45);
  });

  it('has every variable that the code reads', () => {
    expect([...read].filter((name) => !documented.has(name))).toEqual([]);
  });

  it('has no variable that the code does not know', () => {
    // QUOTRON_TEST_RUN and the like are in lists of names that are passed on.
    const known = (name: string) =>
      read.has(name) || unread.has(name) || texts.some((text) => text.includes(`'${name}'`));
    expect([...documented].filter((name) => !known(name))).toEqual([]);
  });

  it('names for the local cloud only what it reads, and not what a function has alone', () => {
    const [section = ''] = page.split('## The local cloud')[1]?.split(/^### /m) ?? [];
    const names = [...section.matchAll(/^\| (.+?) \|/gm)].flatMap((row) => namesIn(row[1] ?? ''));
    expect(names).toContain('QUOTRON_SYMBOLS');
    const local = sources(localFolders);
    const named = Object.entries(settingNames).filter(([key]) =>
      local.some((text) => text.includes(`settingNames.${key}`)),
    );
    const reads = new Set([...local.flatMap(readIn), ...portNames.map(portVariable), ...named.map(([, name]) => name)]);
    const known = (name: string) =>
      reads.has(name) || unread.has(name) || local.some((text) => text.includes(`'${name}'`));
    expect(names.filter((name) => !known(name))).toEqual([]);
  });

  it('has every setting of a stage, and no other', () => {
    const types = readFileSync(join(root, 'lib/stage-settings.ts'), 'utf8');
    const groups = new Set([...types.matchAll(/readonly (\w+): \{/g)].map((match) => match[1]));
    const fields = [...types.matchAll(/readonly (\w+):/g)].flatMap((match) => match[1] ?? []);
    const listed = [...page.matchAll(/^\| `((?:\w+\.)?[a-z]\w+)` \|/gm)].flatMap(
      (match) => match[1]?.split('.').at(-1) ?? [],
    );
    expect(new Set(listed)).toEqual(new Set(fields.filter((name) => !groups.has(name))));
  });
});
