import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../localstack/state-folder.ts';
import { realTree } from '../../support/source-tree.ts';

const folders = [
  'localstack',
  'core/market/calendars',
  'tests/clients',
  'tests/clients/recipes',
  'tests/cloud/localstack',
  'tests/fuzz',
];
const textOf = (folder: string, name: string) => readFileSync(join(root, folder, name), 'utf8');
const nameOf = (pin: string) => pin.toLowerCase().replaceAll(/[-_.]+/g, '-');

/** The entries of a requirements file: each with what follows it up to the next. */
function entriesOf(text: string): { pin: string; hashes: number }[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => ({
      pin: line.split(/[ ;]/)[0] ?? '',
      hashes: [...line.matchAll(/--hash=sha256:[0-9a-f]{64}/g)].length,
    }));
}

const unpinned = (text: string) =>
  entriesOf(text).filter(({ pin, hashes }) => hashes === 0 || !/^[A-Za-z0-9_.[\]-]+==[^=*]+$/.test(pin));

describe('Python packages', () => {
  it.each(folders)('of %s have one version and the hashes of its files', (folder) => {
    const text = textOf(folder, 'requirements.txt');
    expect(entriesOf(text).length).toBeGreaterThan(3);
    expect(unpinned(text)).toEqual([]);
    const pins = entriesOf(text).map(({ pin }) => nameOf(pin));
    for (const line of textOf(folder, 'requirements.in').split('\n'))
      if (line.trim() !== '' && !line.startsWith('#')) expect(pins).toContain(nameOf(line.trim()));
  });

  it.each([
    ['without a hash', 'six==1.17.0\n'],
    ['without a version', `six \\\n    --hash=sha256:${'0'.repeat(64)}\n`],
    ['of a range', `six>=1.17.0 \\\n    --hash=sha256:${'0'.repeat(64)}\n`],
  ])('%s are found', (_, text) => {
    expect(unpinned(text)).toHaveLength(1);
  });

  it('are never installed without a look at the hashes', () => {
    const installing = [...realTree()].filter(([, text]) => /'pip', 'install'/.test(text));
    expect(installing.length).toBeGreaterThan(1);
    expect(installing.filter(([, text]) => !text.includes("'--require-hashes'")).map(([file]) => file)).toEqual([]);
  });
});
