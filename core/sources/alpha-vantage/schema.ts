import * as z from 'zod';
import { codeText } from '../reading/json.ts';

/*
 * What Alpha Vantage answers, after recorded answers. All values are text. Keys carry a number in front ("05. price")
 * that its versions change now and then, so they are read by their name.
 */

/** An object of texts whose keys are read without their numbers: `05. price` is `price`. */
const numbered = z.record(z.string(), z.unknown()).transform((row) => {
  const named = Object.entries(row).map(([key, value]) => [key.replace(/^\d{1,2}[a-z]?\.\s+/, ''), value] as const);
  return Object.fromEntries(named);
});

/** No number of theirs is longer; a longer one would be none that a database takes. */
const number = z.string().max(40);
const spare = number.nullish().catch(null);

/** `Global Quote`. An unknown symbol gives an empty object. */
export const quoteRowSchema = numbered.pipe(
  z.object({
    symbol: codeText(64),
    price: number,
    volume: spare,
    'latest trading day': z.iso.date(),
    'previous close': spare,
  }),
);

export const quoteAnswerSchema = z.object({ 'Global Quote': z.record(z.string(), z.unknown()) });

export const seriesMetaSchema = numbered.pipe(z.object({ Symbol: codeText(64), 'Time Zone': z.string().max(64) }));

export const barRowSchema = numbered.pipe(
  z.object({ open: number, high: number, low: number, close: number, volume: spare }),
);

export const seriesAnswerSchema = z.object({
  'Meta Data': z.record(z.string(), z.unknown()),
  'Time Series (Daily)': z.record(z.string(), z.unknown()),
});

/** What stands in a 200 in place of data. */
export const excuseSchema = z.object({
  Note: z.string().optional(),
  Information: z.string().optional(),
  'Error Message': z.string().optional(),
});
