import { expect, it } from 'vitest';
import { slowFiles } from '../../support/slow-files.ts';
import { realTree } from '../../support/source-tree.ts';

const missing = (files: readonly string[]) => files.filter((file) => !realTree().has(file));

it('the files that begin first are there', () => {
  expect(missing(slowFiles)).toEqual([]);
  expect(missing(['tests/contract/gone.test.ts'])).toEqual(['tests/contract/gone.test.ts']);
});
