import { describe, expect, it } from 'vitest';
import { realTree, type SourceTree, withoutComments } from '../../support/source-tree.ts';

interface Writing {
  readonly what: string;
  /** Whether a statement writes it. Statements come with their white space made single. */
  readonly writes: RegExp;
  /** The one file that may. */
  readonly writer: string;
}

const postgres = 'core/adapters/postgres';

/** Rule 7: each of these is written in one file. */
const writings: readonly Writing[] = [
  {
    what: 'a new run or task',
    writes: /\bINSERT INTO (run|task)\b/i,
    writer: `${postgres}/work/runs.ts`,
  },
  {
    what: 'the outbox',
    writes: /\bINSERT INTO outbox\b/i,
    writer: `${postgres}/database/outbox.ts`,
  },
  {
    what: 'what becomes of an event',
    writes: /\b(UPDATE|DELETE FROM) outbox\b/i,
    writer: `${postgres}/events/relay-store.ts`,
  },
  {
    what: 'whether a source is paused',
    writes:
      /\bINSERT INTO source_state( AS \w+)? \([^)]*\bpaused\b|\b(UPDATE source_state\b|DO UPDATE\b).*?\bpaused(_until)?( =|,[^=]*\) =|\) =)/i,
    writer: `${postgres}/database/switches.ts`,
  },
  {
    what: 'whether a service is stopped',
    writes: /\b(INSERT INTO|UPDATE|DELETE FROM) service_state\b/i,
    writer: `${postgres}/database/switches.ts`,
  },
  {
    what: 'the end of a session',
    writes: /\bDELETE FROM auth_session\b/i,
    writer: `${postgres}/sources/credentials.ts`,
  },
  {
    what: 'the end of a dashboard session',
    writes: /\bDELETE FROM web_session\b/i,
    writer: `${postgres}/access/web-sessions.ts`,
  },
];

/** The statements of a file: each string that names a verb of SQL. */
function statementsOf(text: string): string[] {
  return [...withoutComments(text).matchAll(/`([^`]*)`|'([^'\n]*)'|"([^"\n]*)"/g)]
    .map((match) => (match[1] ?? match[2] ?? match[3] ?? '').replaceAll(/\s+/g, ' '))
    .filter((each) => /\b(INSERT|UPDATE|DELETE)\b/i.test(each));
}

function writersOf(tree: SourceTree, { writes }: Writing): string[] {
  return [...tree.keys()].filter(
    (file) =>
      file.startsWith('core/') &&
      file.endsWith('.ts') &&
      statementsOf(tree.get(file) ?? '').some((sql) => writes.test(sql)),
  );
}

describe('each of these is written in one file', () => {
  const tree = realTree();

  it.each(writings)('$what', (writing) => {
    expect(writersOf(tree, writing)).toEqual([writing.writer]);
  });

  it.each([
    ['a new run or task', 'INSERT INTO run (id) VALUES ($1)'],
    ['a new run or task', 'WITH made AS (\n  INSERT INTO task\n  (run_id) SELECT 1) SELECT 1'],
    ['the outbox', `insert into outbox (kind) values ('price')`],
    ['what becomes of an event', 'UPDATE outbox SET published_at = now()'],
    ['what becomes of an event', 'DELETE FROM outbox WHERE id = $1'],
    ['whether a source is paused', 'UPDATE source_state SET changed_at = $2, paused = true'],
    ['whether a source is paused', 'UPDATE source_state AS s SET (paused, paused_until) = ($1, $2)'],
    ['whether a source is paused', 'INSERT INTO source_state (source_id, paused) VALUES ($1, true)'],
    [
      'whether a source is paused',
      'INSERT INTO source_state (source_id) VALUES ($1) ON CONFLICT DO UPDATE SET paused_until = $2',
    ],
    ['whether a service is stopped', 'UPDATE service_state SET stopped = true'],
    ['the end of a session', 'DELETE FROM auth_session WHERE source_id = $1'],
    ['the end of a dashboard session', 'DELETE FROM web_session WHERE expires_at < $1'],
  ])('refuses a second writer of %s: %s', (what, sql) => {
    const writing = writings.find((each) => each.what === what);
    expect(
      writing && writersOf(new Map([['core/adapters/postgres/a.ts', `db.query(\`${sql}\`)`]]), writing),
    ).toHaveLength(1);
  });

  it('refuses one in quotes of any kind', () => {
    const [writing] = writings;
    for (const quote of ['`', "'", '"'])
      expect(
        writing &&
          writersOf(new Map([['core/a.ts', `db.query(${quote}INSERT INTO run (id) VALUES ($1)${quote})`]]), writing),
      ).toHaveLength(1);
  });

  it.each([
    ['whether a source is paused', 'SELECT paused FROM source_state WHERE paused = true'],
    ['whether a source is paused', 'UPDATE source_state SET held_until = $2 WHERE source_id = $1'],
    ['a new run or task', 'INSERT INTO task_attempt (run_id) VALUES ($1)'],
  ])('lets others read, and write their own columns: %s: %s', (what, sql) => {
    const writing = writings.find((each) => each.what === what);
    expect(writing && writersOf(new Map([['core/adapters/postgres/a.ts', `db.query(\`${sql}\`)`]]), writing)).toEqual(
      [],
    );
  });
});
