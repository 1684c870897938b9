import * as z from 'zod';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { Connection } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

type Ask<Op extends StateRequest['op']> = Extract<StateRequest, { op: Op }>;

const iso = instant.transform((at) => at.toISOString());
const answerRow = z.object({
  key: z.string(),
  status: z.int(),
  blob: z.string(),
  keepSeconds: z.int(),
  from: iso,
  to: iso,
});

/** SQL: what a body is. Of rows without it, the blob is named by it. */
const contentOf = (row: string) => `coalesce(${row}.content, substring(${row}.blob FROM '^proxy/(.*)[.]gz$'))`;

/**
 * Notes answers of the upstream. One that differs from what was heard before it is a new row; the same one again moves the end
 * of its row, at most every five minutes.
 */
export async function recordAnswers(
  connection: Connection,
  { answers }: Ask<'recordAnswers'>,
): Promise<StateResponses['recordAnswers']> {
  const { rowCount } = await connection.query({
    name: 'proxy-record',
    text: `WITH heard AS (
             SELECT DISTINCT ON (key, fetched_at) *
             FROM unnest($1::text[], $2::timestamptz[], $3::smallint[], $4::text[], $5::int[], $6::text[])
               AS t (key, fetched_at, status, blob, keep_seconds, content)
             ORDER BY key, fetched_at
           ), before AS (
             SELECT h.*, held.from_at, held.from_at IS NOT NULL AND held.status = h.status AND ${contentOf('held')} = ${contentOf('h')} AS same
             FROM heard h LEFT JOIN LATERAL (
               SELECT from_at, status, blob, content FROM proxy_answer a
               WHERE a.key = h.key AND a.from_at <= h.fetched_at ORDER BY a.from_at DESC LIMIT 1
             ) held ON true
           ), again AS (
             UPDATE proxy_answer a SET to_at = b.fetched_at, keep_seconds = b.keep_seconds
             FROM before b
             WHERE b.same AND a.key = b.key AND a.from_at = b.from_at AND a.to_at < b.fetched_at - interval '5 minutes'
           )
           INSERT INTO proxy_answer (key, from_at, to_at, status, blob, keep_seconds, content)
           SELECT key, fetched_at, fetched_at, status, blob, keep_seconds, content FROM before WHERE NOT same
           ON CONFLICT (key, from_at) DO NOTHING`,
    values: [
      answers.map(({ key }) => key),
      answers.map(({ fetchedAt }) => fetchedAt),
      answers.map(({ status }) => status),
      answers.map(({ blob }) => blob),
      answers.map(({ keepSeconds }) => keepSeconds),
      answers.map(({ content }) => content ?? null),
    ],
  });
  return { added: rowCount ?? 0 };
}

/** The last answer of each key that was heard until an instant. */
export async function recordedAnswers(
  connection: Connection,
  { keys, at }: Ask<'recordedAnswers'>,
): Promise<StateResponses['recordedAnswers']> {
  const result = await connection.query({
    name: 'proxy-recorded',
    text: `SELECT held.key, held.status, held.blob, held.keep_seconds AS "keepSeconds", held.from_at AS "from",
                  held.to_at AS "to"
           FROM (SELECT DISTINCT key FROM unnest($1::text[]) AS key) asked
           CROSS JOIN LATERAL (
             SELECT * FROM proxy_answer a WHERE a.key = asked.key AND a.from_at <= $2 ORDER BY a.from_at DESC LIMIT 1
           ) held`,
    values: [keys, at],
  });
  return { answers: rowsOf(answerRow, result) };
}
