import * as z from 'zod';
import type { CoverageQuestions } from '../../../coverage/series.ts';
import type { BarInterval } from '../../../market/bar.ts';
import { earliestTime } from '../../../prices/thresholds.ts';
import { texts } from '../database/array-literal.ts';
import type { Pool } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';

const heldRow = z.object({ source: z.string(), symbol: z.string(), day: z.string() });

const latestTime = Date.UTC(9999, 0, 1);

/* As the index `quarantine_of_days` has them: a row has what a source said, and some of it is no day and no time. */
const dateOfRow = `left(q.row->>'date', 10) COLLATE "C"`;
const startOfRow = `CASE WHEN jsonb_typeof(q.row->'startsAt') = 'number' THEN
  CASE WHEN (q.row->'startsAt')::numeric BETWEEN ${earliestTime} AND ${latestTime} THEN (q.row->'startsAt')::float8 END END`;
const ofSeries = (series: string) => `q.resolved_at IS NULL AND left(q.row->>'interval', 8) IS NOT NULL
  AND q.source_id = ${series}.source AND q.symbol = ${series}.symbol AND left(q.row->>'interval', 8) = $6`;

/** The row that comes first by its date, or where it has none by its start: in the order of the index, so that it is one step. */
const firstDate = (series: string, condition: string) =>
  `(SELECT ${dateOfRow} AS day FROM quarantine q WHERE ${ofSeries(series)} AND ${dateOfRow} ${condition}
    AND ${dateOfRow} <= ${series}.last_date ORDER BY ${dateOfRow} LIMIT 1)`;
const firstStart = (series: string, from: string) =>
  `(SELECT ${startOfRow} AS at FROM quarantine q WHERE ${ofSeries(series)} AND (${dateOfRow}) IS NULL
    AND ${startOfRow} >= ${from} AND ${startOfRow} < ${series}.ends ORDER BY ${dateOfRow}, ${startOfRow} LIMIT 1)`;
const dayAt = (at: string, zone: string) => `(to_timestamp(${at} / 1000) AT TIME ZONE ${zone})::date`;
const startOf = (day: string, zone: string) =>
  `(extract(epoch FROM (${day})::timestamp AT TIME ZONE ${zone}) * 1000)::float8`;

/**
 * The days of rows in quarantine, of some series of one interval. Goes from one day to the next by the index: thousands of
 * rows of one day are one step. Sessions that begin on the evening before are asked for with a day more on each side.
 */
export async function heldDays(pool: Pool, interval: BarInterval, series: CoverageQuestions['named']) {
  const result = await pool.query({
    name: 'coverage-held-days',
    text: `WITH RECURSIVE asked AS (
             SELECT source, symbol, zone, (from_day - 1)::text COLLATE "C" AS first_date, (to_day + 1)::text COLLATE "C" AS last_date,
                    ${startOf('from_day - 1', 'zone')} AS begins, ${startOf('to_day + 2', 'zone')} AS ends
             FROM unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::date[]) AS s (source, symbol, zone, from_day, to_day)
           ), dated AS (
             SELECT a.source, a.symbol, a.last_date, n.day FROM asked a CROSS JOIN LATERAL ${firstDate('a', '>= a.first_date')} n
             UNION ALL
             SELECT d.source, d.symbol, d.last_date, n.day FROM dated d CROSS JOIN LATERAL ${firstDate('d', '> d.day')} n
           ), timed AS (
             SELECT a.source, a.symbol, a.zone, a.ends, n.at FROM asked a CROSS JOIN LATERAL ${firstStart('a', 'a.begins')} n
             UNION ALL
             SELECT t.source, t.symbol, t.zone, t.ends, n.at
             FROM timed t CROSS JOIN LATERAL ${firstStart('t', startOf(`${dayAt('t.at', 't.zone')} + 1`, 't.zone'))} n
           )
           SELECT source, symbol, day FROM dated
           UNION ALL
           SELECT source, symbol, ${dayAt('at', 'zone')}::text FROM timed`,
    values: [
      texts(series.map(({ source }) => source)),
      texts(series.map(({ symbol }) => symbol)),
      texts(series.map(({ zone }) => zone)),
      texts(series.map(({ from }) => from)),
      texts(series.map(({ to }) => to)),
      interval,
    ],
  });
  return rowsOf(heldRow, result);
}
