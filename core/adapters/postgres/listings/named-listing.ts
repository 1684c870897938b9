import * as z from 'zod';
import { assetClasses } from '../../../market/instrument.ts';

/** A `NamedListing` of the tables `listing` l, `instrument` i and `symbol_alias` a. */
export const namedListingColumns = `l.id AS "listingId", a.symbol, i.name, i.asset_class AS "assetClass", l.mic,
  l.currency AS "listingCurrency", l.zone`;

export const namedListingFields = {
  listingId: z.int(),
  symbol: z.string(),
  name: z.string().nullable(),
  assetClass: z.enum(assetClasses).catch('other'),
  mic: z.string(),
  listingCurrency: z.string(),
  zone: z.string(),
};
