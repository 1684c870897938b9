import * as z from 'zod';

/** Where a row stands in the order of a month: by listing, source, market time and the time from which it was known. */
const placeSchema = z.object({
  listingId: z.int(),
  source: z.string(),
  asOf: z.iso.datetime(),
  ingestedAt: z.iso.datetime(),
});

export const manifestFileSchema = z.object({
  key: z.string(),
  rows: z.int().positive(),
  bytes: z.int().positive(),
  /** Of the file's bytes, in hexadecimal digits. */
  sha256: z.string(),
  first: placeSchema,
  last: placeSchema,
  /** Exact sums of two columns, to be compared with those that a query gives. */
  sums: z.object({ price: z.string(), volume: z.string() }),
});
export type ManifestFile = z.infer<typeof manifestFileSchema>;

/**
 * Which files are a month of quotes, in their order. A file under the month's folder that no manifest names is none of it.
 * Written last and never again: what comes later makes a manifest of the next version.
 */
export const historyManifestSchema = z.object({
  format: z.literal(1),
  table: z.literal('quotes'),
  /** `yyyy-mm`, in UTC. */
  month: z.string(),
  version: z.int().positive(),
  createdAt: z.iso.datetime(),
  rows: z.int(),
  files: z.array(manifestFileSchema),
});
export type HistoryManifest = z.infer<typeof historyManifestSchema>;
