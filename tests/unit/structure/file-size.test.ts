import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree } from '../../support/source-tree.ts';

const mostLines = 400;

/** Files that are too long to be read in one go: a file of more than 400 lines is asking to be two. */
function tooLong(tree: SourceTree): string[] {
  return [...tree].filter(([, text]) => text.replace(/\n$/, '').split('\n').length > mostLines).map(([file]) => file);
}

describe(`no file has more than ${mostLines} lines`, () => {
  it('in the tree as it stands, tests and style sheets included', () => {
    expect(tooLong(realTree())).toEqual([]);
  });

  it.each([
    [mostLines, []],
    [mostLines + 1, ['web/src/a.css']],
  ])('of %d lines finds %j', (lines, expected) => {
    expect(tooLong(new Map([['web/src/a.css', 'a {}\n'.repeat(lines)]]))).toEqual(expected);
  });
});
