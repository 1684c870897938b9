import { expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

/** Files of a worker share their modules, and so the catalogue: one that keeps another quota fails whichever comes next. */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()].filter((file) => {
    if (!file.startsWith('tests/')) return false;
    const text = withoutComments(tree.get(file) ?? '');
    return (
      text.includes('setQuotas(') && !text.includes('setQuotas(new Map());') && !text.includes('setQuotas(new Map()))')
    );
  });
}

it('each file of tests that sets quotas of sources gives them back', () => {
  expect(offences(realTree())).toEqual([]);
});

it('and one that keeps them is refused', () => {
  const sets = "setQuotas(new Map([['yahoo', quota]]));";
  expect(offences(new Map([['tests/contract/a.test.ts', sets]]))).toEqual(['tests/contract/a.test.ts']);
  expect(offences(new Map([['tests/contract/a.test.ts', `${sets} afterAll(() => setQuotas(new Map()));`]]))).toEqual(
    [],
  );
});
