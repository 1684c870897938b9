import * as z from 'zod';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { Connection } from '../database/pool.ts';
import { firstRow, onlyRow, rowsOf } from '../database/rows.ts';
import { servicesAt } from '../database/switches.ts';

type Ask<Op extends StateRequest['op']> = Extract<StateRequest, { op: Op }>;

const reason = z.enum(runReasons).nullable();
const pauseRow = z.object({
  until: z.date().transform((at) => at.toISOString()),
  reason: z.union([z.literal('stopped'), z.enum(runReasons)]).catch('unexplained'),
});
const answerRow = z.object({
  key: z.string(),
  failure: reason.catch(null),
  status: z.int().nullable(),
  body: z.instanceof(Buffer).nullable(),
  fetchedAt: z.date().nullable(),
  freshSeconds: z.int().nullable(),
  reuseSeconds: z.int().nullable(),
  keepSeconds: z.int().nullable(),
});
const leaseRow = z.object({ key: z.string(), token: z.coerce.number() });
const sizeRow = z.object({ bytes: z.coerce.number() });

/**
 * Looks answers up, and leases those that are not fresh to the first caller.
 *
 * The upsert is one statement: of two that ask at once, one gets the token and the other sees the lease. An answer that
 * is over its time is not given, though it may be there until the next sweep.
 */
export async function cacheTake(
  connection: Connection,
  { sourceId, keys, leaseSeconds }: Ask<'cacheTake'>,
): Promise<StateResponses['cacheTake']> {
  const pauses = await connection.query({
    name: 'proxy-pause',
    text: `SELECT until, reason FROM proxy_pause WHERE source_id = $1 AND until > clock_timestamp()
           UNION ALL
           SELECT held_until, 'rate_limited' FROM source_state WHERE source_id = $1 AND held_until > clock_timestamp()
           UNION ALL
           SELECT clock_timestamp() + interval '30 seconds', 'stopped' FROM ${servicesAt('clock_timestamp()')}
           WHERE service_id = 'proxy' AND NOT running
           ORDER BY until DESC LIMIT 1`,
    values: [sourceId],
  });
  const pause = firstRow(pauseRow, pauses);
  // In order of the key, so that two requests with the same symbols cannot wait for each other.
  const asked = [...new Set(keys)].sort();
  const tokens =
    pause === null && leaseSeconds > 0 ? await lease(connection, asked, leaseSeconds) : new Map<string, number>();
  const looked = await connection.query({
    name: 'proxy-look',
    text: `SELECT key, CASE WHEN failed_until > clock_timestamp() THEN failure END AS failure,
                  status, body, fetched_at AS "fetchedAt", fresh_seconds AS "freshSeconds", reuse_seconds AS "reuseSeconds",
                  extract(epoch FROM keep_until - fetched_at)::int AS "keepSeconds"
           FROM proxy_cache WHERE key = ANY($1)`,
    values: [asked],
  });
  const found = new Map(rowsOf(answerRow, looked).map((row) => [row.key, row]));
  return {
    pause,
    entries: asked.map((key) => {
      const row = found.get(key);
      return {
        key,
        answer: row ? answerOf(row) : null,
        token: tokens.get(key) ?? null,
        failure: row?.failure ?? null,
      };
    }),
  };
}

async function lease(connection: Connection, keys: readonly string[], seconds: number): Promise<Map<string, number>> {
  const result = await connection.query({
    name: 'proxy-lease',
    text: `INSERT INTO proxy_cache AS held (key, token, leased_until, keep_until)
           SELECT key, 1, clock_timestamp() + make_interval(secs => $2), clock_timestamp() + make_interval(secs => $2 + 60)
           FROM unnest($1::text[]) AS key ORDER BY key
           ON CONFLICT (key) DO UPDATE
             SET token = held.token + 1, leased_until = excluded.leased_until,
                 keep_until = greatest(held.keep_until, excluded.leased_until)
             WHERE held.leased_until <= clock_timestamp()
               AND held.failed_until <= clock_timestamp()
               AND (held.fetched_at IS NULL
                    OR held.fetched_at + make_interval(secs => held.fresh_seconds) <= clock_timestamp())
           RETURNING key, token`,
    values: [keys, seconds],
  });
  return new Map(rowsOf(leaseRow, result).map(({ key, token }) => [key, token]));
}

/** Keeps answers whose lease is still the caller's, and ends a pause. */
export async function cachePut(
  connection: Connection,
  { sourceId, answers }: Ask<'cachePut'>,
): Promise<StateResponses['cachePut']> {
  const { rowCount } = await connection.query({
    name: 'proxy-put',
    text: `UPDATE proxy_cache c
           SET status = a.status, body = a.body, fetched_at = a.fetched_at, fresh_seconds = a.fresh,
               reuse_seconds = a.reuse, keep_until = a.fetched_at + make_interval(secs => a.keep),
               leased_until = '-infinity', failure = NULL, failed_until = '-infinity'
           FROM (SELECT * FROM unnest($1::text[], $2::bigint[], $3::int[], $4::bytea[], $5::timestamptz[], $6::int[], $7::int[], $8::int[])
                   AS t (key, token, status, body, fetched_at, fresh, reuse, keep) ORDER BY key) a
           WHERE c.key = a.key AND c.token = a.token`,
    values: [
      answers.map(({ key }) => key),
      answers.map(({ token }) => token),
      answers.map(({ answer }) => answer.status),
      answers.map(({ answer }) => Buffer.from(answer.body, 'base64')),
      answers.map(({ answer }) => answer.fetchedAt),
      answers.map(({ answer }) => answer.freshSeconds),
      answers.map(({ answer }) => answer.reuseSeconds),
      answers.map(({ answer }) => answer.keepSeconds),
    ],
  });
  await connection.query({
    name: 'proxy-resume',
    text: 'DELETE FROM proxy_pause WHERE source_id = $1',
    values: [sourceId],
  });
  return { kept: rowCount ?? 0 };
}

/** Gives leases back after a failure, with a moment in which nobody tries again. A pause is only ever made longer. */
export async function cacheFail(
  connection: Connection,
  { sourceId, leases, reason, holdSeconds, pauseSeconds }: Ask<'cacheFail'>,
): Promise<StateResponses['cacheFail']> {
  const { rowCount } = await connection.query({
    name: 'proxy-fail',
    text: `UPDATE proxy_cache c
           SET leased_until = '-infinity', failure = $3, failed_until = clock_timestamp() + make_interval(secs => $4)
           FROM (SELECT * FROM unnest($1::text[], $2::bigint[]) AS t (key, token) ORDER BY key) l
           WHERE c.key = l.key AND c.token = l.token`,
    values: [leases.map(({ key }) => key), leases.map(({ token }) => token), reason, holdSeconds],
  });
  if (pauseSeconds > 0)
    await connection.query({
      name: 'proxy-pause-set',
      text: `INSERT INTO proxy_pause AS held (source_id, until, reason)
             VALUES ($1, clock_timestamp() + make_interval(secs => $2), $3)
             ON CONFLICT (source_id) DO UPDATE
               SET until = greatest(held.until, excluded.until), reason = excluded.reason`,
      values: [sourceId, pauseSeconds, reason],
    });
  return { released: rowCount ?? 0 };
}

/** Deletes what has expired; then, while the bodies together exceed `maxBytes`, what would expire next. */
export async function cacheSweep(
  connection: Connection,
  { maxBytes }: Ask<'cacheSweep'>,
): Promise<StateResponses['cacheSweep']> {
  const { rowCount: over } = await connection.query(
    'DELETE FROM proxy_cache WHERE keep_until <= clock_timestamp() AND leased_until <= clock_timestamp()',
  );
  const { rowCount: spilled } = await connection.query(
    `DELETE FROM proxy_cache WHERE key IN (
       SELECT key FROM (SELECT key, sum(length(body)) OVER (ORDER BY keep_until DESC, key) AS total FROM proxy_cache) ranked
       WHERE total > $1)`,
    [maxBytes],
  );
  const size = await connection.query('SELECT coalesce(sum(length(body)), 0) AS bytes FROM proxy_cache');
  return { removed: (over ?? 0) + (spilled ?? 0), bytes: onlyRow(sizeRow, size).bytes };
}

type Taken = StateResponses['cacheTake'];

function answerOf(row: z.infer<typeof answerRow>): Taken['entries'][number]['answer'] {
  const { status, body, fetchedAt, freshSeconds, reuseSeconds, keepSeconds } = row;
  if (!status || !body || !fetchedAt || freshSeconds === null || reuseSeconds === null || keepSeconds === null)
    return null;
  return {
    status,
    body: body.toString('base64'),
    fetchedAt: fetchedAt.toISOString(),
    freshSeconds,
    reuseSeconds,
    keepSeconds: Math.max(0, keepSeconds),
  };
}
