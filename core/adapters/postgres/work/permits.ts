import type { Permit } from '../../../contracts/state.ts';
import { allowanceFor } from '../../../planning/quota.ts';
import { sourceOf } from '../../../sources/catalogue.ts';
import type { Connection } from '../database/pool.ts';

/** How long a reserved permit may wait to be used. Long enough for a cold start and a login before the first call. */
const lifeSeconds = 120;

/**
 * The minute slides: what an upstream counts by the clock's minute or by the last sixty seconds is both kept. Two
 * seconds more, because a request arrives later than its permit was used.
 */
export const minuteSeconds = 62;

/** Where nothing tells when a permit comes free: reserved ones are not used yet. */
const unknownRetrySeconds = 10;

export interface PermitRequest {
  readonly sourceId: string;
  readonly count: number;
  readonly purpose: string;
  readonly task?: { readonly runId: string; readonly part: number; readonly attempt: number };
}

export type PermitRefusal = 'minute_quota' | 'day_quota' | 'held';

/**
 * Reserves `count` permits or none. Runs in the caller's transaction, under a lock per source, so that concurrent
 * workers together never make more requests than the catalogue's quota: used within the last minute + live and unused ≤
 * per minute, and the same for the UTC day. A recovery may have lowered the minute's share for a while. Where the source wants a gap between requests, permits begin one after the
 * other. The database's clock decides.
 */
export async function reservePermits(
  connection: Connection,
  request: PermitRequest,
): Promise<{ permits: Permit[]; why: PermitRefusal | null; retryAfterSeconds: number }> {
  const source = sourceOf(request.sourceId);
  const refused = (why: PermitRefusal, retryAfterSeconds: number) => ({ permits: [], why, retryAfterSeconds });
  if (!source) return refused('day_quota', 0);
  await lockLedger(connection, request.sourceId);
  const { rows: counts } = await connection.query<{
    minute: number;
    day: number;
    held: number;
    rest_of_day: number;
    last: Date | null;
    budget: number | null;
  }>({
    name: 'permit-counts',
    // The instants in brackets are made out once, and not again for each of a day's permits.
    text: `SELECT count(*) FILTER (WHERE used_at IS NULL OR used_at > (SELECT clock_timestamp() - make_interval(secs => $2)))::int AS minute,
                  count(*) FILTER (WHERE used_at IS NULL OR used_at >= (SELECT date_trunc('day', clock_timestamp(), 'UTC')))::int AS day,
                  max(greatest(not_before, used_at)) AS last,
                  ceil(86400 - extract(epoch FROM clock_timestamp() - date_trunc('day', clock_timestamp(), 'UTC')))::int AS rest_of_day,
                  (SELECT budget_factor FROM source_state WHERE source_id = $1 AND budget_until > clock_timestamp()) AS budget,
                  coalesce((SELECT ceil(extract(epoch FROM held_until - clock_timestamp())) FROM source_state
                            WHERE source_id = $1), 0)::int AS held
           FROM permit
           WHERE source_id = $1
             AND (used_at >= (SELECT least(date_trunc('day', clock_timestamp(), 'UTC'), clock_timestamp() - make_interval(secs => $2)))
                  OR (used_at IS NULL AND expires_at > (SELECT clock_timestamp())))`,
    values: [request.sourceId, minuteSeconds],
  });
  const used = counts[0] ?? { minute: 0, day: 0, held: 0, rest_of_day: 0, last: null, budget: null };
  if (used.held > 0) return refused('held', used.held);
  const { perMinute: usual, perDay } = allowanceFor(source.quota, request.purpose);
  const perMinute = within(usual, used.budget, request.count);
  if (used.day + request.count > perDay) return refused('day_quota', used.rest_of_day);
  if (used.minute + request.count > perMinute)
    return refused(
      'minute_quota',
      await secondsUntilFree(connection, source.id, used.minute + request.count - perMinute),
    );
  const { rows } = await connection.query<{ id: string; not_before: Date; expires_at: Date }>({
    name: 'permit-insert',
    text: `INSERT INTO permit (source_id, purpose, run_id, part, attempt, not_before, expires_at)
           SELECT $1, $2, $3, $4, $5, begins, begins + make_interval(secs => $6)
           FROM generate_series(0, $7::int - 1) AS n,
                LATERAL (SELECT greatest(clock_timestamp(), $8::timestamptz + make_interval(secs => $9::float8))
                                + make_interval(secs => n * $9::float8) AS begins) b
           ORDER BY n
           RETURNING id, not_before, expires_at`,
    values: [
      request.sourceId,
      request.purpose,
      request.task?.runId ?? null,
      request.task?.part ?? null,
      request.task?.attempt ?? null,
      lifeSeconds,
      request.count,
      used.last,
      (source.quota.gapMs ?? 0) / 1000,
    ],
  });
  const permits = rows.map((row) => ({
    id: row.id,
    notBefore: row.not_before.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
  return { permits, why: null, retryAfterSeconds: 0 };
}

/**
 * A minute's allowance under a budget that a recovery lowered. A task that is larger than what is left of it still goes,
 * when nothing else of the minute has been used: it could never be done otherwise.
 */
function within(usual: number, budget: number | null, count: number): number {
  return budget === null ? usual : Math.min(usual, Math.max(1, Math.floor(usual * budget), count));
}

/** In how many seconds `wanted` of those used within the minute will have left it. */
async function secondsUntilFree(connection: Connection, sourceId: string, wanted: number): Promise<number> {
  const { rows } = await connection.query<{ seconds: number }>({
    name: 'permit-free',
    text: `SELECT greatest(1, ceil($3 - extract(epoch FROM clock_timestamp() - used_at)))::int AS seconds
           FROM permit WHERE source_id = $1 AND used_at > (SELECT clock_timestamp() - make_interval(secs => $3))
           ORDER BY used_at OFFSET $2::int - 1 LIMIT 1`,
    values: [sourceId, wanted, minuteSeconds],
  });
  return rows[0]?.seconds ?? unknownRetrySeconds;
}

/**
 * Marks a permit used; the call may be made only when this gives `ok`. A permit is good once, and for nothing while the
 * source is held. `not_yet` comes with the seconds to wait.
 */
export async function usePermit(
  connection: Connection,
  permitId: string,
): Promise<{
  ok: boolean;
  why: 'not_yet' | 'expired' | 'used' | 'unknown' | 'held' | null;
  retryAfterSeconds: number;
}> {
  const { rows } = await connection.query<{
    source_id: string;
    used: boolean;
    expired: boolean;
    seconds: number;
    held: number;
  }>({
    name: 'permit-find',
    text: `SELECT p.source_id, p.used_at IS NOT NULL AS used, p.expires_at <= clock_timestamp() AS expired,
                  extract(epoch FROM p.not_before - clock_timestamp())::float8 AS seconds,
                  coalesce(ceil(extract(epoch FROM s.held_until - clock_timestamp())), 0)::int AS held
           FROM permit p LEFT JOIN source_state s USING (source_id) WHERE p.id = $1`,
    values: [permitId],
  });
  const permit = rows[0];
  const no = (why: 'not_yet' | 'expired' | 'used' | 'unknown' | 'held', retryAfterSeconds = 0) =>
    ({ ok: false, why, retryAfterSeconds }) as const;
  if (!permit) return no('unknown');
  if (permit.used) return no('used');
  if (permit.held > 0) return no('held', permit.held);
  if (permit.expired) return no('expired');
  if (permit.seconds > 0) return no('not_yet', permit.seconds);
  const gap = (sourceOf(permit.source_id)?.quota.gapMs ?? 0) / 1000;
  if (gap > 0) {
    // A permit that was used late moves those after it.
    await lockLedger(connection, permit.source_id);
    const { rows: recent } = await connection.query<{ seconds: number }>(
      `SELECT ($2 - extract(epoch FROM clock_timestamp() - max(used_at)))::float8 AS seconds FROM permit
       WHERE source_id = $1 AND used_at > (SELECT clock_timestamp() - make_interval(secs => $2))`,
      [permit.source_id, gap],
    );
    const seconds = recent[0]?.seconds ?? 0;
    if (seconds > 0) return no('not_yet', seconds);
  }
  const { rowCount } = await connection.query({
    name: 'permit-use',
    text: `UPDATE permit SET used_at = clock_timestamp() WHERE id = $1 AND used_at IS NULL AND expires_at > clock_timestamp()`,
    values: [permitId],
  });
  return rowCount ? { ok: true, why: null, retryAfterSeconds: 0 } : no('used');
}

/** No request of the source before so many seconds have passed. A longer hold stays. */
export async function holdSource(connection: Connection, sourceId: string, seconds: number): Promise<Date> {
  const { rows } = await connection.query<{ held_until: Date }>(
    `INSERT INTO source_state AS s (source_id, held_until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
     ON CONFLICT (source_id) DO UPDATE SET held_until = greatest(s.held_until, excluded.held_until)
     RETURNING held_until`,
    [sourceId, seconds],
  );
  return rows[0]?.held_until ?? new Date();
}

export async function lockLedger(connection: Connection, sourceId: string): Promise<void> {
  await connection.query({
    name: 'permit-lock',
    text: `SELECT pg_advisory_xact_lock(hashtextextended('permit:' || $1, 0))`,
    values: [sourceId],
  });
}
