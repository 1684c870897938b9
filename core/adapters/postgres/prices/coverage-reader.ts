import * as z from 'zod';
import type { VisibleTo } from '../../../auth/visible-sources.ts';
import type { CoverageQuestions, DaysAsked } from '../../../coverage/series.ts';
import { isIntraday } from '../../../coverage/slots.ts';
import { barIntervals } from '../../../market/bar.ts';
import type { CoverageReader } from '../../../ports/coverage-reader.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { msOf } from '../database/instant.ts';
import type { Pool } from '../database/pool.ts';
import { onlyRow, rowsOf } from '../database/rows.ts';
import { namedListingColumns, namedListingFields } from '../listings/named-listing.ts';
import { visibleOf } from './finding-records.ts';
import { heldDays } from './held-days.ts';
import { edgeOf, historyFields, rangesOf, rangesRow } from './series-history.ts';

const day = z.string().nullable();
const seriesRow = z.object({
  ...namedListingFields,
  source: z.string(),
  interval: z.enum(barIntervals).catch('1d'),
  sourceSymbol: z.string().nullable(),
  ...historyFields,
  untraded: rangesRow,
});
const idRow = z.object({ id: z.int() });
const daysRow = z.object({ place: z.int(), days: z.string().nullable(), withdrawn: z.string().nullable() });
const sessionsRow = z.object({
  place: z.int(),
  day: z.string(),
  bars: z.int(),
  first: z.number(),
  last: z.number(),
  gap: z.number().nullable(),
  gapEnd: z.number().nullable(),
});
const countRow = z.object({ place: z.int(), count: z.int() });
const attemptRow = z.object({
  source: z.string(),
  symbol: z.string(),
  job: z.string(),
  failed: z.boolean(),
  reason: z.string().nullable(),
  waits: z.boolean(),
  at: z.number(),
  interval: z.string().nullable(),
  from: day,
  to: day,
});

/** SQL: the series that are stored of the interval $1, and those that jobs ask for: of the sources $2 the symbols $3. */
const ofAllListings = `
  SELECT listing_id, source FROM bar_series WHERE interval = $1 AND $4::text IS NULL
  UNION
  SELECT c.listing_id, p.source FROM unnest($2::text[], $3::text[]) AS p (source, symbol)
  JOIN symbol_alias c ON c.namespace = 'canonical' AND c.symbol = p.symbol AND c.valid_to = 'infinity'`;

/** SQL: the same of what the symbol $4 means or has meant: begins there, not at all that is asked for. */
const ofOneSymbol = `
  SELECT listing_id, source FROM bar_series
  WHERE interval = $1 AND listing_id = ANY (ARRAY(SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = $4))
  UNION
  SELECT c.listing_id, p.source FROM (
    SELECT listing_id, symbol FROM symbol_alias
    WHERE listing_id = ANY (ARRAY(SELECT listing_id FROM symbol_alias WHERE namespace = 'canonical' AND symbol = $4))
      AND namespace = 'canonical' AND valid_to = 'infinity' OFFSET 0) c
  JOIN unnest($2::text[], $3::text[]) AS p (source, symbol) ON p.symbol = c.symbol`;

const ownKey = 'b.listing_id = s.listing_id AND b.source = s.source AND b.interval = s.interval';

/** A task has so many failed or unfinished parts at the most that are looked at. */
const mostAttempts = 20_000;
const mostRuns = 400;

/** Reads of the ledger of completeness from Postgres. */
export function coverageReader(pool: Pool): VisibleTo<CoverageReader> {
  return (visible) => ({
    async series(of) {
      const result = await pool.query({
        name: `coverage-series${of.symbol === null ? '' : '-of-symbol'}`,
        text: `
          WITH wanted AS (${of.symbol === null ? ofAllListings : ofOneSymbol}), page AS (
            SELECT w.listing_id, w.source, $1 AS interval FROM wanted w
            WHERE ($5::text IS NULL OR w.source = $5) AND ($6::text[] IS NULL OR w.source = ANY ($6))
              AND ($7::int IS NULL OR (w.listing_id, w.source) > ($7, $8::text))
            ORDER BY w.listing_id, w.source LIMIT $9
          )
          SELECT ${namedListingColumns}, s.source, s.interval, o.symbol AS "sourceSymbol",
                 ${rangesOf('k.answered')} AS answered, ${rangesOf('k.untraded')} AS untraded,
                 k.newest_from::text AS "newestFrom", ${msOf('k.newest_at')} AS "newestAt",
                 ${msOf('k.unknown_since')} AS "unknownSince", f.day::text AS "firstDay", t.day::text AS "lastDay",
                 e.day::text AS "listedFrom", nullif(a.valid_from, '-infinity')::text AS "validFrom",
                 (nullif(a.valid_to, 'infinity') - 1)::text AS "validTo", i.status = 'delisted' AS delisted
          FROM page s
          JOIN listing l ON l.id = s.listing_id
          JOIN instrument i ON i.id = l.instrument_id
          JOIN LATERAL (SELECT symbol, valid_from, valid_to FROM symbol_alias
                        WHERE listing_id = l.id AND namespace = 'canonical' ORDER BY valid_to DESC LIMIT 1) a ON true
          LEFT JOIN LATERAL (SELECT symbol FROM symbol_alias
                             WHERE listing_id = l.id AND namespace = s.source ORDER BY valid_to DESC LIMIT 1) o ON true
          LEFT JOIN bar_series k ON k.listing_id = s.listing_id AND k.source = s.source AND k.interval = s.interval
          LEFT JOIN LATERAL (${edgeOf('ASC', ownKey)}) f ON true
          LEFT JOIN LATERAL (${edgeOf('DESC', ownKey)}) t ON true
          LEFT JOIN LATERAL (
            SELECT min(d.day) AS day FROM bar_series n CROSS JOIN LATERAL (
              ${edgeOf('ASC', 'b.listing_id = n.listing_id AND b.source = n.source AND b.interval = n.interval')}) d
            WHERE n.listing_id = s.listing_id AND n.interval NOT IN ('1wk', '1mo')
              AND ($6::text[] IS NULL OR n.source = ANY ($6))) e ON true
          ORDER BY s.listing_id, s.source`,
        values: [
          of.interval,
          texts(of.planned.map(({ source }) => source)),
          texts(of.planned.map(({ symbol }) => symbol)),
          of.symbol,
          of.source,
          visible.ids,
          of.after?.listingId ?? null,
          of.after?.source ?? null,
          of.limit,
        ],
      });
      return rowsOf(seriesRow, result);
    },

    async read({ interval, days, named, jobs, attemptsSince }) {
      for (const { source } of days) visible.require(source);
      return {
        stored: isIntraday(interval) ? await storedSessions(pool, days) : await storedDays(pool, days),
        doubtful: await doubtful(pool, days, visible.ids),
        heldBack: await heldDays(pool, interval, named),
        attempts: await attempts(
          pool,
          jobs.filter(({ source }) => visible.has(source)),
          named.map(({ symbol }) => symbol),
          attemptsSince,
        ),
      };
    },

    async lastListing() {
      return onlyRow(idRow, await pool.query('SELECT coalesce(max(id), 0) AS id FROM listing')).id;
    },
  });
}

/** How many bars of each series an open finding speaks against. */
async function doubtful(pool: Pool, asked: readonly DaysAsked[], visible: readonly string[] | null) {
  const result = await pool.query({
    name: 'coverage-doubtful',
    text: `SELECT s.place::int AS place, count(DISTINCT f.at)::int AS count
               FROM unnest($1::int[], $2::text[], $3::text[], $4::date[], $5::date[]) WITH ORDINALITY
                 AS s (listing_id, source, interval, from_day, to_day, place)
               JOIN finding f ON f.listing_id = s.listing_id AND f.source = s.source AND f.interval = s.interval
               WHERE f.status = 'open' AND f.kind = 'bar' AND f.severity <> 'info' AND ${visibleOf('$6')}
                 AND f.at >= s.from_day - interval '1 day' AND f.at < s.to_day + interval '2 days'
                 AND (f.date IS NULL OR f.date BETWEEN s.from_day AND s.to_day)
               GROUP BY 1`,
    values: [...seriesArrays(asked), visible],
  });
  const counts = new Map(rowsOf(countRow, result).map(({ place, count }) => [place, count]));
  return asked.map((_, index) => counts.get(index + 1) ?? 0);
}

/** Failed and unfinished tasks of jobs for some symbols of their sources. */
async function attempts(pool: Pool, jobs: CoverageQuestions['jobs'], symbols: readonly string[], since: Date) {
  const result = await pool.query({
    name: 'coverage-attempts',
    text: `SELECT j.source, x.symbol, j.job, t.status = 'failed' AS failed, t.reason, t.waits_until IS NOT NULL AS waits,
                      ${msOf('coalesce(t.finished_at, t.due_at)')} AS at, t.range->>'interval' AS interval,
                      t.range->>'from' AS from, t.range->>'to' AS to
               FROM unnest($1::text[], $2::text[]) AS j (source, job)
               CROSS JOIN LATERAL (SELECT id FROM run r WHERE r.source_id = j.source AND r.job = j.job AND r.due_at > $4
                                   ORDER BY r.due_at DESC LIMIT ${mostRuns}) r
               -- By the runs' keys: all tasks that there are would be read for some hundred runs.
               CROSS JOIN LATERAL (SELECT * FROM task WHERE run_id = r.id AND (status = 'failed' OR finished_at IS NULL)
                                     AND symbols && $3::text[] OFFSET 0) t
               CROSS JOIN LATERAL unnest(t.symbols) AS x (symbol)
               WHERE x.symbol = ANY ($3::text[]) LIMIT ${mostAttempts}`,
    values: [texts(jobs.map(({ source }) => source)), texts(jobs.map(({ job }) => job)), texts(symbols), since],
  });
  return rowsOf(attemptRow, result);
}

function seriesArrays(asked: readonly DaysAsked[]): string[] {
  return [
    numbers(asked.map(({ listingId }) => listingId)),
    texts(asked.map(({ source }) => source)),
    texts(asked.map(({ interval }) => interval)),
    texts(asked.map(({ from }) => from)),
    texts(asked.map(({ to }) => to)),
  ];
}

/** One text a series in place of thousands of rows. */
async function storedDays(pool: Pool, asked: readonly DaysAsked[]) {
  const result = await pool.query({
    name: 'coverage-days',
    text: `SELECT s.place::int AS place, b.days, b.withdrawn
           FROM unnest($1::int[], $2::text[], $3::text[], $4::date[], $5::date[]) WITH ORDINALITY
             AS s (listing_id, source, interval, from_day, to_day, place)
           CROSS JOIN LATERAL (
             SELECT string_agg(b.date::text, ',') FILTER (WHERE b.withdrawn_at IS NULL) AS days,
                    string_agg(b.date::text, ',') FILTER (WHERE b.withdrawn_at IS NOT NULL) AS withdrawn
             FROM bar b
             WHERE b.listing_id = s.listing_id AND b.source = s.source AND b.interval = s.interval
               AND b.starts_at >= s.from_day - interval '2 days' AND b.starts_at < s.to_day + interval '3 days'
               AND b.date BETWEEN s.from_day AND s.to_day) b`,
    values: seriesArrays(asked),
  });
  const found = new Map(rowsOf(daysRow, result).map((row) => [row.place, row]));
  return asked.map((_, index) => {
    const { days, withdrawn } = found.get(index + 1) ?? { days: null, withdrawn: null };
    return { days: (days?.split(',') ?? []).map((each) => ({ day: each })), withdrawn: withdrawn?.split(',') ?? [] };
  });
}

/** Bars of less than a day, counted by their session. */
async function storedSessions(pool: Pool, asked: readonly DaysAsked[]) {
  const result = await pool.query({
    name: 'coverage-sessions',
    text: `SELECT place, day::text AS day, (count(*) - count(gone))::int AS bars, coalesce(min(at) FILTER (WHERE gone IS NULL), 0) AS first,
                  coalesce(max(at) FILTER (WHERE gone IS NULL), 0) AS last, max(gap) FILTER (WHERE gone IS NULL) AS gap,
                  (array_agg(at ORDER BY gap DESC NULLS LAST) FILTER (WHERE gone IS NULL))[1] AS "gapEnd"
           FROM (SELECT place, day, at, gone, at - lag(at) OVER (PARTITION BY place, day, gone IS NULL ORDER BY at) AS gap
                 FROM (SELECT s.place::int AS place, ${msOf('b.starts_at')} AS at, b.withdrawn_at AS gone,
                              ((b.starts_at AT TIME ZONE s.zone) + s.shift * interval '1 minute')::date AS day
                       FROM unnest($1::int[], $2::text[], $3::text[], $4::date[], $5::date[], $6::text[], $7::int[]) WITH ORDINALITY
                         AS s (listing_id, source, interval, from_day, to_day, zone, shift, place)
                       JOIN bar b ON b.listing_id = s.listing_id AND b.source = s.source AND b.interval = s.interval
                         AND b.starts_at >= s.from_day - interval '2 days' AND b.starts_at < s.to_day + interval '3 days'
                      ) bars) gaps
           GROUP BY 1, 2`,
    values: [
      ...seriesArrays(asked),
      texts(asked.map(({ zone }) => zone)),
      numbers(asked.map(({ shiftMinutes }) => shiftMinutes)),
    ],
  });
  const found = Map.groupBy(rowsOf(sessionsRow, result), ({ place }) => place);
  return asked.map(({ from, to }, index) => {
    const rows = (found.get(index + 1) ?? []).filter((row) => row.day >= from && row.day <= to);
    return {
      days: rows
        .filter(({ bars }) => bars > 0)
        .map(({ day: date, bars, first, last, gap, gapEnd }) => ({
          day: date,
          intraday: {
            bars,
            first,
            last,
            widest: gap === null || gapEnd === null ? null : ([gapEnd - gap, gapEnd] as const),
          },
        })),
      withdrawn: rows.filter(({ bars }) => bars === 0).map((row) => row.day),
    };
  });
}
