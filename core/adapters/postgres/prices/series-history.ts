/* What answers have said of the days of a series of bars, as SQL of more than one reader. */
import * as z from 'zod';
import type { SeriesHistory } from '../../../coverage/series.ts';
import { msOf } from '../database/instant.ts';

/** Days of a multirange, as they are written outside: both included. */
export const rangesOf = (column: string) =>
  `(SELECT coalesce(jsonb_agg(jsonb_build_object('from', lower(r)::text, 'to', (upper(r) - 1)::text) ORDER BY r), '[]')
    FROM unnest(${column}) r)`;
/** The first or last bar of a series, by the index of the key: its day in the venue's zone. */
export const edgeOf = (order: 'ASC' | 'DESC', key: string) =>
  `SELECT coalesce(b.date, (b.starts_at AT TIME ZONE l.zone)::date) AS day FROM bar b
   WHERE ${key} AND b.withdrawn_at IS NULL ORDER BY b.starts_at ${order} LIMIT 1`;

const key = (series: string) =>
  `b.listing_id = ${series}.listing_id AND b.source = ${series}.source AND b.interval = ${series}.interval`;

/** The row of a series as one value; `null` without one. `k` is the series, `visible` the parameter of the sources to be seen. */
export const historyOf = (visible: string) => `CASE WHEN k.listing_id IS NOT NULL THEN (
  SELECT jsonb_build_object('answered', ${rangesOf('k.answered')}, 'newestFrom', k.newest_from,
    'newestAt', ${msOf('k.newest_at')}, 'unknownSince', ${msOf('k.unknown_since')},
    'firstDay', (${edgeOf('ASC', key('k'))}), 'lastDay', (${edgeOf('DESC', key('k'))}),
    'listedFrom', (SELECT min(d.day) FROM bar_series n CROSS JOIN LATERAL (${edgeOf('ASC', key('n'))}) d
                   WHERE n.listing_id = k.listing_id AND n.interval NOT IN ('1wk', '1mo')
                     AND (${visible}::text[] IS NULL OR n.source = ANY (${visible}))),
    'validFrom', nullif(a.valid_from, '-infinity'), 'validTo', nullif(a.valid_to, 'infinity') - 1,
    'delisted', i.status = 'delisted')
  FROM listing l JOIN instrument i ON i.id = l.instrument_id
  JOIN LATERAL (SELECT valid_from, valid_to FROM symbol_alias
                WHERE listing_id = l.id AND namespace = 'canonical' ORDER BY valid_to DESC LIMIT 1) a ON true
  WHERE l.id = k.listing_id) END`;

const day = z.string().nullable();

/** Days of a multirange, as `rangesOf` writes them. */
export const rangesRow = z.array(z.object({ from: z.string(), to: z.string() }));

/** The fields of a row that say what answers have said of a series. */
export const historyFields = {
  answered: rangesRow,
  newestFrom: day,
  newestAt: z.number().nullable(),
  unknownSince: z.number().nullable(),
  firstDay: day,
  lastDay: day,
  listedFrom: day,
  validFrom: day,
  validTo: day,
  delisted: z.boolean(),
};

export const historyRow: z.ZodType<SeriesHistory | null> = z.object(historyFields).nullable();
