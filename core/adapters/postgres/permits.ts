import type { Permit } from '../../contracts/state.ts';
import { sourceOf } from '../../sources/catalogue.ts';
import type { Connection } from './pool.ts';

/** How long a reserved permit may wait to be used. Long enough for a cold start and a login before the first call. */
const lifeSeconds = 120;

export interface PermitRequest {
  readonly sourceId: string;
  readonly count: number;
  readonly purpose: string;
  readonly task?: { readonly runId: string; readonly part: number; readonly attempt: number };
}

/**
 * Reserves `count` permits or none. Runs in the caller's transaction, under a lock per source, so that concurrent
 * workers together never reserve more than the catalogue's quota: used in this minute + live and unused ≤ per minute,
 * and the same for the UTC day. The database's clock decides.
 */
export async function reservePermits(
  connection: Connection,
  request: PermitRequest,
): Promise<{ permits: Permit[]; why: 'minute_quota' | 'day_quota' | null; retryAfterSeconds: number }> {
  const source = sourceOf(request.sourceId);
  if (!source) return { permits: [], why: 'day_quota', retryAfterSeconds: 0 };
  await connection.query(`SELECT pg_advisory_xact_lock(hashtextextended('permit:' || $1, 0))`, [request.sourceId]);
  const { rows: counts } = await connection.query<{ minute: number; day: number; rest: number }>({
    name: 'permit-counts',
    text: `SELECT count(*) FILTER (WHERE used_at IS NULL OR used_at >= date_trunc('minute', clock_timestamp()))::int AS minute,
                  count(*)::int AS day,
                  ceil(60 - extract(second FROM clock_timestamp()))::int AS rest
           FROM permit
           WHERE source_id = $1
             AND (used_at >= date_trunc('day', clock_timestamp(), 'UTC') OR (used_at IS NULL AND expires_at > clock_timestamp()))`,
    values: [request.sourceId],
  });
  const used = counts[0] ?? { minute: 0, day: 0, rest: 60 };
  if (used.day + request.count > source.quota.perDay) return { permits: [], why: 'day_quota', retryAfterSeconds: 0 };
  if (used.minute + request.count > source.quota.perMinute) {
    return { permits: [], why: 'minute_quota', retryAfterSeconds: used.rest };
  }
  const { rows } = await connection.query<{ id: string; not_before: Date; expires_at: Date }>({
    name: 'permit-insert',
    text: `INSERT INTO permit (source_id, purpose, run_id, part, attempt, not_before, expires_at)
           SELECT $1, $2, $3, $4, $5, clock_timestamp(), clock_timestamp() + make_interval(secs => $6)
           FROM generate_series(1, $7::int)
           RETURNING id, not_before, expires_at`,
    values: [
      request.sourceId,
      request.purpose,
      request.task?.runId ?? null,
      request.task?.part ?? null,
      request.task?.attempt ?? null,
      lifeSeconds,
      request.count,
    ],
  });
  const permits = rows.map((row) => ({
    id: row.id,
    notBefore: row.not_before.toISOString(),
    expiresAt: row.expires_at.toISOString(),
  }));
  return { permits, why: null, retryAfterSeconds: 0 };
}

/** Marks a permit used; the call may be made only when this gives `ok`. A permit is good once. */
export async function usePermit(
  connection: Connection,
  permitId: string,
): Promise<{ ok: boolean; why: 'not_yet' | 'expired' | 'used' | 'unknown' | null }> {
  const { rowCount } = await connection.query(
    `UPDATE permit SET used_at = clock_timestamp()
     WHERE id = $1 AND used_at IS NULL AND not_before <= clock_timestamp() AND expires_at > clock_timestamp()`,
    [permitId],
  );
  if (rowCount) return { ok: true, why: null };
  const { rows } = await connection.query<{ why: 'not_yet' | 'expired' | 'used' }>(
    `SELECT CASE WHEN used_at IS NOT NULL THEN 'used' WHEN expires_at <= clock_timestamp() THEN 'expired' ELSE 'not_yet' END AS why
     FROM permit WHERE id = $1`,
    [permitId],
  );
  return { ok: false, why: rows[0]?.why ?? 'unknown' };
}
