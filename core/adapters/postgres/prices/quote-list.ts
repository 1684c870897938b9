/** SQL of lists of quotes: what is wanted, since when, and in which order. */
import * as z from 'zod';
import type { QuotesWanted } from '../../../ports/quote-reader.ts';
import type { QuoteOrder } from '../../../prices/quote-order.ts';
import { texts } from '../database/array-literal.ts';
import { containsText } from '../listings/text-search.ts';

const orderColumns: Readonly<Record<QuoteOrder, string>> = {
  symbol: 'symbol',
  price: 'price',
  change: 'change',
  changeFraction: '"changeFraction"',
  bid: 'bid',
  ask: 'ask',
  volume: 'volume',
  asOf: '"asOf"',
  source: 'source',
};
const orderTypes: Readonly<Record<QuoteOrder, string>> = {
  symbol: 'text',
  price: 'numeric',
  change: 'numeric',
  changeFraction: 'numeric',
  bid: 'numeric',
  ask: 'numeric',
  volume: 'numeric',
  asOf: 'timestamptz',
  source: 'text',
};

/**
 * Parameters of a statement, as they are named in it. Its text depends on which of them there are, so that each form has a
 * plan of its own.
 */
export class Parameters {
  readonly values: unknown[] = [];
  #name = '';
  #plannedByValue = false;

  /** The place of a value; `what` goes into the name of the statement. */
  add(value: unknown, what = ''): string {
    this.values.push(value);
    if (what !== '') this.#name += `-${what}`;
    return `$${this.values.length}`;
  }

  /** Puts into the name of the statement what is in its text without a value. */
  note(what: string): void {
    this.#name += `-${what}`;
  }

  /** The place of a value that decides on the plan: what few rows have begins at them, what most have in the list's order. */
  addDeciding(value: unknown): string {
    this.#plannedByValue = true;
    return this.add(value);
  }

  /** Without a name, Postgres plans the statement each time, for its values. */
  named(name: string): string | undefined {
    return this.#plannedByValue ? undefined : `${name}${this.#name}`;
  }
}

/**
 * Whether a row of a table has been written by a transaction that had not ended at the mark: `xmin` of the row is no earlier.
 * It has 32 bits of the 64 of the mark, so it is compared by how long ago it was, in transactions. A mark of later than now is
 * of another database: then everything has changed.
 */
const writtenSince = (table: string, mark: string) =>
  `((${currentTransaction} - ${table}.xmin::text::bigint) & 4294967295) <= ${currentTransaction} - ${mark}::bigint`;
const currentTransaction = '(SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint)';

/** The oldest transaction that has not ended: all rows of earlier ones can be seen. */
export const markText = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS mark`;
export const markRow = z.object({ mark: z.string() });

/**
 * Conditions on `symbol_alias` a, `listing` l and `instrument` i, and on the tables of prices that are read beside them.
 * `named` are the listings that contain the text, where one is wanted.
 */
export function conditionsOf(
  of: QuotesWanted,
  named: string | null,
  parameters: Parameters,
  prices: { readonly changed: (test: (table: string) => string) => string; readonly stored: (at: string) => string },
): string {
  const conditions: string[] = [];
  if (of.assetClass !== null) conditions.push(`a.asset_class = ${parameters.addDeciding(of.assetClass)}`);
  if (of.mic !== null) conditions.push(`l.mic = ${parameters.addDeciding(of.mic)}`);
  if (named !== null) {
    conditions.push(`a.listing_id = ANY (${parameters.addDeciding(named)}::int[])`);
    conditions.push(containsText(parameters.add(of.text)));
  }
  if (of.watched) {
    parameters.note('watched');
    conditions.push('a.symbol IN (SELECT w.symbol FROM watch w)');
  }
  if (of.except.length > 0) conditions.push(`a.symbol <> ALL (${parameters.add(texts(of.except), 'except')}::text[])`);
  if (of.changedSince !== null && 'at' in of.changedSince)
    conditions.push(prices.stored(`${parameters.add(of.changedSince.at, 'stored')}::timestamptz`));
  if (of.changedSince !== null && 'mark' in of.changedSince) {
    const mark = parameters.add(of.changedSince.mark, 'changed');
    const changed = (table: string) => writtenSince(table, mark);
    conditions.push(
      `(${mark}::bigint > ${currentTransaction} OR ${['a', 'l', 'i'].map(changed).join(' OR ')} OR ${prices.changed(changed)})`,
    );
  }
  return conditions.map((condition) => ` AND ${condition}`).join('');
}

/** Of a subquery `x` the rows after a place in an order, the order and its column; and what it has of a subquery `y` for that. */
export function pageOf(
  of: {
    readonly order: QuoteOrder;
    readonly down: boolean;
    readonly after: { readonly value: string | null; readonly symbol: string } | null;
  },
  parameters: Parameters,
): { readonly value: string; readonly place: string; readonly after: string; readonly order: string } {
  const { order, down, after } = of;
  const place = order === 'symbol' ? 'y.symbol' : `y.symbol, y.${orderColumns[order]}`;
  const value = `x.${orderColumns[order]}`;
  const way = down ? 'DESC' : 'ASC';
  const sorted = `ORDER BY ${value} IS NULL, ${value} ${way}, x.symbol`;
  if (after === null) return { value, place, after: '', order: sorted };
  const symbol = parameters.add(after.symbol);
  if (after.value === null)
    return { value, place, after: `WHERE ${value} IS NULL AND x.symbol > ${symbol}`, order: sorted };
  const last = `${parameters.add(after.value)}::${orderTypes[order]}`;
  return {
    value,
    place,
    after: `WHERE ${value} ${down ? '<' : '>'} ${last} OR (${value} = ${last} AND x.symbol > ${symbol}) OR ${value} IS NULL`,
    order: sorted,
  };
}
