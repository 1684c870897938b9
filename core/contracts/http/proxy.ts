import * as z from 'zod';
import { assetClasses } from '../../market/instrument.ts';
import { licenceClasses } from '../words/licence.ts';
import { priceFields } from './market.ts';

/** `GET /yahoo/quote/{symbol}` and `/yahoo/market/{index}`: what Yahoo says now, in the format of `/api/v1`. `minorFactor` divided Yahoo's price: 100 for pence. */
export const proxyQuoteSchema = z
  .object({
    symbol: z.string(),
    name: z.string().nullable(),
    assetClass: z.enum(assetClasses),
    mic: z.string(),
    ...priceFields,
    licence: z.enum(licenceClasses),
  })
  .meta({ id: 'ProxyQuote' });
export type ProxyQuoteView = z.infer<typeof proxyQuoteSchema>;
