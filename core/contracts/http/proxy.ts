import * as z from 'zod';
import { assetClasses } from '../../market/instrument.ts';
import { asOfBases, sessions } from '../../market/quote.ts';
import { decimal } from './envelope.ts';

/** `GET /yahoo/quote/{symbol}` and `/yahoo/market/{index}`: what Yahoo says now, in the format of `/api/v1`. */
export const proxyQuoteSchema = z
  .object({
    symbol: z.string(),
    name: z.string().nullable(),
    assetClass: z.enum(assetClasses),
    mic: z.string(),
    currency: z.string(),
    /** What Yahoo's price was divided by: 100 for pence. */
    minorFactor: z.int(),
    price: decimal,
    previousClose: decimal.nullable(),
    change: decimal.nullable(),
    /** A fraction: 0.0127 is 1.27 %. */
    changeFraction: decimal.nullable(),
    bid: decimal.nullable(),
    ask: decimal.nullable(),
    volume: decimal.nullable(),
    session: z.enum(sessions).nullable(),
    delaySeconds: z.int().nullable(),
    asOf: z.iso.datetime(),
    asOfBasis: z.enum(asOfBases),
  })
  .meta({ id: 'ProxyQuote' });
export type ProxyQuoteView = z.infer<typeof proxyQuoteSchema>;
