import type { ExportedFile, ExportPart } from '../../core/contracts/http/exports.ts';
import { type BarInterval, barIntervals, intervalMs } from '../../core/market/bar.ts';
import { sumOf } from '../../core/market/decimal.ts';
import type { ListingNames } from '../../core/ports/archive-store.ts';
import type { ExportedListing, ExportFormat, ExportRows } from '../../core/ports/export-rows.ts';
import type { ExportAsked } from '../../core/ports/export-store.ts';
import { type ArchivePlace, microsecondsOf, placeText } from '../../core/prices/history/archived-quote.ts';
import { endOfMonth, startOfMonth } from '../../core/prices/history/months.ts';

/** Reads the rows of a part, and makes files of those that were read and wait. */
export interface PartRows {
  /** Listings whose rows are read together: of short bars one listing's month is as many rows as of days that of hundreds. */
  readonly listingsAtOnce: number;
  /** Reads the rows of some listings; yields after each step, with which more rows wait. */
  read(listings: readonly ExportedListing[]): AsyncIterable<void>;
  /** How many rows wait. */
  waiting(): number;
  /** A file of those that wait, so many at the most, and what the manifest says of it. */
  take(most: number): Promise<{ readonly bytes: Uint8Array } & Pick<ExportedFile, 'rows' | 'first' | 'last' | 'sums'>>;
}

/** Rows that are read at once, about. */
const rowsAtOnce = 20_000;
const monthMs = 31 * 86_400_000;
const daysMs = 86_400_000;

/** What a table's rows say to a manifest. */
interface Kind<Row> {
  readonly listingsAtOnce: number;
  read(listings: readonly ExportedListing[]): AsyncIterable<readonly Row[]>;
  write(rows: readonly Row[], names: ListingNames, part: ExportPart): Uint8Array;
  placeOf(row: Row): ArchivePlace;
  /** What is summed up: a price and a volume; `null` for tables that have none. */
  sumsOf: ((row: Row) => { readonly price: string; readonly volume: string | null }) | null;
}

/** The rows of a part of an export. */
export function partReader(part: ExportPart, asked: ExportAsked, rows: ExportRows, format: ExportFormat): PartRows {
  const span = spanOf(part, asked);
  switch (part.table) {
    case 'quotes':
      return reading(part, rows, {
        listingsAtOnce: 1,
        async *read(listings) {
          for (const { listingId, source } of await rows.sourcesOf(listings.map(({ id }) => id)))
            yield await rows.quotes({ listingId, source, ...span });
        },
        write: format.quotes,
        placeOf: (row) => row,
        sumsOf: (row) => row,
      });
    case 'bars': {
      const interval = barIntervals.find((each) => each === part.interval) ?? '1d';
      return reading(part, rows, {
        listingsAtOnce: listingsOf(interval),
        async *read(listings) {
          yield await rows.bars(
            listings.map(({ id }) => id),
            interval,
            span.from,
            span.to,
          );
        },
        write: format.bars,
        placeOf: ({ startsAt: asOf, ...row }) => ({ ...row, asOf }),
        sumsOf: ({ close: price, volume }) => ({ price, volume }),
      });
    }
    case 'actions':
      return reading(part, rows, {
        listingsAtOnce: 200,
        async *read(listings) {
          yield await rows.actions(listings.map(({ id }) => id));
        },
        write: format.actions,
        placeOf: ({ exDate, ...row }) => ({ ...row, asOf: microsecondsOf(`${exDate}T00:00:00Z`) }),
        sumsOf: null,
      });
    case 'factors':
      return reading(part, rows, {
        listingsAtOnce: 1,
        async *read(listings) {
          for (const listing of listings) yield await rows.factors(listing, asked.from, asked.to);
        },
        write: format.factors,
        // They are made for the export.
        placeOf: ({ date, ...row }) => ({
          ...row,
          asOf: microsecondsOf(`${date}T00:00:00Z`),
          ingestedAt: asked.createdAt.getTime() * 1_000,
        }),
        sumsOf: null,
      });
  }
}

function reading<Row extends { readonly listingId: number }>(
  part: ExportPart,
  { namesOf }: ExportRows,
  { listingsAtOnce, read, write, placeOf, sumsOf }: Kind<Row>,
): PartRows {
  let waiting: readonly Row[] = [];
  return {
    listingsAtOnce,
    async *read(listings) {
      for await (const found of read(listings)) {
        waiting = waiting.length === 0 ? found : waiting.concat(found);
        yield;
      }
    },
    waiting: () => waiting.length,
    async take(most) {
      const some = waiting.slice(0, most);
      waiting = waiting.slice(most);
      const [first, last] = [some[0], some.at(-1)];
      if (first === undefined || last === undefined) throw new Error('A file of no rows is not written.');
      const names = await namesOf(some);
      const summed = sumsOf === null ? null : some.map(sumsOf);
      return {
        bytes: write(some, names, part),
        rows: some.length,
        first: placeText(placeOf(first)),
        last: placeText(placeOf(last)),
        sums: summed && {
          price: sumOf(summed.map(({ price }) => price)),
          volume: sumOf(summed.map(({ volume }) => volume)),
        },
      };
    },
  };
}

/** Listings of which a month has about as many bars as are read at once, where they trade around the clock. */
function listingsOf(interval: BarInterval): number {
  return Math.max(1, Math.min(200, Math.floor((rowsAtOnce * intervalMs(interval)) / monthMs)));
}

/** The time of a part: its month, no further than the days that were asked for. */
function spanOf({ month }: ExportPart, { from, to }: Pick<ExportAsked, 'from' | 'to'>) {
  const [first, end] = [Date.parse(from) * 1_000, (Date.parse(to) + daysMs) * 1_000];
  if (month === null) return { from: first, to: end };
  return { from: Math.max(first, startOfMonth(month)), to: Math.min(end, endOfMonth(month)) };
}
