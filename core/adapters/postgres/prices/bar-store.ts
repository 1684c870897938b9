import * as z from 'zod';
import type { ChangedAction, SeriesRows } from '../../../events/of-batch.ts';
import { type Bar, barIntervals, corporateActionTypes } from '../../../market/bar.ts';
import type { StoredBarSeries } from '../../../prices/decision.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { isFetchedLater } from './fetch-order.ts';
import { actionRows } from './payments.ts';
import type { RepairWish } from './repair-wants.ts';

const rowsPerStatement = 5_000;

const sameContent = `
  (s.date, s.open, s.high, s.low, s.close, s.volume, s.currency, s.minor_factor, s.basis, s.withdrawn_at)
  IS NOT DISTINCT FROM
  (excluded.date, excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.currency,
   excluded.minor_factor, excluded.basis, excluded.withdrawn_at)`;

/*
 * The same bar again writes nothing, unless it was stale: then it is confirmed as of the new fetch, which is another basis,
 * so the former row is kept too. Other content from a
 * later fetch replaces it, and the statement trigger keeps the former row. `ingested_at` moves as in quote-store.ts. A bar
 * that was withdrawn comes back with a fetch after that. Where a later answer has spoken already, a bar that is stored
 * stays as it is, and one that is not is stored as withdrawn.
 */
const storeText = `
  WITH stored AS (
    INSERT INTO bar AS s (listing_id, source, interval, starts_at, date, open, high, low, close, volume, currency,
                          minor_factor, basis, basis_at, fetched_at, ingested_at, batch_id, withdrawn_at)
    SELECT listing_id, $14, interval, to_timestamp(starts_at / 1000.0::float8), date, open, high, low, close, volume,
           currency, minor_factor, basis, to_timestamp(basis_at / 1000.0::float8),
           to_timestamp(fetched_at / 1000.0::float8), statement_timestamp(), $15::bigint,
           to_timestamp(overtaken_at / 1000.0::float8)
    FROM unnest($1::int[], $2::text[], $3::float8[], $4::date[], $5::numeric[], $6::numeric[], $7::numeric[],
                $8::numeric[], $9::numeric[], $10::text[], $11::int[], $12::text[], $13::float8[], $16::float8[],
                $17::float8[])
      AS t (listing_id, interval, starts_at, date, open, high, low, close, volume, currency, minor_factor, basis,
            basis_at, fetched_at, overtaken_at)
    ON CONFLICT (listing_id, source, interval, starts_at) DO UPDATE SET
      date = excluded.date, open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
      volume = excluded.volume, currency = excluded.currency, minor_factor = excluded.minor_factor,
      basis = excluded.basis, basis_at = excluded.basis_at, stale = false, withdrawn_at = NULL,
      fetched_at = CASE WHEN ${sameContent} THEN s.fetched_at ELSE excluded.fetched_at END,
      ingested_at = CASE WHEN ${sameContent} AND NOT s.stale THEN s.ingested_at
                         ELSE greatest(excluded.ingested_at, s.ingested_at) + interval '1 microsecond' END,
      batch_id = CASE WHEN ${sameContent} THEN s.batch_id ELSE excluded.batch_id END
    WHERE ${isFetchedLater('excluded.fetched_at', 'coalesce(s.withdrawn_at, s.fetched_at)')}
      AND excluded.withdrawn_at IS NULL AND (s.stale OR NOT (${sameContent}))
    RETURNING listing_id, interval, coalesce(date, starts_at::date) AS day, withdrawn_at IS NULL AS shown,
              batch_id = $15::bigint AS written, ingested_at > statement_timestamp() AS revised
  )
  SELECT listing_id AS "listingId", interval, revised, count(*)::int AS written,
         count(*) FILTER (WHERE shown)::int AS bars,
         (min(day) FILTER (WHERE shown))::text AS "from", (max(day) FILTER (WHERE shown))::text AS "to"
  FROM stored WHERE written GROUP BY listing_id, interval, revised ORDER BY listing_id, interval`;

const storedRow = z.object({
  listingId: z.int(),
  interval: z.enum(barIntervals),
  revised: z.boolean(),
  written: z.int(),
  bars: z.int(),
  from: z.string().nullable(),
  to: z.string().nullable(),
});

/** What was stored: how many rows, those of which series, and which corporate actions are new or changed. */
export interface StoredBars {
  readonly written: number;
  readonly revised: number;
  readonly newSeries: readonly SeriesRows[];
  readonly revisedSeries: readonly SeriesRows[];
  readonly actions: readonly ChangedAction[];
  readonly stale: readonly RepairWish[];
}

/**
 * Stores checked bars and corporate actions of a source. A split makes the bars before it stale that were fetched before
 * it took effect; those that this answer brings again are fresh at once. Gives what it made stale.
 */
export async function storeBars(
  db: Connection,
  sourceId: string,
  batchId: string,
  series: readonly StoredBarSeries[],
): Promise<StoredBars> {
  const actions = await storeActions(db, sourceId, batchId, series);
  const total = { written: 0, revised: 0 };
  const newSeries: SeriesRows[] = [];
  const revisedSeries: SeriesRows[] = [];
  for (const part of partsOf(series)) {
    const answer = await db.query({
      name: 'store-bars',
      text: storeText,
      values: [
        numbers(part.map((row) => row.of.listing.id)),
        texts(part.map((row) => row.bar.interval)),
        numbers(part.map((row) => row.bar.startsAt)),
        texts(part.map((row) => row.bar.date)),
        numbers(part.map((row) => row.bar.open)),
        numbers(part.map((row) => row.bar.high)),
        numbers(part.map((row) => row.bar.low)),
        numbers(part.map((row) => row.bar.close)),
        numbers(part.map((row) => row.bar.volume)),
        texts(part.map((row) => row.bar.currency)),
        numbers(part.map((row) => row.bar.minorFactor)),
        texts(part.map((row) => row.of.basis)),
        numbers(part.map((row) => row.of.basisAt)),
        sourceId,
        batchId,
        numbers(part.map((row) => row.of.fetchedAt)),
        numbers(part.map((row) => row.of.overtaken?.bars.get(row.bar.startsAt) ?? null)),
      ],
    });
    for (const { revised, written, from, to, ...row } of rowsOf(storedRow, answer)) {
      total.written += written;
      if (revised) total.revised += written;
      if (from !== null && to !== null) addTo(revised ? revisedSeries : newSeries, { ...row, from, to });
    }
  }
  if (series.length === 0) return { ...total, newSeries, revisedSeries, actions, stale: [] };
  const stale = await db.query(staleText, [numbers(series.map((each) => each.listing.id)), sourceId]);
  return {
    ...total,
    newSeries,
    revisedSeries,
    actions,
    stale: rowsOf(staleRow, stale).map((days) => ({ ...days, why: 'stale' })),
  };
}

/** Adds rows of a series, which may have begun with the statement before. */
function addTo(series: SeriesRows[], row: SeriesRows): void {
  const last = series.at(-1);
  if (last?.listingId !== row.listingId || last.interval !== row.interval) {
    series.push(row);
    return;
  }
  const [from = row.from] = [last.from, row.from].sort();
  const to = [last.to, row.to].sort().at(-1) ?? row.to;
  series[series.length - 1] = { ...last, bars: last.bars + row.bars, from, to };
}

/**
 * The bars of one statement after the other, in the order in which every batch locks them. One part is made at a time: a
 * blob may have a million bars, and while they were laid out the transaction would be silent.
 */
function* partsOf(series: readonly StoredBarSeries[]): Generator<{ of: StoredBarSeries; bar: Bar }[]> {
  const inOrder = series.toSorted((a, b) => a.listing.id - b.listing.id || intervalOf(a).localeCompare(intervalOf(b)));
  let part: { of: StoredBarSeries; bar: Bar }[] = [];
  for (const of of inOrder)
    for (const bar of of.bars.toSorted((a, b) => a.startsAt - b.startsAt)) {
      part.push({ of, bar });
      if (part.length < rowsPerStatement) continue;
      yield part;
      part = [];
    }
  if (part.length > 0) yield part;
}

const intervalOf = ({ bars: [first] }: StoredBarSeries): string => first?.interval ?? '';

/*
 * What is replaced is kept as a revision, and `ingested_at` is moved, by a trigger. Daily bars tell all splits and payments
 * of their days, so they are believed before other intervals, whichever came first: what days have told, or have been
 * silent on, no other interval changes. Of the same standing, a later fetch replaces what an earlier one told. The same told
 * again moves `told_at` only where no range says so.
 */
const toldLast = 'greatest(coalesce(s.withdrawn_at, s.known_at), s.told_at)';
const isSame = `(s.ratio, s.amount, s.currency, s.parts, s.withdrawn_at)
  IS NOT DISTINCT FROM (excluded.ratio, excluded.amount, excluded.currency, excluded.parts, excluded.withdrawn_at)`;
const actionsText = `
  INSERT INTO corporate_action AS s (listing_id, type, ex_date, source, ratio, amount, currency, known_at, batch_id, ingested_at, withdrawn_at,
                                     parts, by_days, told_at)
  SELECT listing_id, type, ex_date, $8, ratio, amount, currency, to_timestamp(known_at / 1000.0::float8), $9::bigint,
         statement_timestamp(), to_timestamp(overtaken_at / 1000.0::float8), parts, by_days,
         CASE WHEN outside THEN to_timestamp(known_at / 1000.0::float8) END
  FROM unnest($1::int[], $2::text[], $3::date[], $4::numeric[], $5::numeric[], $6::text[], $7::float8[], $10::float8[],
              $11::bool[], $12::jsonb[], $13::bool[])
    AS t (listing_id, type, ex_date, ratio, amount, currency, known_at, overtaken_at, by_days, parts, outside)
  WHERE by_days OR NOT EXISTS (
    SELECT FROM answered_range r JOIN listing l ON l.id = r.listing_id
    WHERE r.listing_id = t.listing_id AND r.source = $8 AND r.interval = '1d'
      AND t.ex_date BETWEEN (r.from_at AT TIME ZONE l.zone)::date AND (r.to_at AT TIME ZONE l.zone)::date)
  ON CONFLICT (listing_id, type, ex_date, source) DO UPDATE SET
    ratio = excluded.ratio, amount = excluded.amount, currency = excluded.currency, parts = excluded.parts, withdrawn_at = NULL,
    known_at = CASE WHEN ${isSame} AND excluded.by_days = coalesce(s.by_days, true) THEN s.known_at ELSE excluded.known_at END,
    batch_id = CASE WHEN ${isSame} THEN s.batch_id ELSE excluded.batch_id END,
    by_days = excluded.by_days, told_at = excluded.told_at
  WHERE excluded.withdrawn_at IS NULL AND CASE WHEN excluded.by_days = coalesce(s.by_days, true)
    THEN ${isFetchedLater('excluded.known_at', toldLast)} AND (excluded.told_at IS NOT NULL OR NOT (${isSame}))
    ELSE excluded.by_days END
  RETURNING s.listing_id AS "listingId", s.type AS action, s.ex_date::text AS "exDate", s.ratio, s.amount, s.currency,
            s.batch_id = $9::bigint AND s.withdrawn_at IS NULL AS changed`;

const actionRow = z.object({
  listingId: z.int(),
  action: z.enum(corporateActionTypes),
  exDate: z.string(),
  ratio: decimalText.nullable(),
  amount: decimalText.nullable(),
  currency: z.string().nullable(),
  changed: z.boolean(),
});

/**
 * Bars before a split that were fetched before it took effect. Two days of grace: a bar fetched on the ex-date may be
 * adjusted already, but nothing says so, and a warning too many costs less than a price too high.
 *
 * Of bars that were fetched later than that, and before the source told the split, the days around the ex-date say which they
 * are: closes that fell by about the ratio are those of old shares.
 */
const staleText = `
  WITH marked AS (
  UPDATE bar SET stale = true FROM corporate_action a
  WHERE a.listing_id = ANY ($1::int[]) AND a.type = 'split' AND a.source = $2 AND a.withdrawn_at IS NULL
    AND bar.listing_id = a.listing_id AND bar.source = $2 AND bar.basis <> 'raw' AND NOT bar.stale
    AND bar.starts_at < a.ex_date AND bar.basis_at < a.known_at
    AND CASE WHEN bar.basis_at < a.ex_date + interval '2 days' THEN true ELSE EXISTS (
      SELECT FROM (SELECT close FROM bar o WHERE o.listing_id = a.listing_id AND o.source = $2 AND o.interval = '1d'
                     AND o.starts_at < a.ex_date AND o.withdrawn_at IS NULL AND o.basis <> 'raw'
                     AND o.basis_at >= a.ex_date + interval '2 days' AND o.basis_at < a.known_at
                   ORDER BY o.starts_at DESC LIMIT 1) AS former
      CROSS JOIN (SELECT close FROM bar o WHERE o.listing_id = a.listing_id AND o.source = $2 AND o.interval = '1d'
                     AND o.starts_at >= a.ex_date AND o.withdrawn_at IS NULL
                   ORDER BY o.starts_at LIMIT 1) AS later
      WHERE former.close > 0 AND later.close > 0 AND a.ratio > 0
        AND abs(ln(former.close / later.close) - ln(a.ratio)) < abs(ln(former.close / later.close))) END
  RETURNING bar.listing_id, bar.interval, coalesce(bar.date, bar.starts_at::date) AS day)
  SELECT listing_id AS "listingId", interval, min(day)::text AS "from", max(day)::text AS "to" FROM marked GROUP BY 1, 2`;

const staleRow = z.object({ listingId: z.int(), interval: z.enum(barIntervals), from: z.string(), to: z.string() });

async function storeActions(
  db: Connection,
  sourceId: string,
  batchId: string,
  series: readonly StoredBarSeries[],
): Promise<ChangedAction[]> {
  const byKey = new Map(
    series.flatMap((each) =>
      actionRows(each.actions).map(({ action, parts }) => [
        `${each.listing.id} ${action.type} ${action.exDate}`,
        {
          action,
          parts,
          listingId: each.listing.id,
          knownAt: each.fetchedAt,
          overtakenAt: each.overtaken?.actions.get(action.exDate) ?? null,
          byDays: each.bars[0]?.interval === '1d',
          outside:
            each.bars[0]?.interval !== '1d' ||
            !each.spoken ||
            action.exDate < each.spoken.firstDay ||
            action.exDate > each.spoken.lastDay,
        },
      ]),
    ),
  );
  const rows = [...byKey.values()].sort((a, b) => a.listingId - b.listingId);
  if (rows.length === 0) return [];
  const stored = await db.query(actionsText, [
    numbers(rows.map((row) => row.listingId)),
    texts(rows.map((row) => row.action.type)),
    texts(rows.map((row) => row.action.exDate)),
    numbers(rows.map((row) => row.action.ratio)),
    numbers(rows.map((row) => row.action.amount)),
    texts(rows.map((row) => row.action.currency)),
    numbers(rows.map((row) => row.knownAt)),
    sourceId,
    batchId,
    numbers(rows.map((row) => row.overtakenAt)),
    texts(rows.map((row) => String(row.byDays))),
    texts(rows.map((row) => row.parts)),
    texts(rows.map((row) => String(row.outside))),
  ]);
  return rowsOf(actionRow, stored).flatMap(({ changed, ...action }) => (changed ? [action] : []));
}
