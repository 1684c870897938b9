import * as z from 'zod';
import { assetClasses } from '../../../market/instrument.ts';
import { asOfBases, sessions } from '../../../market/quote.ts';
import type { ClassCount, OldestPrices, PricedListing, PriceGroup, PriceKind } from '../../../ports/quote-reader.ts';
import type { Pool } from '../database/pool.ts';
import { instant, rowsOf } from '../database/rows.ts';
import { allListingsOn } from '../listings/named-listing.ts';
import { currentAlias, namedListings } from './quote-columns.ts';

/** The prices that are served on the date $1. */
const served = `${namedListings('$1', allListingsOn)}
  JOIN consolidated_quote c ON c.listing_id = l.id
  JOIN latest_quote q ON q.listing_id = l.id AND q.source = c.source
  WHERE ${currentAlias.replaceAll('$2', '$1')}`;

const kindFields = {
  mic: z.string(),
  zone: z.string(),
  assetClass: z.enum(assetClasses).catch('other'),
  source: z.string(),
  asOfBasis: z.enum(asOfBases).catch('fetched'),
  delaySeconds: z.int().nullable(),
  session: z.enum(sessions).nullable().catch(null),
};
const classRow = z.object({ assetClass: kindFields.assetClass, instruments: z.int(), watched: z.int() });
const watchedRow = z.object({ symbol: z.string() });
const groupRow = z.object({ ...kindFields, instruments: z.int(), newestAsOf: instant });
const staleRow = z.object({ group: z.int(), stale: z.int() });

/**
 * The latest prices of a date, summed up by Postgres: first what kinds there are, of which there are a few dozens, then how
 * many of each are older than its kind may be. Both read each table once: they have no names, so that they are planned for
 * their date, by which most listings are valid, and all prices are found before they are compared.
 */
export async function priceGroups(
  pool: Pool,
  date: string,
  oldest: (kind: PriceKind) => OldestPrices,
): Promise<PriceGroup[]> {
  const groups = rowsOf(
    groupRow,
    await pool.query({
      text: `SELECT l.mic, l.zone, i.asset_class AS "assetClass", q.source, q.as_of_basis AS "asOfBasis",
               q.delay_seconds AS "delaySeconds", q.session, count(*)::int AS instruments, max(q.as_of) AS "newestAsOf"
             FROM ${served} GROUP BY 1, 2, 3, 4, 5, 6, 7`,
      values: [date],
    }),
  );
  const limits = groups.map(oldest);
  const result = await pool.query({
    text: `WITH p AS MATERIALIZED (
             SELECT l.mic, l.zone, i.asset_class, q.source, q.as_of_basis, coalesce(q.delay_seconds, -1) AS delay,
               coalesce(q.session, '') AS session, coalesce(q.confirmed_at, q.fetched_at) AS confirmed, q.as_of
             FROM ${served})
           SELECT w.number::int AS "group", count(*)::int AS stale
           FROM p JOIN unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $8::text[],
                       $9::timestamptz[], $10::timestamptz[])
             WITH ORDINALITY w (mic, zone, class, source, basis, delay, session, confirmed, as_of, number)
             ON w.mic = p.mic AND w.zone = p.zone AND w.class = p.asset_class AND w.source = p.source
               AND w.basis = p.as_of_basis AND w.delay = p.delay AND w.session = p.session
           WHERE p.confirmed < w.confirmed OR p.as_of < w.as_of GROUP BY w.number`,
    values: [
      date,
      groups.map(({ mic }) => mic),
      groups.map(({ zone }) => zone),
      groups.map(({ assetClass }) => assetClass),
      groups.map(({ source }) => source),
      groups.map(({ asOfBasis }) => asOfBasis),
      groups.map(({ delaySeconds }) => delaySeconds ?? -1),
      groups.map(({ session }) => session ?? ''),
      limits.map(({ confirmedAt }) => confirmedAt.toISOString()),
      limits.map(({ asOf }) => asOf?.toISOString() ?? null),
    ],
  });
  const stale = new Map(rowsOf(staleRow, result).map((row) => [row.group, row.stale]));
  return groups.map((group, at) => ({ ...group, stale: stale.get(at + 1) ?? 0 }));
}

/** The same of prices that have been read. */
export function groupsOf(rows: readonly PricedListing[], oldest: (kind: PriceKind) => OldestPrices): PriceGroup[] {
  const kinds = Map.groupBy(rows, ({ mic, zone, assetClass, source, asOfBasis, delaySeconds, session }) =>
    JSON.stringify([mic, zone, assetClass, source, asOfBasis, delaySeconds, session]),
  );
  return [...kinds.values()].flatMap((members) => {
    const [first] = members;
    if (!first) return [];
    const { mic, zone, assetClass, source, asOfBasis, delaySeconds, session } = first;
    const kind = { mic, zone, assetClass, source, asOfBasis, delaySeconds };
    const limit = oldest(kind);
    const isStale = (row: PricedListing) =>
      (row.confirmedAt ?? row.fetchedAt) < limit.confirmedAt || (limit.asOf !== null && row.asOf < limit.asOf);
    const newestAsOf = new Date(members.reduce((newest, { asOf }) => Math.max(newest, asOf.getTime()), 0));
    return [{ ...kind, session, instruments: members.length, stale: members.filter(isStale).length, newestAsOf }];
  });
}

/** The prices of a date by class, counted by Postgres; the largest class first. */
export async function classCounts(pool: Pool, date: string): Promise<ClassCount[]> {
  const result = await pool.query({
    name: 'price-classes',
    text: `SELECT i.asset_class AS "assetClass", count(*)::int AS instruments,
             (count(*) FILTER (WHERE a.symbol IN (SELECT w.symbol FROM watch w)))::int AS watched
           FROM ${served} GROUP BY 1 ORDER BY 2 DESC, 1`,
    values: [date],
  });
  return rowsOf(classRow, result);
}

/** The same of prices that have been read. */
export async function classesOf(pool: Pool, rows: readonly PricedListing[]): Promise<ClassCount[]> {
  const result = await pool.query({
    name: 'watched-symbols',
    text: 'SELECT DISTINCT symbol FROM watch WHERE symbol = ANY ($1::text[])',
    values: [rows.map(({ symbol }) => symbol)],
  });
  const watched = new Set(rowsOf(watchedRow, result).map(({ symbol }) => symbol));
  return [...Map.groupBy(rows, ({ assetClass }) => assetClass)]
    .map(([assetClass, members]) => ({
      assetClass,
      instruments: members.length,
      watched: members.filter(({ symbol }) => watched.has(symbol)).length,
    }))
    .toSorted((a, b) => b.instruments - a.instruments || a.assetClass.localeCompare(b.assetClass));
}
