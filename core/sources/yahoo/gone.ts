import * as z from 'zod';
import type { Failure } from '../../contracts/failure.ts';

/** Where Yahoo lists what is not listed any more. */
const delisted = 'YHD';

const outlineSchema = z.object({
  exchange: z.string().nullish().catch(null),
  quoteType: z.string().nullish().catch(null),
  currency: z.string().nullish().catch(null),
  regularMarketPrice: z.unknown().optional(),
});

/** The part of a row or a chart that says whether its symbol is gone. */
type GoneOutline = z.infer<typeof outlineSchema>;

/**
 * Whether a row of quotes, or what stands above a chart without bars, is what is left of a symbol that is gone: on the
 * venue of what is delisted, or of no type, and without a price or a currency.
 */
export function isGone(raw: unknown): boolean {
  const outline = outlineSchema.safeParse(raw).data;
  return outline !== undefined && saysGone(outline);
}

/** The same of a row that has been read. */
export function saysGone({ exchange, quoteType, currency, regularMarketPrice: price }: GoneOutline): boolean {
  return (exchange === delisted || quoteType === 'NONE') && (price == null || !currency);
}

/** That the source does not have a symbol any more. */
export const gone: Failure = {
  reason: 'not_found',
  detail: { code: 'unknown_symbol' },
  message: 'The source does not have this symbol any more.',
};
