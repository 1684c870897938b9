/** What is stored of prices, as it was known at an instant: for functions that answer for the past and have no database. */
import * as z from 'zod';
import { barIntervals, corporateActionTypes } from '../market/bar.ts';
import { assetClasses } from '../market/instrument.ts';
import { keyUses } from './words/licence.ts';

const symbol = z.string().min(1).max(40);
const milliseconds = z.int();
const decimal = z.string();

/** Symbols of one request for quotes. */
export const mostQuotesAsOf = 100;
/** Bars of one answer: it must fit into what a function may answer. Yahoo itself gives some 16,000 days at the most. */
export const mostBarsAsOf = 20_000;

/** `use` is that of the caller's key: only sources whose licence allows it are read. `at` is the instant whose knowledge is asked for. */
const common = { at: z.iso.datetime(), use: z.enum(keyUses) };

export const asOfRequests = [
  z.object({ op: z.literal('quotesAsOf'), ...common, symbols: z.array(symbol).min(1).max(mostQuotesAsOf) }),
  /** Bars that begin in [from, to), or in a range that ends at `at`: `5d`, `1mo`, `ytd` … */
  z.object({
    op: z.literal('barsAsOf'),
    ...common,
    symbol,
    interval: z.enum(barIntervals),
    span: z.union([
      z.object({ range: z.string().max(20) }),
      z.object({ from: milliseconds.nullable(), to: milliseconds.nullable() }),
    ]),
    /** Whether closes adjusted for dividends are wanted too. */
    totalReturn: z.boolean(),
  }),
] as const;

/** What is priced. Its venue, kind and currency are those that are known now. */
const instrument = z.object({
  symbol,
  assetClass: z.enum(assetClasses),
  mic: z.string(),
  /** Major currency; amounts are in it, however the venue writes them. */
  currency: z.string(),
  minorFactor: z.int().positive(),
  zone: z.string(),
});

/** The session that was running at the instant, or the last one before. */
const session = z.object({ opensAt: milliseconds, closesAt: milliseconds, isOpen: z.boolean() });

const quote = z.object({
  instrument,
  session: session.nullable(),
  source: z.string(),
  price: decimal,
  previousClose: decimal.nullable(),
  bid: decimal.nullable(),
  ask: decimal.nullable(),
  volume: decimal.nullable(),
  asOf: milliseconds,
  fetchedAt: milliseconds,
  delaySeconds: z.int().nullable(),
});
export type QuoteAsOf = z.infer<typeof quote>;

const series = z.object({
  found: z.literal('bars'),
  instrument,
  session: session.nullable(),
  source: z.string(),
  /** When the newest of what was known had been fetched. */
  fetchedAt: milliseconds,
  /** Columns: one value a bar. All in the shares of the instant. */
  startsAt: z.array(milliseconds),
  open: z.array(decimal.nullable()),
  high: z.array(decimal.nullable()),
  low: z.array(decimal.nullable()),
  close: z.array(decimal),
  volume: z.array(decimal.nullable()),
  /** `null` where they were not asked for. */
  adjustedClose: z.array(decimal).nullable(),
  /** The daily close before the first bar. */
  closeBefore: decimal.nullable(),
  /** Splits and payments of the time that was asked for, payments in the shares of the instant. */
  actions: z.array(
    z.object({
      type: z.enum(corporateActionTypes),
      at: milliseconds,
      ratio: decimal.nullable(),
      amount: decimal.nullable(),
      currency: z.string().nullable(),
    }),
  ),
  /** Of bars within the day, the hours of their days. */
  hours: z.array(z.object({ opensAt: milliseconds, closesAt: milliseconds })),
  /** The last price that was known. */
  last: z.object({ price: decimal, at: milliseconds }).nullable(),
});
export type BarsAsOf = z.infer<typeof series>;

export const asOfResponses = {
  quotesAsOf: z.object({ quotes: z.array(quote) }),
  barsAsOf: z.discriminatedUnion('found', [
    series,
    /** `not_derivable`: what was known then does not determine the adjusted prices. */
    z.object({ found: z.enum(['nothing', 'unknown_range', 'too_many', 'not_derivable']) }),
  ]),
} as const;
export type BarsAsOfAnswer = z.infer<(typeof asOfResponses)['barsAsOf']>;
