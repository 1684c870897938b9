import * as z from 'zod';
import { assetClasses } from '../../../market/instrument.ts';

/** A `NamedListing` of the tables `listing` l, `instrument` i and `symbol_alias` a. */
export const namedListingColumns = `l.id AS "listingId", a.symbol, i.name, i.asset_class AS "assetClass", l.mic,
  l.currency AS "listingCurrency", l.minor_factor AS "listingMinorFactor", l.zone`;

/**
 * SQL: listings with the exchange that they had on a date. Of most, no former exchange is known: their own stands for all days.
 * `xmin` says when a listing was written.
 */
export const listingsOn = (date: string) => `(
  SELECT o.xmin, o.id, o.instrument_id, o.currency, o.minor_factor, coalesce(v.mic, o.mic) AS mic, coalesce(v.zone, o.zone) AS zone
  FROM listing o
  LEFT JOIN LATERAL (SELECT mic, zone FROM former_venue WHERE listing_id = o.id AND valid_to > ${date}::date
                     ORDER BY valid_to LIMIT 1) v ON true)`;

/**
 * SQL: the same, read as a whole for lists: not a look-up for each listing, and planned by how many listings an exchange has.
 */
export const allListingsOn = (date: string) => `(
  SELECT o.xmin, o.id, o.instrument_id, o.currency, o.minor_factor, o.mic, o.zone FROM listing o
  WHERE NOT EXISTS (SELECT FROM former_venue v WHERE v.listing_id = o.id AND v.valid_to > ${date}::date)
  UNION ALL
  SELECT o.xmin, o.id, o.instrument_id, o.currency, o.minor_factor, v.mic, v.zone FROM listing o
  JOIN (SELECT DISTINCT ON (listing_id) listing_id, mic, zone FROM former_venue WHERE valid_to > ${date}::date
        ORDER BY listing_id, valid_to) v ON v.listing_id = o.id)`;

/**
 * SQL: whether a source that the caller may see has the listing; of who sees every source the array is NULL. A listing is
 * known to a source by an alias of its own.
 */
export const hasVisible = (listingId: string, sources: string) => `(${sources}::text[] IS NULL OR EXISTS (
  SELECT FROM symbol_alias v WHERE v.listing_id = ${listingId} AND v.namespace = ANY (${sources})))`;

export const namedListingFields = {
  listingId: z.int(),
  symbol: z.string(),
  name: z.string().nullable(),
  assetClass: z.enum(assetClasses).catch('other'),
  mic: z.string(),
  listingCurrency: z.string(),
  listingMinorFactor: z.int(),
  zone: z.string(),
};
