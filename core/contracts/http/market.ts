import * as z from 'zod';
import { barBases, barIntervals, corporateActionTypes } from '../../market/bar.ts';
import { assetClasses } from '../../market/instrument.ts';
import { asOfBases, sessions } from '../../market/quote.ts';
import { licenceClasses } from '../words/licence.ts';
import { decimal, problemSchema, warningSchema } from './envelope.ts';

export const instrumentSchema = z
  .object({
    symbol: z.string(),
    name: z.string().nullable(),
    assetClass: z.enum(assetClasses),
    mic: z.string(),
    exchange: z.string(),
    currency: z.string(),
    zone: z.string(),
  })
  .meta({ id: 'Instrument' });
export type InstrumentView = z.infer<typeof instrumentSchema>;

/** A venue with the prices that are stored of it. */
export const exchangeSchema = z
  .object({
    mic: z.string(),
    name: z.string(),
    /** Of its listings. */
    zone: z.string(),
    /** Whether it trades now, by its calendar; a lunch break is closed. Always, where nothing closes it. */
    open: z.boolean(),
    /** The session under way, or else the next one; `null` where nothing closes it. */
    session: z.object({ date: z.iso.date(), opensAt: z.iso.datetime(), closesAt: z.iso.datetime() }).nullable(),
    /** Listings with a price. */
    instruments: z.int(),
    /** How many of these prices are stale. */
    stale: z.int(),
    /** The market time of the newest price, and the part of the day in which its source saw it. */
    newestAsOf: z.iso.datetime(),
    newestSession: z.enum(sessions).nullable(),
  })
  .meta({ id: 'Exchange' });
export type ExchangeView = z.infer<typeof exchangeSchema>;

/** How many instruments of a class have a price, and how many of these are on the watch list. */
export const assetClassSchema = z
  .object({ assetClass: z.enum(assetClasses), instruments: z.int(), watched: z.int() })
  .meta({ id: 'AssetClass' });
export type AssetClassView = z.infer<typeof assetClassSchema>;

/** The prices of a symbol in its last session, or of its last 24 hours where nothing closes its market: few, for a small line. */
export const sparklineSchema = z
  .object({
    symbol: z.string(),
    source: z.string(),
    from: z.iso.datetime(),
    to: z.iso.datetime(),
    /** The last price of each part of that time, all as long, oldest first; `null` where there was none. */
    prices: z.array(decimal.nullable()),
  })
  .meta({ id: 'Sparkline' });
export type SparklineView = z.infer<typeof sparklineSchema>;

/** Where a number came from, down to the raw blob. */
export const provenanceSchema = z
  .object({
    runId: z.uuid(),
    part: z.int(),
    attempt: z.int(),
    blobKey: z.string(),
    parserVersion: z.string(),
    batchId: z.string(),
  })
  .meta({ id: 'Provenance' });

/** A price in major units and what belongs to it, as one source gives it. */
export const priceFields = {
  price: decimal,
  previousClose: decimal.nullable(),
  change: decimal.nullable(),
  /** A fraction: 0.0127 is 1.27 %. */
  changeFraction: decimal.nullable(),
  bid: decimal.nullable(),
  ask: decimal.nullable(),
  volume: decimal.nullable(),
  currency: z.string(),
  minorFactor: z.int(),
  session: z.enum(sessions).nullable(),
  delaySeconds: z.int().nullable(),
  asOf: z.iso.datetime(),
  asOfBasis: z.enum(asOfBases),
};

const quoteFields = {
  ...priceFields,
  fetchedAt: z.iso.datetime(),
  ingestedAt: z.iso.datetime(),
  source: z.string(),
  licence: z.enum(licenceClasses),
  provenance: provenanceSchema,
};

/**
 * Nothing has agreed with the price yet: it is its source's first, or the first after a step. A second fetch, a bar or
 * another source settles it.
 */
const provisional = z.boolean().default(false);

const currencyCode = z.string().regex(/^[A-Z]{3}$/, 'must be a code of ISO 4217');
const changeFrom = z.iso.date().optional();

/**
 * What becomes of a symbol from a day on, today unless given: the listing trades in another currency, or has another
 * symbol, or the symbol means another instrument.
 */
export const listingChangeSchema = z
  .union([
    z.strictObject({
      change: z.literal('currency'),
      currency: currencyCode,
      /** The venue quotes in units of which so many make one of the currency. */
      minorFactor: z.union([z.literal(1), z.literal(100), z.literal(1_000)]).default(1),
      from: changeFrom,
    }),
    z.strictObject({ change: z.literal('symbol'), to: z.string().min(1).max(64), from: changeFrom }),
    z.strictObject({
      change: z.literal('instrument'),
      name: z.string().max(200).optional(),
      currency: currencyCode.optional(),
      from: changeFrom,
    }),
  ])
  .meta({ id: 'ListingChange' });

export const openedValiditySchema = z
  .object({
    symbol: z.string(),
    formerSymbol: z.string(),
    listingId: z.int(),
    formerListingId: z.int(),
    currency: z.string(),
    /** From this day on; before it the former symbol means the former listing. */
    from: z.iso.date(),
  })
  .meta({ id: 'OpenedValidity' });

/** What one source says of a price, and whether it was chosen. Listed with `?explain=1`. */
export const candidateSchema = z
  .object({ ...quoteFields, chosen: z.boolean(), provisional, stale: z.boolean(), ageSeconds: z.number() })
  .meta({ id: 'Candidate' });

export const quoteSchema = z
  .object({
    instrument: instrumentSchema,
    ...quoteFields,
    provisional,
    stale: z.boolean(),
    /** Seconds since the source last confirmed this price. */
    ageSeconds: z.number(),
    /**
     * `single`: one source; `agreed`: several within tolerance; `disputed`: they differ. `null` when a source was
     * requested.
     */
    confidence: z.enum(['single', 'agreed', 'disputed']).nullable(),
    /** The rule that chose the source, or `null` when a source was requested. */
    rule: z.string().nullable(),
    /** Largest relative difference to another source's price, as a fraction. */
    spread: decimal.nullable(),
    /** Of a coin: the source of previous close, change, bid and ask where that of the price gives none. */
    completedBy: z.string().nullable().default(null),
    candidates: z.array(candidateSchema).optional(),
  })
  .meta({ id: 'Quote' });
export type QuoteView = z.infer<typeof quoteSchema>;

/** In a batch each symbol has its own answer: a quote or a problem. */
export const batchItemSchema = z
  .object({
    symbol: z.string(),
    quote: quoteSchema.nullable(),
    error: problemSchema.pick({ code: true, detail: true, retryable: true, command: true }).nullable(),
  })
  .meta({ id: 'QuoteBatchItem' });
export type QuoteBatchItem = z.infer<typeof batchItemSchema>;

export const batchRequestSchema = z
  .strictObject({ symbols: z.array(z.string()).min(1).max(500) })
  .meta({ id: 'QuoteBatchRequest' });

/**
 * One stored price of the past. `knownTo` is set on a row that was later corrected, `repairedBy` where the price is what an
 * accepted finding proposes.
 */
export const tickRowSchema = z
  .object({
    ...quoteFields,
    knownFrom: z.iso.datetime(),
    knownTo: z.iso.datetime().nullable(),
    repairedBy: z.string().optional(),
  })
  .meta({ id: 'QuoteTick' });
export type QuoteTick = z.infer<typeof tickRowSchema>;

export const barSchema = z
  .object({
    /** Start of the interval. */
    startsAt: z.iso.datetime(),
    date: z.iso.date().nullable(),
    open: decimal.nullable(),
    high: decimal.nullable(),
    low: decimal.nullable(),
    close: decimal,
    volume: decimal.nullable(),
    /** Its time is over and settled, and the source was asked since. */
    final: z.boolean(),
    /** Of its source. */
    licence: z.enum(licenceClasses),
    /** Ids of what speaks against it, or has repaired it. */
    findings: z.array(z.string()),
  })
  .meta({ id: 'Bar' });
export type BarView = z.infer<typeof barSchema>;

export const corporateActionSchema = z
  .object({
    type: z.enum(corporateActionTypes),
    exDate: z.iso.date(),
    ratio: decimal.nullable(),
    amount: decimal.nullable(),
    currency: z.string().nullable(),
    source: z.string(),
    knownAt: z.iso.datetime(),
  })
  .meta({ id: 'CorporateAction' });

export const barsSchema = z
  .object({
    instrument: instrumentSchema,
    interval: z.enum(barIntervals),
    adjustment: z.enum(['none', ...barBases]),
    /** What the stored prices already are; `adjustment=none` gives them as stored. */
    basis: z.enum(barBases),
    basisAt: z.iso.datetime().nullable(),
    source: z.string(),
    licence: z.enum(licenceClasses),
    currency: z.string(),
    zone: z.string(),
    bars: z.array(barSchema),
    actions: z.array(corporateActionSchema),
  })
  .meta({ id: 'Bars' });
export type BarsView = z.infer<typeof barsSchema>;

/** Of several symbols each has its own answer: bars, or an error. */
export const barsItemSchema = z
  .object({
    symbol: z.string(),
    bars: barsSchema.nullable(),
    warnings: z.array(warningSchema),
    error: problemSchema.pick({ code: true, detail: true, retryable: true, command: true }).nullable(),
  })
  .meta({ id: 'BarsItem' });
export type BarsItem = z.infer<typeof barsItemSchema>;
