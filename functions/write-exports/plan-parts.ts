import type { ExportInterval, ExportPart } from '../../core/contracts/http/exports.ts';
import type { ExportedListing, ExportRows } from '../../core/ports/export-rows.ts';
import type { ExportAsked } from '../../core/ports/export-store.ts';
import { monthsAfter } from '../../core/prices/history/months.ts';

/** The parts of an export, in order: quotes and bars that there are, then corporate actions and factors of each exchange. */
export async function planParts(
  { intervals, from, to }: Pick<ExportAsked, 'intervals' | 'from' | 'to'>,
  listings: readonly ExportedListing[],
  rows: Pick<ExportRows, 'quoteMonths' | 'barMonths'>,
): Promise<ExportPart[]> {
  const exchanges = [...new Set(listings.map(({ exchange }) => exchange))];
  const parts: ExportPart[] = [];
  const add = (table: ExportPart['table'], exchange: string, interval: ExportInterval, months: readonly string[]) =>
    parts.push(...months.map((month) => ({ table, exchange, interval, month })));
  const quoteMonths = intervals.includes('tick') ? await rows.quoteMonths(from, to) : [];
  const barMonths = await rows.barMonths(listings.map(({ id }) => id));
  for (const exchange of exchanges) {
    add('quotes', exchange, 'tick', quoteMonths);
    for (const interval of intervals) {
      const stored = barMonths.find((each) => each.exchange === exchange && each.interval === interval);
      if (stored) add('bars', exchange, interval, monthsWithin(stored, from, to));
    }
  }
  for (const table of ['actions', 'factors'] as const)
    parts.push(...exchanges.map((exchange) => ({ table, exchange, interval: null, month: null })));
  return parts;
}

function monthsWithin({ first, last }: { first: string; last: string }, from: string, to: string): string[] {
  const months: string[] = [];
  const [begin, end] = [from.slice(0, 7), to.slice(0, 7)];
  for (let month = first > begin ? first : begin; month <= last && month <= end; month = monthsAfter(month, 1))
    months.push(month);
  return months;
}
