/**
 * Quotes of an event as the outbox keeps them: by column, a column that holds one value as that value. Nearly all events of a
 * day are of quotes, and their rows as followers get them have six times as many characters.
 */
import * as z from 'zod';
import { ofQuotes } from '../contracts/events/event.ts';
import { asOfBases, sessions } from '../market/quote.ts';
import type { QuotesEvent } from './of-batch.ts';

/** One value for all rows, or one for each. */
const column = <Value extends z.ZodType>(value: Value) => z.union([value, z.array(value)]);
/** Milliseconds since the epoch, of a time that has a text. */
const time = z.int().min(-8.64e15).max(8.64e15);
/** It is put into JSON as it is. */
const decimal = z.string().regex(/^-?\d+(?:\.\d+)?$/);

const columns = z
  .object({
    listingId: z.array(z.int()).min(1),
    symbol: z.array(z.string()),
    asOf: column(time),
    asOfBasis: column(z.enum(asOfBases)),
    fetchedAt: column(time),
    price: column(decimal),
    previousClose: column(decimal.nullable()),
    bid: column(decimal.nullable()),
    ask: column(decimal.nullable()),
    volume: column(decimal.nullable()),
    currency: column(z.string()),
    session: column(z.enum(sessions).nullable()),
    delaySeconds: column(z.number().nullable()),
    provisional: column(z.boolean()),
  })
  .refine((of) => Object.values(of).every((each) => !Array.isArray(each) || each.length === of.listingId.length));

/** The data of such an event in the outbox. */
const stored = ofQuotes.extend({ columns });

/** The data of an event of quotes, as JSON for the outbox. The former release reads counts in place of columns. */
export function storedQuotes({ data, counts, quotes, symbols }: QuotesEvent): string {
  const of = (read: (row: (typeof quotes)[number]) => unknown) => {
    const values = quotes.map(read);
    return values.every((value) => value === values[0]) ? values[0] : values;
  };
  const rows: Record<keyof z.output<typeof columns>, unknown> = {
    listingId: quotes.map((row) => row.listing.id),
    symbol: symbols,
    asOf: of((row) => row.quote.asOf),
    asOfBasis: of((row) => row.quote.asOfBasis),
    fetchedAt: of((row) => row.fetchedAt),
    price: of((row) => row.quote.price),
    previousClose: of((row) => row.quote.previousClose),
    bid: of((row) => row.quote.bid),
    ask: of((row) => row.quote.ask),
    volume: of((row) => row.quote.volume),
    currency: of((row) => row.quote.currency),
    session: of((row) => row.quote.session),
    delaySeconds: of((row) => row.quote.delaySeconds),
    provisional: of((row) => row.provisional === true),
  };
  return JSON.stringify({ ...data, ...counts, columns: rows });
}

/** What `storedQuotes` gave, as followers get it: the data as JSON. `null` for anything else. */
export function dataOfStored(data: unknown): { readonly of: z.output<typeof ofQuotes>; readonly text: string } | null {
  const parsed = stored.safeParse(data);
  if (!parsed.success) return null;
  const { columns: rows, ...of } = parsed.data;
  return { of, text: `${JSON.stringify(of).slice(0, -1)},"rows":${rowsText(rows)}}` };
}

/**
 * It is put together as text: an object of each row, which `JSON.stringify` reads again, costs several times as much. Decimals
 * and words hold nothing to be escaped.
 */
function rowsText(of: z.output<typeof columns>): string {
  const isoTime = isoTimes();
  const cells = {
    asOf: cell(of.asOf, isoTime),
    asOfBasis: cell(of.asOfBasis, quoted),
    fetchedAt: cell(of.fetchedAt, isoTime),
    price: cell(of.price, quoted),
    previousClose: cell(of.previousClose, quoted),
    bid: cell(of.bid, quoted),
    ask: cell(of.ask, quoted),
    volume: cell(of.volume, quoted),
    currency: cell(of.currency, JSON.stringify),
    session: cell(of.session, quoted),
    delaySeconds: cell(of.delaySeconds, String),
    provisional: cell(of.provisional, String),
  };
  let text = '';
  for (const [at, listingId] of of.listingId.entries()) {
    text += `${at === 0 ? '' : ','}{"listingId":${listingId},"symbol":${JSON.stringify(of.symbol[at])}`;
    for (const [name, textAt] of Object.entries(cells)) text += `,"${name}":${textAt(at)}`;
    text += '}';
  }
  return `[${text}]`;
}

/** A column's values as JSON, by row. */
function cell<Value>(values: Value | readonly Value[], textOf: (value: Value) => string): (at: number) => string {
  if (isList(values)) return (at) => textOf(values[at] as Value);
  const text = textOf(values);
  return () => text;
}

function isList<Value>(values: Value | readonly Value[]): values is readonly Value[] {
  return Array.isArray(values);
}

const quoted = (text: string | null) => (text === null ? 'null' : `"${text}"`);

/** Times of milliseconds since the epoch, as JSON. Those of an answer are mostly of one minute, which is written once. */
function isoTimes(): (ms: number) => string {
  let [minute, text] = [Number.NaN, ''];
  return (ms) => {
    const past = ((ms % 60_000) + 60_000) % 60_000;
    if (ms - past !== minute) {
      minute = ms - past;
      text = new Date(minute).toISOString().slice(0, -'00.000Z'.length);
    }
    const thousandths = String(100_000 + past);
    return `"${text}${thousandths.slice(1, 3)}.${thousandths.slice(3)}Z"`;
  };
}
