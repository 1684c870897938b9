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
      (/\.query\s*</.test(withoutComments(tree.get(file) ?? '')) ||
        usesRows(file, withoutComments(tree.get(file) ?? ''))),
  );
}

/** `rows as Row[]`, `rows[0] as Row`, `<Row[]>result.rows`, `const { rows }: Result = …`. */
const casts =
  /\brows(\[\w+\])?\s+as\s+(?!const\b)|<[\w.]+(\[\])?>\s*(\w+\.)?rows\b|\{\s*rows\b[^}=]*\}\s*:[^=]*=\s*await\b/;

/**
 * Rows of a query that are used as the driver gives them, as `any`: `return rows`, `rows[0]?.id`, `rows.map((row) => row.id)`.
 * Rows that are written, inside `numbers(…)` and `texts(…)`, are not of a query.
 */
const unparsed =
  /\breturn\s+(\w+\.)?rows(\[\w+\])?\s*(\?\?[^;]*)?;|\brows\[0\]\s*(\?\.|\.)\w|(?<!\b(numbers|texts)\()\b(?<!\.)(\w+\.)?rows\.\w+\(\((?<row>\w+)\) => \k<row>[.[]/;

function usesRows(file: string, text: string): boolean {
  return (
    casts.test(text) ||
    (/^(core\/adapters\/postgres|localstack)\//.test(file) && /\.query\(/.test(text) && unparsed.test(text))
  );
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
    ['a cast before the rows', `return <RunRow[]>rows;`],
    ['a type beside the rows', `const { rows }: { rows: RunRow[] } = await pool.query('SELECT id FROM run');`],
    ['rows as the driver gives them', `const { rows } = await pool.query('SELECT id FROM run');\nreturn rows;`],
    ['rows of a result', `const result = await pool.query('SELECT id FROM run');\nreturn result.rows;`],
    ['one row', `const { rows } = await pool.query('SELECT id FROM run');\nreturn rows[0] ?? null;`],
    ['a column', `const { rows } = await pool.query('SELECT id FROM run');\nconst id = rows[0]?.id;`],
    ['a column of each', `const { rows } = await pool.query('SELECT id FROM run');\nreturn rows.map((row) => row.id);`],
  ])('refuses %s', (_, text) => {
    expect(offences(new Map([['core/adapters/postgres/work/a.ts', text]]))).toHaveLength(1);
  });

  it.each([
    ['a schema', `return rowsOf(runRow, await pool.query('SELECT id FROM run'));`],
    [
      'a schema for each',
      `const { rows } = await pool.query('SELECT 1');\nreturn rows.map((row) => runRow.parse(row));`,
    ],
    [
      'rows to be written',
      `await db.query('UPDATE run', [numbers(rows.map((row) => row.id)), texts(rows.map((row) => row.job))]);`,
    ],
  ])('allows %s', (_, text) => {
    expect(offences(new Map([['core/adapters/postgres/work/a.ts', text]]))).toEqual([]);
  });
});
