import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

const room = 'core/http/page.ts';

/** A cursor that is written, or a `nextCursor` that is neither the page's nor its schema. */
const writes = /\bwriteCursor\(|\bnextCursor\s*:(?!\s*(meta\.nextCursor|string|z\.)\b)|\bnextCursor\s*=(?!=)/;

/** Rule 9: pages with cursors are cut in one place; no route writes a cursor or a `nextCursor` from one itself. */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()].filter(
    (file) => /^(functions|core)\//.test(file) && file !== room && writes.test(withoutComments(tree.get(file) ?? '')),
  );
}

describe('pages with cursors are cut in one place', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it.each([
    ['a cursor', 'const at = rows.length > limit ? writeCursor([rows[limit - 1].id]) : null;'],
    ['a cursor under the name of the envelope', `const nextCursor = Buffer.from('[1]').toString('base64url');`],
    ['a cursor in the envelope', `return { meta: { count, nextCursor: Buffer.from('[1]').toString('base64url') } };`],
  ])('refuses a route that writes %s itself', (_, text) => {
    expect(offences(new Map([['functions/api/routes/a.ts', text]]))).toHaveLength(1);
  });

  it('allows the cursor of the page', () => {
    const text = 'return csvReply(table, { name, nextCursor: meta.nextCursor, call });';
    expect(offences(new Map([['functions/api/routes/a.ts', text]]))).toEqual([]);
  });
});
