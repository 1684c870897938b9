import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

/**
 * Rule 8: rows are parsed by a schema in their reader, and come out in camelCase. A type argument of `query` is a cast:
 * nothing compares it with what the database gives. `rowsOf` and its kin in database/rows.ts parse.
 */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()].filter(
    (file) =>
      /^(core|functions|localstack|cli|lib)\//.test(file) &&
      (/\.query\s*</.test(withoutComments(tree.get(file) ?? '')) || castsRows(withoutComments(tree.get(file) ?? ''))),
  );
}

/** `rows as Row[]`, `rows[0] as Row`, `result.rows as …`. */
function castsRows(text: string): boolean {
  return /\brows(\[\w+\])?\s+as\s+(?!const\b)/.test(text);
}

describe('rows of the database are parsed', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it.each([
    ['a type argument', `const { rows } = await pool.query<{ id: string }>('SELECT id FROM run');`],
    ['one on a line of its own', `await pool.query<\n  RunRow\n>('SELECT 1');`],
    ['a cast of all rows', `return result.rows as RunRow[];`],
    ['a cast of one row', `return rows[0] as RunRow;`],
  ])('refuses %s', (_, text) => {
    expect(offences(new Map([['core/adapters/postgres/work/a.ts', text]]))).toHaveLength(1);
  });

  it('allows a schema', () => {
    const text = `return rowsOf(runRow, await pool.query('SELECT id FROM run'));`;
    expect(offences(new Map([['core/adapters/postgres/work/a.ts', text]]))).toEqual([]);
  });
});
