import * as z from 'zod';
import { runReasons } from '../../../contracts/words/run-reasons.ts';
import type { FailedRun, WatchedSlot, WatchedTask } from '../../../planning/plan.ts';
import type { Connection } from '../database/pool.ts';
import { usedSince } from './permits.ts';

const row = z.object({
  source_id: z.string(),
  job: z.string(),
  watched_slot: z.date(),
  id: z.uuid(),
  retry: z.string().nullable(),
  own: z.boolean(),
  symbols: z.array(z.string()),
  ok: z.boolean(),
  reason: z.enum(runReasons).nullable().catch('unexplained'),
  finished_at: z.date().nullable(),
  used_today: z.int(),
});

/**
 * The runs of some slots that failed, in whole or in part, with what was asked for of the same job since. The first cycle
 * after a start stands for the slots before it. A run that has parts under way is not among them yet.
 */
export async function failedRuns(db: Connection, watched: readonly WatchedSlot[], now: Date): Promise<FailedRun[]> {
  if (watched.length === 0) return [];
  const slots = watched.map(({ slot }) => new Date(slot));
  const { rows } = await db.query({
    name: 'failed-runs',
    text: `WITH failed AS MATERIALIZED (
             SELECT w.source_id, w.job, w.due_at AS watched_slot, b.id, b.due_at
             FROM unnest($1::text[], $2::text[], $3::timestamptz[], $4::text[]) AS w (source_id, job, due_at, slot)
             CROSS JOIN LATERAL (
               SELECT id, due_at FROM (
                 SELECT id, due_at FROM run
                 WHERE source_id = w.source_id AND job = w.job AND trigger = 'schedule' AND slot = w.slot
                 UNION ALL
                 SELECT id, due_at FROM run
                 WHERE source_id = w.source_id AND job = w.job AND trigger = 'first_cycle' AND due_at > w.due_at
               ) r ORDER BY due_at DESC LIMIT 1) b
             WHERE EXISTS (SELECT FROM task t WHERE t.run_id = b.id AND t.status = 'failed')
               AND NOT EXISTS (SELECT FROM task t WHERE t.run_id = b.id AND t.finished_at IS NULL)
           )
           SELECT f.source_id, f.job, f.watched_slot, f.id, r.id = f.id AS own, t.symbols, t.status = 'succeeded' AS ok,
                  t.reason, t.finished_at, CASE WHEN starts_with(r.slot, f.id || '/') THEN r.slot END AS retry,
                  u.used_today
           FROM failed f
           -- Read once for each source, and not for each of its tasks.
           JOIN (SELECT source_id, ${usedSince('s.source_id', '$5')} AS used_today FROM (SELECT DISTINCT source_id FROM failed) s) u USING (source_id)
           JOIN run r ON r.source_id = f.source_id AND r.job = f.job AND r.due_at >= f.due_at
                     AND (r.id = f.id OR r.trigger IN ('manual', 'retry'))
           JOIN task t ON t.run_id = r.id
           ORDER BY t.finished_at NULLS LAST`,
    values: [
      watched.map(({ sourceId }) => sourceId),
      watched.map(({ job }) => job),
      slots,
      slots.map((slot) => slot.toISOString()),
      now,
    ],
  });
  const tasks = rows.map((each) => row.parse(each));
  return [...Map.groupBy(tasks, (task) => `${task.id} ${task.watched_slot.getTime()}`).values()].flatMap((of) => {
    const [first] = of;
    if (!first) return [];
    return {
      sourceId: first.source_id,
      job: first.job,
      slot: first.watched_slot.getTime(),
      runId: first.id,
      retries: new Set(of.flatMap((task) => task.retry ?? [])).size,
      tasks: of.map(watchedTask),
      usedToday: first.used_today,
    };
  });
}

function watchedTask({ own, symbols, ok, reason, finished_at }: z.infer<typeof row>): WatchedTask {
  return { own, symbols, ok, reason, endedAt: finished_at?.getTime() ?? null };
}
