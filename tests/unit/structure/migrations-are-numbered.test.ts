import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { root } from '../../support/source-tree.ts';

/** Numbers that more than one migration has: their order is then that of their words. */
function doubled(names: readonly string[]): string[] {
  const numbers = names.map((name) => /^\d{4}(?=_)/.exec(name)?.[0] ?? `no number: ${name}`);
  return numbers.filter((number, place) => numbers.indexOf(number) !== place || number.startsWith('no'));
}

it('each migration has a number of its own', () => {
  expect(doubled(readdirSync(`${root}core/adapters/postgres/migrations`))).toEqual([]);
  expect(doubled(['0001_one.sql', '0002_two.sql', '0002_three.sql', 'four.sql'])).toEqual([
    '0002',
    'no number: four.sql',
  ]);
});
