/*
 * Pages of bars as a few texts, one a column: the driver takes several times as long for thousands of cells, each of which it
 * cuts out, reads and puts into an object.
 */
import * as z from 'zod';
import { barBases } from '../../../market/bar.ts';
import type { StoredBar } from '../../../market/stored-bar.ts';
import { msOf } from '../database/instant.ts';
import { onlyRow } from '../database/rows.ts';

const column = (value: string) => `coalesce(string_agg(coalesce((${value})::text, ''), ','), '')`;
const milliseconds = (instant: string) => `floor(${msOf(instant)})::int8`;

/** SQL: the bars of `q`, in its order. `zone` is the expression of the venue's zone. */
export const barsAsColumns = (zone: string) => `
  ${column(milliseconds('q.starts_at'))} AS starts, ${column('q.date')} AS dates,
  ${column(`CASE WHEN q.date IS NULL THEN (q.starts_at AT TIME ZONE ${zone})::date END`)} AS days,
  ${column('q.open')} AS opens, ${column('q.high')} AS highs, ${column('q.low')} AS lows, ${column('q.close')} AS closes,
  ${column('q.volume')} AS volumes, ${column(milliseconds('q.fetched_at'))} AS fetches,
  coalesce(string_agg(concat_ws(' ', q.basis, ${milliseconds('q.basis_at')}, (q.basis_at AT TIME ZONE ${zone})::date, q.stale,
                                q.currency), E'\\n'), '') AS kinds`;

const columnsRow = z.object({
  starts: z.string(),
  dates: z.string(),
  days: z.string(),
  opens: z.string(),
  highs: z.string(),
  lows: z.string(),
  closes: z.string(),
  volumes: z.string(),
  fetches: z.string(),
  kinds: z.string(),
});

/** What bars of one reading share. */
const kindSchema = z.tuple([
  z.enum(barBases).catch('raw'),
  z.coerce.number().int(),
  z.string(),
  z.stringbool({ truthy: ['t', 'true'], falsy: ['f', 'false'] }),
  z.string(),
]);

/** The bars that were given as columns. Throws a ZodError when the database gives anything else. */
export function barsOfColumns(result: Parameters<typeof onlyRow>[1]): StoredBar[] {
  const row = onlyRow(columnsRow, result);
  if (row.starts === '') return [];
  const [dates, days] = [row.dates.split(','), row.days.split(',')];
  const [opens, highs, lows, closes, volumes] = [row.opens, row.highs, row.lows, row.closes, row.volumes].map((each) =>
    each.split(','),
  );
  const [fetches, kinds] = [row.fetches.split(','), row.kinds.split('\n')];
  let [last, kind] = ['', kindOf(kinds[0] ?? '')];
  return row.starts.split(',').map((startsAt, index): StoredBar => {
    const told = kinds[index] ?? '';
    if (told !== last) [last, kind] = [told, kindOf(told)];
    const date = dates[index] || null;
    return {
      startsAt: new Date(Number(startsAt)),
      day: date ?? days[index] ?? '',
      date,
      open: opens?.[index] || null,
      high: highs?.[index] || null,
      low: lows?.[index] || null,
      close: closes?.[index] ?? '',
      volume: volumes?.[index] || null,
      ...kind,
      fetchedAt: new Date(Number(fetches[index])),
    };
  });
}

function kindOf(text: string): Pick<StoredBar, 'basis' | 'basisAt' | 'basisDay' | 'stale' | 'currency'> {
  const [basis = '', basisAt, basisDay, stale, ...currency] = text.split(' ');
  const [of, at, day, isStale, code] = kindSchema.parse([basis, basisAt, basisDay, stale, currency.join(' ')]);
  return { basis: of, basisAt: at, basisDay: day, stale: isStale, currency: code };
}
