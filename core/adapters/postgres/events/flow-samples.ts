import * as z from 'zod';
import type { FlowSamples } from '../../../ports/flow-samples.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';

/** A batch is counted in the minute in which it began, and may be stored minutes later. */
const countedAgainMinutes = 10;

const sampleRow = z.object({
  at: instant,
  batches: z.int(),
  rows: z.coerce.number(),
  waiting: z.int().nullable(),
  oldestSeconds: z.number().nullable(),
});

/** The flow of rows in and of events out in Postgres. */
export function flowSamples(pool: Pool): FlowSamples {
  return {
    async keep({ waiting, seconds }, now) {
      await pool.query({
        name: 'keep-flow-sample',
        text: `
          WITH minutes AS (
            SELECT minute FROM generate_series(
              date_trunc('minute', $1::timestamptz) - make_interval(mins => ${countedAgainMinutes}),
              date_trunc('minute', $1::timestamptz), interval '1 minute') AS minute
          ), stored AS (
            SELECT date_trunc('minute', ingested_at) AS minute, count(*)::int AS batches, sum(written) AS rows
            FROM batch
            WHERE ingested_at >= date_trunc('minute', $1::timestamptz) - make_interval(mins => ${countedAgainMinutes})
              AND ingested_at < date_trunc('minute', $1::timestamptz) + interval '1 minute'
            GROUP BY 1
          )
          INSERT INTO flow_sample AS kept (minute, batches, rows, waiting, waiting_seconds)
          SELECT minute, coalesce(batches, 0), coalesce(rows, 0),
                 CASE WHEN minute = date_trunc('minute', $1::timestamptz) THEN $2::int END,
                 CASE WHEN minute = date_trunc('minute', $1::timestamptz) THEN $3::float8 END
          FROM minutes LEFT JOIN stored USING (minute)
          ON CONFLICT (minute) DO UPDATE
            SET batches = excluded.batches, rows = excluded.rows, waiting = coalesce(excluded.waiting, kept.waiting),
                waiting_seconds = coalesce(excluded.waiting_seconds, kept.waiting_seconds)
            WHERE (kept.batches, kept.rows) <> (excluded.batches, excluded.rows) OR excluded.waiting IS NOT NULL`,
        values: [now, waiting, seconds],
      });
    },

    async between(by, from, to) {
      const found = await pool.query({
        name: by === 'hour' ? 'flow-by-hour' : 'flow-by-minute',
        text:
          by === 'hour'
            ? `SELECT date_trunc('hour', minute, 'UTC') AS at, sum(batches)::int AS batches, sum(rows)::text AS rows,
                      max(waiting) AS waiting, max(waiting_seconds) AS "oldestSeconds"
               FROM flow_sample
               WHERE minute >= date_trunc('hour', $1::timestamptz, 'UTC') AND ($2::timestamptz IS NULL OR minute < $2)
               GROUP BY 1 ORDER BY 1 LIMIT 10000`
            : `SELECT minute AS at, batches, rows::text AS rows, waiting, waiting_seconds AS "oldestSeconds"
               FROM flow_sample WHERE minute >= $1 AND ($2::timestamptz IS NULL OR minute < $2)
               ORDER BY minute LIMIT 10000`,
        values: [from, to],
      });
      return rowsOf(sampleRow, found);
    },
  };
}
