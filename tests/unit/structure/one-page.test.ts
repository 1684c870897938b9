import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

const room = 'core/http/page.ts';

/** Rule 9: pages with cursors are cut in one place; no route writes a cursor or a `nextCursor` from one itself. */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()].filter(
    (file) =>
      /^(functions|core)\//.test(file) &&
      file !== room &&
      /\bwriteCursor\(/.test(withoutComments(tree.get(file) ?? '')),
  );
}

describe('pages with cursors are cut in one place', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it('refuses a route that writes a cursor itself', () => {
    const text = 'const nextCursor = rows.length > limit ? writeCursor([rows[limit - 1].id]) : null;';
    expect(offences(new Map([['functions/api/routes/a.ts', text]]))).toHaveLength(1);
  });
});
