import * as z from 'zod';
import { recoveryStatuses } from '../../../contracts/http/recovery.ts';
import { healthStatuses } from '../../../contracts/words/health-status.ts';
import { heldFor, holdsAfterMs, mostADay, type PastRecovery, type RecoveryFacts } from '../../../recovery/due.ts';
import { inTransaction, type Pool } from '../database/pool.ts';

const facts = z.object({
  source_id: z.string(),
  status: z.enum(healthStatuses).catch('unknown'),
  failures: z.int(),
  paused: z.boolean(),
  unlocked: z.boolean(),
  incidents: z.int(),
  held_until: z.date().nullable(),
});
const past = z.object({
  source_id: z.string(),
  trigger: z.enum(['automatic', 'manual']),
  status: z.enum(recoveryStatuses),
  requested_at: z.date(),
  finished_at: z.date().nullable(),
});

/** As far back as the spacing looks: beyond it, it is at its longest anyway. */
const mostPast = 2 * mostADay;

export type RecoveryCandidates = ReturnType<typeof recoveryCandidates>;

/** What automatic recoveries are decided by, and whether those of the past held. */
export function recoveryCandidates(pool: Pool) {
  return {
    /** What is known of some sources at `now`. Without regard to whether they need credentials: `locked` says that none are set. */
    async facts(ids: readonly string[], now: Date): Promise<ReadonlyMap<string, RecoveryFacts>> {
      const sources = await pool.query(
        `SELECT s.source_id, coalesce(h.status, 'unknown') AS status, coalesce(c.is_set, false) AS unlocked, st.held_until,
                coalesce(st.paused AND (st.paused_until IS NULL OR st.paused_until > $2), false) AS paused,
                (SELECT count(*)::int FROM incident i WHERE i.source_id = s.source_id AND i.resolved_at IS NULL) AS incidents,
                -- What was seen of those that nothing has succeeded against since.
                coalesce((SELECT sum(i.count)::int FROM incident i WHERE i.source_id = s.source_id
                          AND i.resolved_at IS NULL AND i.successes = 0), 0) AS failures
         FROM unnest($1::text[]) AS s (source_id)
         LEFT JOIN source_health h USING (source_id)
         LEFT JOIN source_state st USING (source_id)
         LEFT JOIN source_credentials c USING (source_id)`,
        [ids, now],
      );
      const before = await pool.query(
        `SELECT source_id, trigger, status, requested_at, finished_at FROM (
           SELECT *, row_number() OVER (PARTITION BY source_id ORDER BY requested_at DESC) AS place FROM recovery
           WHERE source_id = ANY ($1::text[])) newest
         WHERE place <= $2 ORDER BY source_id, place`,
        [ids, mostPast],
      );
      const pastOf = Map.groupBy(
        before.rows.map((each) => past.parse(each)),
        (each) => each.source_id,
      );
      return new Map(
        sources.rows.map((each) => {
          const row = facts.parse(each);
          return [
            row.source_id,
            {
              status: row.status,
              failuresInARow: row.failures,
              paused: row.paused,
              locked: !row.unlocked,
              openIncidents: row.incidents,
              heldUntil: row.held_until?.getTime() ?? null,
              past: (pastOf.get(row.source_id) ?? []).map(
                (each): PastRecovery => ({
                  trigger: each.trigger,
                  status: each.status,
                  requestedAt: each.requested_at.getTime(),
                  finishedAt: each.finished_at?.getTime() ?? null,
                }),
              ),
            },
          ];
        }),
      );
    },

    /** Notes of verified recoveries whether they held, as far as that is known at `now`. Gives those that did not. */
    trackHeld: (now: Date): Promise<string[]> =>
      inTransaction(pool, async (db) => {
        const { rows } = await db.query<{ id: string; source_id: string; finished_at: Date; opened: Date[] }>(
          `SELECT r.id, r.source_id, r.finished_at,
                  ARRAY(SELECT i.opened_at FROM incident i WHERE i.source_id = r.source_id AND i.opened_at > r.finished_at
                        AND i.opened_at <= r.finished_at + make_interval(secs => $1)) AS opened
           FROM recovery r WHERE r.status = 'verified' AND r.held IS NULL FOR UPDATE OF r SKIP LOCKED`,
          [holdsAfterMs / 1000],
        );
        const broken: string[] = [];
        for (const { id, source_id, finished_at, opened } of rows) {
          const held = heldFor(
            finished_at.getTime(),
            opened.map((at) => at.getTime()),
            now.getTime(),
          );
          if (held === null) continue;
          await db.query('UPDATE recovery SET held = $2 WHERE id = $1', [id, held]);
          if (!held) broken.push(source_id);
        }
        return broken;
      }),
  };
}
