import * as z from 'zod';
import { systemStatuses } from '../../../contracts/words/health-status.ts';
import type { SystemSamples } from '../../../ports/system-samples.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

const sampleRow = z.object({
  at: instant,
  status: z.enum(systemStatuses).catch('unknown'),
  score: z.int().nullable(),
  lowest: z.int().nullable(),
});

/** The history of the system score in Postgres. */
export function systemSamples(pool: Pool): SystemSamples {
  return {
    async keep({ status, score }, now) {
      await pool.query({
        name: 'keep-system-sample',
        text: `INSERT INTO system_health_sample AS kept (hour, status, worst, score, samples, score_sum, score_least)
               VALUES (date_trunc('hour', $1::timestamptz, 'UTC'), $2, $2, $3, CASE WHEN $3::int IS NULL THEN 0 ELSE 1 END,
                       coalesce($3, 0), $3)
               ON CONFLICT (hour) DO UPDATE
                 SET status = excluded.status, score = excluded.score, samples = kept.samples + excluded.samples,
                     score_sum = kept.score_sum + excluded.score_sum,
                     score_least = least(kept.score_least, excluded.score_least),
                     worst = CASE WHEN array_position($4::text[], excluded.status) < coalesce(array_position($4::text[], kept.worst), 99)
                                  THEN excluded.status ELSE kept.worst END`,
        values: [now, status, score, [...systemStatuses]],
      });
    },

    async hours(from, to = null) {
      const result = await pool.query({
        name: 'system-hours',
        text: `SELECT hour AS at, status, score, score_least AS lowest
               FROM system_health_sample WHERE hour >= $1 AND ($2::timestamptz IS NULL OR hour < $2)
               ORDER BY hour LIMIT 10000`,
        values: [from, to],
      });
      return rowsOf(sampleRow, result);
    },

    async days(from, to = null) {
      const result = await pool.query({
        name: 'system-days',
        text: `SELECT date_trunc('day', hour, 'UTC') AS at,
                      ($3::text[])[min(array_position($3::text[], worst))] AS status,
                      round(sum(score_sum)::numeric / nullif(sum(samples), 0))::int AS score, min(score_least) AS lowest
               FROM system_health_sample
               WHERE hour >= date_trunc('day', $1::timestamptz, 'UTC') AND ($2::timestamptz IS NULL OR hour < $2)
               GROUP BY 1 ORDER BY 1 LIMIT 10000`,
        values: [from, to, [...systemStatuses]],
      });
      return rowsOf(sampleRow, result);
    },
  };
}
