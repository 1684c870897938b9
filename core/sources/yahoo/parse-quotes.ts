import type { Failure } from '../../contracts/failure.ts';
import { type DecimalText, decimalFromNumber, divide } from '../../market/decimal.ts';
import type { Listing } from '../../market/instrument.ts';
import type { Quote, Session } from '../../market/quote.ts';
import type { Parsed, ParsedQuote, Rejection, SourceAnswer, Subject } from '../parser.ts';
import { failed, fieldsOf, invalidFields } from '../reading/json.ts';
import { readJson, toldFailure } from './answer.ts';
import { gone, isGone, saysGone } from './gone.ts';
import { quoteAnswerSchema, quoteRowSchema, readQuoteRow, toSeconds, type YahooRow } from './schema.ts';
import { askedAs, subjectOf, type Unit, unitOf } from './subject.ts';

/** `PREPRE` and `POSTPOST` are the hours between the sessions: nothing trades. */
const sessionOf: ReadonlyMap<string, Session> = new Map(
  Object.entries<Session>({
    PRE: 'pre',
    REGULAR: 'regular',
    POST: 'post',
    CLOSED: 'closed',
    PREPRE: 'closed',
    POSTPOST: 'closed',
  }),
);

/**
 * Reads an answer of `/v7/finance/quote`.
 *
 *   1. the answer as a whole: a list of rows, or a failure
 *   2. each row by schema; one that has no price, or is of other types, is rejected alone
 *   3. minor units become major ones, numbers become decimals
 *   4. requested symbols without a row are named
 */
export function parseQuotes(answer: SourceAnswer): Parsed {
  const opened = openQuotes(answer);
  if ('failure' in opened) return failed(opened.failure);
  const fetchedAt = Date.parse(answer.fetchedAt);
  const quotes: ParsedQuote[] = [];
  const rejections: Rejection[] = [];
  const answered = new Set<string>();
  for (const [index, raw] of opened.rows.entries()) {
    const row = readQuoteRow(raw);
    if (row.success ? saysGone(row.data) : isGone(raw)) continue;
    if (row.success) {
      const symbol = askedAs(row.data.symbol, answer.request.symbols);
      answered.add(symbol);
      const unit = unitOf({ symbol, type: row.data.quoteType, currency: row.data.currency });
      if ('finding' in unit) {
        const reason = unit.finding.code === 'unknown_currency' ? 'unit_suspect' : 'schema';
        rejections.push({ symbol, reason, ...unit, path: `quoteResponse.result[${index}]` });
        continue;
      }
      const asked = symbol === row.data.symbol ? row.data : { ...row.data, symbol };
      const { subject, quote } = quoteOf(asked, unit, fetchedAt);
      quotes.push({ subject, quote: unit.said ? quote : { ...quote, currency: null } });
    } else {
      const { symbol, lacking } = outlineOf(raw);
      if (symbol) answered.add(askedAs(symbol, answer.request.symbols));
      const fields = [...lacking, ...fieldsOf(row.error)];
      rejections.push({
        symbol,
        reason: 'schema',
        finding: invalidFields(fields),
        detail: `Missing or of another type: ${fields.join(', ')}.`,
        path: `quoteResponse.result[${index}]`,
      });
    }
  }
  return {
    quotes,
    bars: [],
    rejections,
    failure: null,
    missing: answer.request.symbols.filter((symbol) => !answered.has(symbol)),
  };
}

/** The rows of an answer, unread, or why there are none. */
export function openQuotes(answer: SourceAnswer): { rows: readonly unknown[] } | { failure: Failure } {
  const read = readJson(answer, quoteAnswerSchema);
  if ('failure' in read) return read;
  const { result: rows, error } = read.value.quoteResponse;
  if (!rows) return { failure: toldFailure(error) };
  if (rows.length > 0) return rows.every(isGone) ? { failure: gone } : { rows };
  return {
    failure: {
      reason: 'no_data',
      detail: { code: 'no_rows' },
      message: `The source has no quote for any of the ${answer.request.symbols.length} symbols asked for.`,
    },
  };
}

/** A quote of Yahoo, which always names the venue; the currency of an index without one is `XXX`. */
export interface YahooQuote {
  readonly subject: Subject & { readonly listing: Listing };
  readonly quote: Quote;
}

/** One row by itself; `null` when it has no price, an unknown currency, or other types. `fetchedAt` in milliseconds since the epoch. */
export function parseQuoteRow(raw: unknown, fetchedAt: number): YahooQuote | null {
  const row = readQuoteRow(raw);
  if (!row.success) return null;
  const { symbol, quoteType: type, currency } = row.data;
  const unit = unitOf({ symbol, type, currency });
  return 'finding' in unit ? null : quoteOf(row.data, unit, fetchedAt);
}

function quoteOf(row: YahooRow, unit: Unit, fetchedAt: number): YahooQuote {
  const subject = subjectOf({
    symbol: row.symbol,
    type: row.quoteType,
    exchange: row.exchange,
    unit,
    zone: row.exchangeTimezoneName,
    name: row.longName ?? row.shortName,
    firstTraded: row.firstTradeDateMilliseconds,
  });
  const { currency, minorFactor } = unit;
  const money = (value: number | null | undefined): DecimalText | null => {
    const text = value == null ? null : decimalFromNumber(value);
    return text === null ? null : divide(text, minorFactor);
  };
  // Yahoo writes 0 where it has no book: a bid or ask of 0 is a missing one.
  const book = (value: number | null | undefined) => (value === 0 ? null : money(value));
  const marketTime = row.regularMarketTime;
  return {
    subject,
    quote: {
      price: money(row.regularMarketPrice) ?? '0',
      previousClose: money(row.regularMarketPreviousClose),
      bid: book(row.bid),
      ask: book(row.ask),
      volume: row.regularMarketVolume == null ? null : decimalFromNumber(row.regularMarketVolume),
      currency,
      minorFactor,
      session: sessionOf.get(row.marketState ?? '') ?? null,
      delaySeconds: row.exchangeDataDelayedBy == null ? null : Math.round(row.exchangeDataDelayedBy * 60),
      asOf: marketTime == null ? fetchedAt : Math.round(toSeconds(marketTime) * 1000),
      asOfBasis: marketTime == null ? 'fetched' : 'exchange',
    },
  };
}

/** What can be said of a row that is not of the schema: its symbol, and whether it lacks a currency that it needs. */
function outlineOf(raw: unknown): { symbol: string | null; lacking: readonly string[] } {
  const named = quoteRowSchema.pick({ symbol: true, quoteType: true, currency: true }).safeParse(raw);
  if (!named.success) return { symbol: symbolOf(raw), lacking: [] };
  const { symbol, quoteType: type, currency } = named.data;
  const unit = unitOf({ symbol, type, currency });
  return { symbol, lacking: 'finding' in unit && unit.finding.code === 'invalid_fields' ? unit.finding.fields : [] };
}

function symbolOf(raw: unknown): string | null {
  const named = quoteRowSchema.pick({ symbol: true }).safeParse(raw);
  return named.success ? named.data.symbol : null;
}
