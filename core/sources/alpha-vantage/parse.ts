import type { Failure } from '../../contracts/failure.ts';
import type { DecimalText } from '../../market/decimal.ts';
import { dateInZone, isZone, startOfDate } from '../../market/zoned-date.ts';
import type { CurrencylessBar, Parsed, ParsedBars, Rejection, SourceAnswer, SourceParser, Subject } from '../parser.ts';
import { driftOf, failed, fieldsOf, invalidFields, readBody } from '../reading/json.ts';
import { numberFromText } from '../reading/number-text.ts';
import { excuseOf } from './excuse.ts';
import { barRowSchema, quoteAnswerSchema, quoteRowSchema, seriesAnswerSchema, seriesMetaSchema } from './schema.ts';
import { answerZone, knownListing } from './symbols.ts';

/** Alpha Vantage: one symbol a request, all values as text, no currency, no time of day. */
export const alphaVantageParser: SourceParser = {
  version: 'alpha-vantage-2',
  requests: ({ kind, symbols }) =>
    symbols.map((symbol) => ({
      path: '/query',
      query: { function: kind === 'quotes' ? 'GLOBAL_QUOTE' : 'TIME_SERIES_DAILY', symbol },
      symbols: [symbol],
    })),
  parse: (kind, answer) => (kind === 'quotes' ? parseQuote(answer) : parseSeries(answer)),
  failureIn(kind, answer) {
    const opened = kind === 'quotes' ? openQuote(answer) : openSeries(answer);
    return 'failure' in opened ? opened.failure : null;
  },
};

/**
 * Reads `GLOBAL_QUOTE`. All it says of the time is the latest trading day: the price is no newer than the end of that
 * day, and no newer than the fetch. That is its `asOf`, on the basis `fetched`, which never beats an exchange's time.
 */
function parseQuote(answer: SourceAnswer): Parsed {
  const opened = openQuote(answer);
  if ('failure' in opened) return failed(opened.failure);
  const asked = answer.request.symbols;
  const row = quoteRowSchema.safeParse(opened.row);
  const reject = (fields: readonly string[], detail: string): Parsed => ({
    ...nothing,
    rejections: [
      { symbol: asked[0] ?? null, reason: 'schema', finding: invalidFields(fields), detail, path: 'Global Quote' },
    ],
  });
  if (!row.success) {
    const fields = fieldsOf(row.error);
    return reject(fields, `Missing or of another type: ${fields.join(', ')}.`);
  }
  const { symbol } = row.data;
  const price = numberOf(row.data.price);
  const endOfDay = endOf(row.data['latest trading day']);
  if (price === null) return reject(['price'], 'The price is no number.');
  if (endOfDay === null) return reject(['latest trading day'], 'The trading day is not a date.');
  const fetchedAt = Date.parse(answer.fetchedAt);
  const subject = subjectOf(symbol);
  const quote = {
    price,
    previousClose: textOrNull(row.data['previous close']),
    bid: null,
    ask: null,
    volume: textOrNull(row.data.volume),
    minorFactor: 1,
    session: null,
    delaySeconds: null,
    asOf: Math.min(fetchedAt, endOfDay),
    asOfBasis: 'fetched',
  } as const;
  return {
    ...nothing,
    quotes: [
      {
        subject,
        quote: subject.listing ? { ...quote, currency: subject.listing.currency } : { ...quote, currency: null },
      },
    ],
    missing: asked.filter((each) => each !== symbol),
  };
}

/** The row of an answer, unread, or why there is none. */
function openQuote(answer: SourceAnswer): { row: unknown } | { failure: Failure } {
  const read = readBody(answer);
  if ('failure' in read) return read;
  const parsed = quoteAnswerSchema.safeParse(read.json);
  if (!parsed.success) return { failure: excuseOf(read.json) ?? driftOf(parsed.error) };
  const row = parsed.data['Global Quote'];
  if (Object.keys(row).length > 0) return { row };
  return {
    failure: {
      reason: 'no_data',
      detail: { code: 'no_rows' },
      message: 'The source has no quote for the symbol asked for.',
    },
  };
}

/** Reads `TIME_SERIES_DAILY`: as traded, adjusted for nothing. A bar starts at midnight of its day in the answer's zone. */
function parseSeries(answer: SourceAnswer): Parsed {
  const opened = openSeries(answer);
  if ('failure' in opened) return failed(opened.failure);
  const { symbol, zone } = opened;
  const subject = subjectOf(symbol);
  const bars: ParsedBars['bars'][number][] = [];
  const rejections: Rejection[] = [];
  const places: number[] = [];
  for (const [date, raw] of Object.entries(opened.rows)) {
    const startsAt = /^\d{4}-\d\d-\d\d$/.test(date) ? startOfDate(date, zone) : null;
    if (startsAt !== null) places.push(startsAt);
    const row = barRowSchema.safeParse(raw);
    const [open, high, low, close] = row.success
      ? [row.data.open, row.data.high, row.data.low, row.data.close].map(numberOf)
      : [];
    if (startsAt === null || !row.success || open == null || high == null || low == null || close == null) {
      rejections.push({
        symbol,
        reason: 'schema',
        finding: invalidFields([startsAt === null ? 'date' : 'price']),
        detail:
          startsAt === null ? 'The date of the bar is not a date.' : 'A price of the bar is missing or no number.',
        path: `Time Series (Daily)[${JSON.stringify(date.slice(0, 40))}]`,
      });
      continue;
    }
    const bar: CurrencylessBar = {
      interval: '1d',
      startsAt,
      date,
      open,
      high,
      low,
      close,
      volume: textOrNull(row.data.volume),
      currency: null,
      minorFactor: 1,
    };
    bars.push(subject.listing ? { ...bar, currency: subject.listing.currency } : bar);
  }
  const basisAt = Date.parse(answer.fetchedAt);
  return { ...nothing, bars: [{ subject, basis: 'raw', basisAt, bars, actions: [], places }], rejections };
}

interface Series {
  readonly symbol: string;
  /** Of the dates. */
  readonly zone: string;
  /** By date, unread. */
  readonly rows: Readonly<Record<string, unknown>>;
}

/** The series of an answer with its rows unread, or why there is none. */
function openSeries(answer: SourceAnswer): Series | { failure: Failure } {
  const read = readBody(answer);
  if ('failure' in read) return read;
  const parsed = seriesAnswerSchema.safeParse(read.json);
  if (!parsed.success) return { failure: excuseOf(read.json) ?? driftOf(parsed.error) };
  const meta = seriesMetaSchema.safeParse(parsed.data['Meta Data']);
  if (!meta.success) return { failure: driftOf(meta.error) };
  const { Symbol: symbol, 'Time Zone': zone } = meta.data;
  if (isZone(zone)) return { symbol, zone, rows: parsed.data['Time Series (Daily)'] };
  return {
    failure: {
      reason: 'schema_drift',
      detail: { code: 'unknown_time_zone' },
      message: 'The dates are of a time zone that does not exist.',
    },
  };
}

const nothing: Parsed = { quotes: [], bars: [], rejections: [], failure: null, missing: [] };

function subjectOf(symbol: string): Subject {
  const known = knownListing(symbol);
  return {
    symbol,
    name: known?.name ?? null,
    assetClass: known?.assetClass ?? 'other',
    listing: known?.listing ?? null,
  };
}

function textOrNull(text: string | null | undefined): DecimalText | null {
  return text == null ? null : numberOf(text);
}

/** The number in a text, without the zeros that it is filled up with to four decimals. */
function numberOf(text: string): DecimalText | null {
  const decimal = numberFromText(text);
  return decimal?.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

/** The last millisecond of a date where the answers' dates are; `null` for a text that is not a date. */
function endOf(date: string): number | null {
  const start = startOfDate(date, answerZone);
  if (start === null) return null;
  // 26 hours on it is the next day, whether the clock changed or not.
  const next = startOfDate(dateInZone(start + 26 * 3_600_000, answerZone), answerZone);
  return next === null ? null : next - 1;
}
