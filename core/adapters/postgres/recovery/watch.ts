import * as z from 'zod';
import { recoveryStatuses, recoveryStepSchema } from '../../../contracts/http/recovery.ts';
import { healthStatuses } from '../../../contracts/words/health-status.ts';
import type { RecoveryWatch } from '../../../ports/recovery-store.ts';
import { mostADay, type PastRecovery, type RecoveryFacts } from '../../../recovery/due.ts';
import { usesOtherSelectors } from '../../../recovery/healed-by.ts';
import { heldFor, holdsAfterMs } from '../../../recovery/held.ts';
import { abandoned } from '../../../recovery/recovery.ts';
import { abandonedAfterSeconds, beginsWithinSeconds } from '../../../recovery/timing.ts';
import { inTransaction, type Pool } from '../database/pool.ts';
import { isPausedAt } from '../database/switches.ts';
import { isLoginHeldAt } from '../sources/logins.ts';
import { finish } from './progress.ts';
import { changeSelectors } from './repairs.ts';

/** As far back as the spacing looks: beyond it, it is at its longest anyway. */
const mostPast = 2 * mostADay;

const idRow = z.object({ id: z.uuid() });
const abandonedRow = z.object({
  id: z.uuid(),
  source_id: z.string(),
  begun: z.boolean(),
  steps: z.array(recoveryStepSchema),
});
const verifiedRow = z.object({
  id: z.uuid(),
  source_id: z.string(),
  finished_at: z.date(),
  opened: z.array(z.date()),
});
const factsRow = z
  .object({
    source_id: z.string(),
    status: z.enum(healthStatuses).catch('unknown'),
    failures: z.int(),
    paused: z.boolean(),
    unlocked: z.boolean(),
    login_held: z.boolean(),
    incidents: z.int(),
    held_until: z.date().nullable(),
  })
  .transform((row) => ({
    sourceId: row.source_id,
    status: row.status,
    failuresInARow: row.failures,
    paused: row.paused,
    locked: !row.unlocked,
    loginHeld: row.login_held,
    openIncidents: row.incidents,
    heldUntil: row.held_until?.getTime() ?? null,
  }));
const pastRow = z
  .object({
    source_id: z.string(),
    trigger: z.enum(['automatic', 'manual']),
    status: z.enum(recoveryStatuses),
    requested_at: z.date(),
    finished_at: z.date().nullable(),
  })
  .transform((row): { sourceId: string; recovery: PastRecovery } => ({
    sourceId: row.source_id,
    recovery: {
      trigger: row.trigger,
      status: row.status,
      requestedAt: row.requested_at.getTime(),
      finishedAt: row.finished_at?.getTime() ?? null,
    },
  }));

export function recoveryWatch(pool: Pool): RecoveryWatch {
  return {
    async pending() {
      const { rows } = await pool.query(`SELECT id FROM recovery WHERE finished_at IS NULL AND status = 'pending'`);
      return rows.map((row) => idRow.parse(row).id);
    },

    endAbandoned: (now) =>
      inTransaction(pool, async (db) => {
        const { rows } = await db.query(
          `SELECT id, source_id, steps, started_at IS NOT NULL AS begun FROM recovery
           WHERE finished_at IS NULL
             AND coalesce(deadline_at + make_interval(secs => $1), requested_at + make_interval(secs => $2)) < clock_timestamp()
           FOR UPDATE SKIP LOCKED`,
          [abandonedAfterSeconds, beginsWithinSeconds],
        );
        const left = rows.map((row) => abandonedRow.parse(row));
        for (const { id, begun, steps, source_id: sourceId } of left) {
          const failure = abandoned({ begun });
          if (usesOtherSelectors({ steps })) await changeSelectors(db, sourceId);
          await finish(db, id, { status: 'failed', step: null, failure, message: failure.message }, now);
        }
        return left.map((each) => each.source_id);
      }),

    noteHeld: (now) =>
      inTransaction(pool, async (db) => {
        const { rows } = await db.query(
          `SELECT r.id, r.source_id, r.finished_at,
                  ARRAY(SELECT i.opened_at FROM incident i WHERE i.source_id = r.source_id AND i.opened_at > r.finished_at
                        AND i.opened_at <= r.finished_at + make_interval(secs => $1)) AS opened
           FROM recovery r WHERE r.status = 'verified' AND r.held IS NULL FOR UPDATE OF r SKIP LOCKED`,
          [holdsAfterMs / 1000],
        );
        const broken: string[] = [];
        for (const row of rows.map((each) => verifiedRow.parse(each))) {
          const opened = row.opened.map((at) => at.getTime());
          const held = heldFor(row.finished_at.getTime(), opened, now.getTime());
          if (held === null) continue;
          await db.query('UPDATE recovery SET held = $2 WHERE id = $1', [row.id, held]);
          if (!held) broken.push(row.source_id);
        }
        return broken;
      }),

    async facts(ids, now) {
      const sources = await pool.query(
        `SELECT s.source_id, coalesce(h.status, 'unknown') AS status, coalesce(c.is_set, false) AS unlocked, st.held_until,
                coalesce(${isLoginHeldAt('c', '$2')}, false) AS login_held,
                ${isPausedAt('st', '$2')} AS paused,
                (SELECT count(*)::int FROM incident i WHERE i.source_id = s.source_id AND i.resolved_at IS NULL) AS incidents,
                -- Of those that nothing has succeeded against since.
                coalesce((SELECT sum(i.count)::int FROM incident i WHERE i.source_id = s.source_id
                          AND i.resolved_at IS NULL AND i.successes = 0), 0) AS failures
         FROM unnest($1::text[]) AS s (source_id)
         LEFT JOIN source_health h USING (source_id)
         LEFT JOIN source_state st USING (source_id)
         LEFT JOIN source_credentials c USING (source_id)`,
        [ids, now],
      );
      const before = await pool.query(
        `SELECT newest.* FROM unnest($1::text[]) AS s (id)
         CROSS JOIN LATERAL (SELECT source_id, trigger, status, requested_at, finished_at FROM recovery
                             WHERE source_id = s.id ORDER BY requested_at DESC LIMIT $2) newest
         ORDER BY source_id, requested_at DESC`,
        [ids, mostPast],
      );
      const pastOf = Map.groupBy(
        before.rows.map((row) => pastRow.parse(row)),
        (each) => each.sourceId,
      );
      return new Map(
        sources.rows.map((row): [string, RecoveryFacts] => {
          const { sourceId, ...known } = factsRow.parse(row);
          return [sourceId, { ...known, past: (pastOf.get(sourceId) ?? []).map(({ recovery }) => recovery) }];
        }),
      );
    },
  };
}
