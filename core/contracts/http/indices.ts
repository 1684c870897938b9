import * as z from 'zod';
import { licenceClasses } from '../words/licence.ts';
import { decimal, problemSchema } from './envelope.ts';
import { instrumentSchema, quoteSchema } from './market.ts';

/** A snapshot of an index's members. */
const constituentSetSchema = z.object({
  source: z.string(),
  /** The day of the snapshot, in the index's zone. */
  date: z.iso.date(),
  count: z.int(),
  /** Sum of the weights, a fraction: rounding makes it a little more or less than 1. */
  weight: decimal,
  fetchedAt: z.iso.datetime(),
  /** The last fetch of the day. */
  confirmedAt: z.iso.datetime(),
  licence: z.enum(licenceClasses),
});

/** An index: its level and its members. */
export const indexSchema = z
  .object({
    instrument: instrumentSchema,
    /** `null` while no source has given its level. */
    quote: quoteSchema.nullable(),
    /** `null` where no source has given its members. */
    constituents: constituentSetSchema.nullable(),
  })
  .meta({ id: 'Index' });
export type IndexView = z.infer<typeof indexSchema>;

/** In a batch each symbol has its own answer. */
export const indexBatchItemSchema = z
  .object({
    symbol: z.string(),
    index: indexSchema.nullable(),
    error: problemSchema.pick({ code: true, detail: true, retryable: true }).nullable(),
  })
  .meta({ id: 'IndexBatchItem' });
export type IndexBatchItem = z.infer<typeof indexBatchItemSchema>;

export const indexBatchRequestSchema = z
  .strictObject({ symbols: z.array(z.string()).min(1).max(100) })
  .meta({ id: 'IndexBatchRequest' });

export const constituentSchema = z
  .object({
    rank: z.int(),
    instrument: instrumentSchema,
    /** A fraction: 0.0705 is 7.05 %. */
    weight: decimal,
    /** The price beside the weight; `null` where the checks rejected it. */
    price: decimal.nullable(),
    previousClose: decimal.nullable(),
    change: decimal.nullable(),
    changeFraction: decimal.nullable(),
    currency: z.string(),
  })
  .meta({ id: 'Constituent' });
export type ConstituentView = z.infer<typeof constituentSchema>;

export const constituentsSchema = constituentSetSchema
  .extend({ index: instrumentSchema, constituents: z.array(constituentSchema) })
  .meta({ id: 'Constituents' });
export type ConstituentsView = z.infer<typeof constituentsSchema>;
