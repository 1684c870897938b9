import * as z from 'zod';
import { readerOf } from '../../contracts/in-place.ts';
import { codeText } from '../reading/json.ts';

/*
 * The parts that are read of what Yahoo answers, after recorded answers (see docs/adding-a-source.md). All else is
 * dropped: fields appear and vanish with load, and types of unread ones drift (`trailingPE: "Infinity"`).
 */

/** A field that may be missing or nonsense without spoiling the row. */
const spare = <T extends z.ZodType>(type: T) => type.nullish().catch(null);
const finite = z.number();

/** A time in seconds since the epoch. What would be one of after the year 5000 is in milliseconds. */
const latestSeconds = 1e11;
export const toSeconds = (time: number): number => (Math.abs(time) >= latestSeconds ? time / 1_000 : time);
const seconds = finite.transform(toSeconds);
const inSeconds = (times: number[]) =>
  times.some((time) => Math.abs(time) >= latestSeconds) ? times.map(toSeconds) : times;

/** An index need not have one. */
const currencyText = z
  .string()
  .regex(/^[\x20-\x7e]{0,8}$/)
  .nullish();

/** One row of `/v7/finance/quote`. The price has no fallback: without it there is no quote. */
export const quoteRowSchema = z.object({
  symbol: codeText(64),
  quoteType: spare(z.string()),
  currency: currencyText,
  exchange: codeText(16),
  exchangeTimezoneName: spare(z.string()),
  exchangeDataDelayedBy: spare(finite),
  marketState: spare(z.string()),
  longName: spare(z.string()),
  shortName: spare(z.string()),
  firstTradeDateMilliseconds: spare(finite),
  regularMarketPrice: finite,
  // Without a transformation, which costs as much as the rest of a row: see `toSeconds`.
  regularMarketTime: finite.nullish(),
  // A witness of the price, not the price: nonsense in it costs no row.
  regularMarketPreviousClose: spare(finite),
  regularMarketVolume: spare(finite),
  bid: spare(finite),
  ask: spare(finite),
});
export type YahooRow = z.infer<typeof quoteRowSchema>;

/** `quoteRowSchema.safeParse`, in a fraction of its time for a row that is as usual. */
export const readQuoteRow = readerOf(quoteRowSchema);

/** The fields to request: what `quoteRowSchema` reads. Keeps an answer at a quarter of its full size. */
export const quoteFields = Object.keys(quoteRowSchema.shape);

/** `{quoteResponse: {result, error}}`. Rows are checked one by one, so that a bad one costs only itself. */
export const quoteAnswerSchema = z.object({
  quoteResponse: z.object({ result: z.array(z.unknown()).nullable(), error: z.unknown() }),
});

/** Yahoo's errors with a JSON body, on any route. */
export const errorAnswerSchema = z.object({ code: z.string() });

/**
 * A column of a chart. What is no number in one that has numbers ("N/A", "-") spoils its own row only, as NaN; a column
 * without any is another shape.
 */
const column = z
  .union([
    // In place: zod would make an object for each number, and a copy of all.
    z.custom<readonly (number | null)[]>(
      (values) => Array.isArray(values) && values.every((value) => value === null || Number.isFinite(value)),
    ),
    z
      .array(z.unknown())
      .refine((values) => values.some((value) => Number.isFinite(value)))
      .transform((values) => values.map((value) => (value === null || typeof value === 'number' ? value : Number.NaN))),
  ])
  .optional();

/** `{chart: {result: [one], error}}` of `/v8/finance/chart`. No `timestamp`: no bars in the range, and no error. */
export const chartAnswerSchema = z.object({
  chart: z.object({
    result: z
      .array(
        z.object({
          meta: z.object({
            symbol: codeText(64),
            currency: currencyText,
            exchangeName: codeText(16),
            instrumentType: spare(z.string()),
            exchangeTimezoneName: z.string(),
            longName: spare(z.string()),
            shortName: spare(z.string()),
            firstTradeDate: spare(seconds),
            dataGranularity: z.string(),
            regularMarketPrice: spare(finite),
            regularMarketTime: spare(seconds),
            chartPreviousClose: spare(finite),
            currentTradingPeriod: spare(z.object({ regular: z.object({ start: finite, end: finite }) })),
          }),
          timestamp: z.array(finite).transform(inSeconds).optional(),
          events: z
            .object({
              dividends: z
                .record(z.string(), z.object({ amount: finite, date: seconds, currency: spare(z.string()) }))
                .optional(),
              capitalGains: z.record(z.string(), z.object({ amount: finite, date: seconds })).optional(),
              splits: z
                .record(z.string(), z.object({ date: seconds, numerator: finite, denominator: finite }))
                .optional(),
            })
            .optional(),
          indicators: z.object({
            quote: z.array(z.object({ open: column, high: column, low: column, close: column, volume: column })).min(1),
            adjclose: spare(z.array(z.object({ adjclose: column }))),
          }),
        }),
      )
      .nullable(),
    error: z.unknown(),
  }),
});
export type Chart = NonNullable<z.infer<typeof chartAnswerSchema>['chart']['result']>[number];
