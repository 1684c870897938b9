/**
 * The ledger of upstream requests: a row for each permit. What it holds is counted here and decided in
 * `core/planning/permits.ts`. A permit is written as used when it is taken; an attempt that dies leaves it used.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { Permit, StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { PermitPurpose } from '../../../contracts/words/permit-purposes.ts';
import {
  countedFrom,
  decidePermits,
  type LedgerFacts,
  type PermitRefusal,
  type PermitTimes,
} from '../../../planning/permits.ts';
import { sourceOf } from '../../../sources/catalogue.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { msOf } from '../database/instant.ts';
import type { Connection, Pool } from '../database/pool.ts';

/** The attempt that permits are for. */
export interface AttemptKey {
  readonly runId: string;
  readonly part: number;
  readonly attempt: number;
}

type Take = Extract<StateRequest, { op: 'takePermits' }>;

/**
 * Takes `count` permits or none, in the caller's transaction, under a lock per source: concurrent workers together never
 * have more than the source's quota. Each is used with that; a call with it may begin from `notBefore` until `expiresAt`.
 */
export async function takePermits(
  connection: Connection,
  { sourceId, count, purpose, task }: Omit<Take, 'op'>,
): Promise<StateResponses['takePermits']> {
  const source = sourceOf(sourceId);
  if (!source) return { permits: [], why: 'day_quota', retryAfterSeconds: 0 };
  const now = await lockLedger(connection, sourceId);
  const facts = await readLedger(connection, sourceId, now, task);
  const decision = decidePermits(facts, source.quota, { purpose, count });
  if (!decision.granted) return { permits: [], why: decision.why, retryAfterSeconds: decision.retryAfterSeconds };
  // Before the permits are written and counted: who moves those of a wrong clock locks rows in this order too.
  if (task && facts.promisedToAttempt > 0)
    await connection.query({
      name: 'permit-promise-kept',
      text: `UPDATE permit SET promised = greatest(0, promised - $4)
             WHERE run_id = $1 AND part = $2 AND attempt = $3 AND promised > 0`,
      values: [task.runId, task.part, task.attempt, count],
    });
  const permits = await writePermits(connection, { sourceId, purpose, task, now, times: decision.permits });
  return { permits, why: null, retryAfterSeconds: 0 };
}

/**
 * Why `count` permits could not be taken now, and in how many seconds it is worth another try; `null` when they could.
 * Takes none and waits for nobody, so another worker may be quicker.
 */
export async function permitsRefused(
  db: Pool | Connection,
  { sourceId, count, purpose }: Pick<Take, 'sourceId' | 'count' | 'purpose'>,
): Promise<{ why: PermitRefusal; retryAfterSeconds: number } | null> {
  const source = sourceOf(sourceId);
  if (!source) return { why: 'day_quota', retryAfterSeconds: 0 };
  const { rows } = await db.query(`SELECT ${msOf('clock_timestamp()')} AS now`);
  const { now } = clockRow.parse(rows[0]);
  const decision = decidePermits(await readLedger(db, sourceId, now), source.quota, { purpose, count });
  return decision.granted ? null : { why: decision.why, retryAfterSeconds: decision.retryAfterSeconds };
}

const clockRow = z.object({ now: z.number().transform(Math.floor) });

/** Locks a source's ledger until the transaction ends. Gives the time once it is locked, in milliseconds since the epoch. */
export async function lockLedger(connection: Connection, sourceId: string): Promise<number> {
  const { rows } = await connection.query({
    name: 'permit-lock',
    text: `WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(hashtextextended('permit:' || $1, 0)))
           SELECT ${msOf('clock_timestamp()')} AS now FROM locked`,
    values: [sourceId],
  });
  return clockRow.parse(rows[0]).now;
}

/**
 * SQL for the permits of a source that count against the day of UTC of an instant, and later ones: as the triggers of
 * `permit` have counted them.
 */
export const usedSince = (sourceId: string, instant: string) =>
  `(SELECT coalesce(sum(used), 0)::int FROM permit_day
    WHERE source_id = ${sourceId} AND day >= date_trunc('day', ${instant}::timestamptz, 'UTC'))`;

const ledgerRow = z.object({
  minuteUses: z.array(z.number()),
  usedToday: z.int(),
  reserved: z.int(),
  promised: z.int(),
  promisedToAttempt: z.int(),
  lastBegin: z.number().nullable(),
  heldUntil: z.number().nullable(),
  budgetFactor: z.number().nullable(),
  budgetUntil: z.number().nullable(),
});

/** What the ledger holds of a source at `now`. */
export async function readLedger(
  db: Pool | Connection,
  sourceId: string,
  now: number,
  task?: AttemptKey,
): Promise<LedgerFacts> {
  const from = countedFrom(now);
  const { rows } = await db.query({
    name: 'permit-facts',
    // The day is counted already; beside it, in the index alone, those of just before it, without those of a clock that was
    // ahead. Only the minute's rows are read.
    text: `SELECT p.*, d.*, r.*, ${msOf('greatest(l.used_at, r.last_reserved, p.last_begin)')} AS "lastBegin",
                  ${msOf('s.held_until')} AS "heldUntil", s.budget_factor AS "budgetFactor", ${msOf('s.budget_until')} AS "budgetUntil"
           FROM (SELECT coalesce(array_agg(${msOf('used_at')} ORDER BY used_at), '{}') AS "minuteUses",
                        coalesce(sum(promised), 0)::int AS promised,
                        coalesce(sum(promised) FILTER (WHERE run_id = $5 AND part = $6 AND attempt = $7), 0)::int AS "promisedToAttempt",
                        max(not_before) AS last_begin
                 FROM permit WHERE source_id = $1 AND used_at > $3 AND used_at <= $8) p
           CROSS JOIN (SELECT ${usedSince('$1', '$9')}
                         + (SELECT count(*)::int FROM permit WHERE source_id = $1 AND used_at >= $4 AND used_at < $9)
                         - (SELECT count(*)::int FROM permit WHERE source_id = $1 AND used_at > $8) AS "usedToday") d
           CROSS JOIN (SELECT count(*)::int AS reserved, max(not_before) AS last_reserved FROM permit
                       WHERE source_id = $1 AND used_at IS NULL AND expires_at > $2) r
           LEFT JOIN LATERAL (SELECT used_at FROM permit WHERE source_id = $1 AND used_at >= least($3::timestamptz, $4::timestamptz)
                                AND used_at <= $8 ORDER BY used_at DESC LIMIT 1) l ON true
           LEFT JOIN source_state s ON s.source_id = $1`,
    values: [
      sourceId,
      new Date(now),
      new Date(from.minute),
      new Date(from.day),
      task?.runId ?? null,
      task?.part ?? null,
      task?.attempt ?? null,
      new Date(from.latest),
      new Date(from.midnight),
    ],
  });
  const { budgetFactor, budgetUntil, ...facts } = ledgerRow.parse(rows[0]);
  const budget = budgetFactor === null || budgetUntil === null ? null : { factor: budgetFactor, until: budgetUntil };
  return { ...facts, now, budget };
}

/** Writes permits as used from when they begin, and with the first one what its attempt is promised beside it. */
export async function writePermits(
  connection: Connection,
  of: {
    sourceId: string;
    purpose: PermitPurpose;
    task?: AttemptKey | undefined;
    now: number;
    times: readonly PermitTimes[];
    promised?: number;
  },
): Promise<Permit[]> {
  const { sourceId, purpose, task, times, promised = 0 } = of;
  const permits = times.map(({ notBefore, expiresAt }) => ({
    id: randomUUID(),
    takenAt: new Date(of.now).toISOString(),
    notBefore: new Date(notBefore).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  }));
  await connection.query({
    name: 'permit-take',
    text: `INSERT INTO permit (id, source_id, purpose, run_id, part, attempt, not_before, used_at, expires_at, promised)
           SELECT id, $1, $2, $3, $4, $5, not_before, not_before, expires_at, promised
           FROM unnest($6::uuid[], $7::timestamptz[], $8::timestamptz[], $9::int[]) AS t (id, not_before, expires_at, promised)`,
    values: [
      sourceId,
      purpose,
      task?.runId ?? null,
      task?.part ?? null,
      task?.attempt ?? null,
      texts(permits.map(({ id }) => id)),
      texts(permits.map(({ notBefore }) => notBefore)),
      texts(permits.map(({ expiresAt }) => expiresAt)),
      numbers(permits.map((_, place) => (place === 0 ? promised : 0))),
    ],
  });
  return permits;
}

const permitRow = z.object({
  used: z.boolean(),
  expired: z.boolean(),
  seconds: z.number(),
  held: z.int(),
});

/**
 * For scrapers and proxies of the former release, which mark each permit as used before its call. Theirs are taken
 * already, but for those that the former `state` reserved.
 */
export async function usePermit(connection: Connection, permitId: string): Promise<StateResponses['usePermit']> {
  const { rows } = await connection.query(
    `SELECT p.used_at IS NOT NULL AS used, p.expires_at <= clock_timestamp() AS expired,
            extract(epoch FROM p.not_before - clock_timestamp())::float8 AS seconds,
            greatest(0, coalesce(ceil(extract(epoch FROM s.held_until - clock_timestamp())), 0))::int AS held
     FROM permit p LEFT JOIN source_state s USING (source_id) WHERE p.id = $1`,
    [permitId],
  );
  if (rows.length === 0) return { ok: false, why: 'unknown', retryAfterSeconds: 0 };
  const { used, expired, seconds, held } = permitRow.parse(rows[0]);
  if (held > 0) return { ok: false, why: 'held', retryAfterSeconds: held };
  if (expired) return { ok: false, why: 'expired', retryAfterSeconds: 0 };
  if (seconds > 0) return { ok: false, why: 'not_yet', retryAfterSeconds: seconds };
  if (!used) await connection.query('UPDATE permit SET used_at = clock_timestamp() WHERE id = $1', [permitId]);
  return { ok: true, why: null, retryAfterSeconds: 0 };
}

const holdRow = z.object({ until: z.date() });

/** Keeps all workers from requests of a source for so many seconds. A longer hold stays. Gives its end. */
export async function holdSource(connection: Connection, sourceId: string, seconds: number): Promise<Date> {
  const { rows } = await connection.query(
    `INSERT INTO source_state AS s (source_id, held_until) VALUES ($1, clock_timestamp() + make_interval(secs => $2))
     ON CONFLICT (source_id) DO UPDATE SET held_until = greatest(s.held_until, excluded.held_until)
     RETURNING held_until AS until`,
    [sourceId, seconds],
  );
  return holdRow.parse(rows[0]).until;
}
