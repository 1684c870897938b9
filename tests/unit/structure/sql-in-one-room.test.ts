import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

const room = 'core/adapters/postgres/';

/** How a statement begins, after comments. Words of the language are in upper case, or all in lower case. */
const statement =
  /[`'"](\s|--[^\n]*\n)*(SELECT\b[^`'"]*\b(FROM|AS)\b|select\s[^`'"]*\sfrom\s+[a-z_]+\b|(INSERT INTO|insert into)\b|(UPDATE|update)\s+\w+(\s+(AS|as)\s+\w+|\s+[a-z]\w{0,2})?\s+(SET|set)\b|(DELETE FROM|delete from)\b|(WITH|with)\s+\w+(\s*\([^)]*\))?\s+(AS|as)\s*\(|(CREATE|ALTER|DROP) (TABLE|DATABASE|ROLE|INDEX|FUNCTION)\b|TRUNCATE\b|VACUUM\b|GRANT\b)/;

/** Rule 4: SQL stands in the adapters of Postgres only. */
function offences(tree: SourceTree): string[] {
  return [...tree.keys()].filter(
    (file) =>
      /^(core|functions|localstack|cli|lib|bin)\//.test(file) &&
      !file.startsWith(room) &&
      statement.test(withoutComments(tree.get(file) ?? '')),
  );
}

/** What two statements must not say differently: each fragment is written in one file, and the others call it. */
const fragments = [
  { what: 'whether a source is paused', sql: /\bpaused_until IS NULL\b/, home: `${room}database/switches.ts` },
  {
    what: 'whether a service runs',
    sql: /\bservice_at\(|\b(FROM|JOIN) service_state\b/,
    home: `${room}database/switches.ts`,
  },
];

function copiesOf(tree: SourceTree, { sql, home }: (typeof fragments)[number]): string[] {
  return [...tree.keys()].filter(
    (file) =>
      /^(core|functions)\/.*\.ts$/.test(file) && file !== home && sql.test(withoutComments(tree.get(file) ?? '')),
  );
}

describe('SQL stands in the adapters of Postgres', () => {
  it('in the tree as it stands', () => {
    expect(offences(realTree())).toEqual([]);
  });

  it.each([
    ['a query', `await pool.query('SELECT id FROM run');`],
    ['a query over lines', 'await pool.query(`\n  SELECT id\n  FROM run`);'],
    ['a change', `await db.query('DELETE FROM web_session WHERE hash = $1', [hash]);`],
    ['an upsert', 'await db.query(`INSERT INTO lease (name) VALUES ($1)`);'],
    ['a query in lower case', 'await pool.query(`\n  select id\n  from run`);'],
    ['a query after a comment', 'await pool.query(`-- the runs\n  SELECT id FROM run`);'],
    ['a change under an alias', `await db.query('UPDATE source_state AS s SET breaker = $1');`],
    ['a statement with parts', 'await db.query(`WITH gone (id) AS (DELETE FROM run RETURNING id) SELECT 1`);'],
    ['a database', `await client.query('CREATE DATABASE quotron');`],
  ])('refuses %s elsewhere', (_, text) => {
    expect(offences(new Map([['functions/recover/steps/a.ts', text]]))).toHaveLength(1);
    expect(offences(new Map([['localstack/a.ts', text]]))).toHaveLength(1);
    expect(offences(new Map([[`${room}work/a.ts`, text]]))).toEqual([]);
  });

  it.each(fragments)('says once $what', (fragment) => {
    expect(copiesOf(realTree(), fragment)).toEqual([]);
  });

  it('refuses a copy of a fragment', () => {
    const paused = `db.query('SELECT paused AND (paused_until IS NULL OR paused_until > $1) FROM source_state');`;
    const runs = `db.query('SELECT running FROM service_at(now())');`;
    const tree = new Map([[`${room}work/a.ts`, `${paused}\n${runs}`]]);
    for (const fragment of fragments) expect(copiesOf(tree, fragment)).toHaveLength(1);
  });
});
