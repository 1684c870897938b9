import * as z from 'zod';
import { barIntervals } from '../../market/bar.ts';
import { manifestFileSchema } from '../history-manifest.ts';
import { keyUses } from '../words/licence.ts';

const instant = z.iso.datetime();

/** Lengths that an export may have: each price as it came, and bars. */
export const exportIntervals = ['tick', ...barIntervals] as const;
export type ExportInterval = (typeof exportIntervals)[number];

/** The most listings of one export. */
export const mostExportedListings = 5_000;
/** The most rows of one export: half an hour of work, and some gigabytes. */
export const mostExportedRows = 50_000_000;
/** For how many days the files of an export are kept. The bucket's rule deletes them a day later. */
export const exportDays = 7;

/** What files of an export are of. */
export const exportTables = ['quotes', 'bars', 'actions', 'factors'] as const;

/** A request for files: of these symbols, of an exchange, or of all; from one date to another, both included, in UTC. */
export const exportRequestSchema = z
  .strictObject({
    symbols: z.array(z.string().min(1).max(40)).min(1).max(500).optional(),
    /** MIC of an exchange, as `GET /exchanges` has it. */
    exchange: z.string().min(1).max(20).optional(),
    intervals: z.array(z.enum(exportIntervals)).min(1).max(exportIntervals.length).default(['tick', '1d']),
    from: z.iso.date(),
    /** Default: today. */
    to: z.iso.date().optional(),
  })
  .meta({ id: 'ExportRequest' });

export const exportStatuses = ['waiting', 'running', 'succeeded', 'failed', 'cancelled', 'expired'] as const;

/**
 * Why an export failed: it has too many rows; the writer failed again and again; or it ended in the midst of its work each
 * time, or was asked for days ago and nothing works on it.
 */
export const exportFailures = ['too_many_rows', 'unexplained', 'interrupted'] as const;
export type ExportFailure = (typeof exportFailures)[number];

/** The same, as people read it: “failed, because …”. */
export const failuresInWords: Readonly<Record<ExportFailure, string>> = {
  interrupted:
    'its writer was stopped in the midst of it each time, or nothing works on it any more: ask again, for less',
  too_many_rows: 'it would have too many rows: ask for fewer days, symbols or intervals',
  unexplained: 'it failed again and again; the log of write-exports says why',
};

/** An export and its progress. */
export const exportSchema = z
  .object({
    id: z.uuid(),
    status: z.enum(exportStatuses),
    failure: z.enum(exportFailures).nullable(),
    /** As asked for; `null` where the export is of an exchange, or of all. */
    symbols: z.array(z.string()).nullable(),
    exchange: z.string().nullable(),
    intervals: z.array(z.enum(exportIntervals)),
    from: z.iso.date(),
    to: z.iso.date(),
    /** The use of the key that it was made with, whose licence classes it has. */
    use: z.enum(keyUses),
    /** Sources whose rows are left out, because their licence does not allow this use. */
    leftOut: z.array(z.string()),
    /** Listings that it is of. */
    listings: z.int(),
    /** Parts that are done, of how many: each is a table, an exchange, an interval and a month. `total` is `null` before it began. */
    parts: z.object({ done: z.int(), total: z.int().nullable() }),
    rows: z.int(),
    bytes: z.int(),
    files: z.int(),
    createdAt: instant,
    finishedAt: instant.nullable(),
    /** Until when its files are there; `null` while it is not done. */
    expiresAt: instant.nullable(),
  })
  .meta({ id: 'Export' });
export type ExportView = z.infer<typeof exportSchema>;

/** Of which part of an export a file is. */
const partSchema = z.object({
  table: z.enum(exportTables),
  exchange: z.string(),
  /** `null` for corporate actions and factors. */
  interval: z.enum(exportIntervals).nullable(),
  /** `yyyy-mm` in UTC; `null` for corporate actions and factors. */
  month: z.string().nullable(),
});
export type ExportPart = z.infer<typeof partSchema>;

/** A file as the manifest of an export names it: as one of the archive, and of what. Actions and factors have no sums. */
export const exportedFileSchema = z.object({
  ...manifestFileSchema.shape,
  ...partSchema.shape,
  /** Where it is under the folder of the export. */
  path: z.string(),
  sums: z.object({ price: z.string(), volume: z.string() }).nullable(),
});
export type ExportedFile = z.infer<typeof exportedFileSchema>;

/** The manifest of an export: `_manifest.json` in its folder. */
export const exportManifestSchema = z.object({
  format: z.literal(1),
  id: z.uuid(),
  createdAt: instant,
  from: z.iso.date(),
  to: z.iso.date(),
  symbols: z.array(z.string()).nullable(),
  exchange: z.string().nullable(),
  intervals: z.array(z.enum(exportIntervals)),
  use: z.enum(keyUses),
  leftOut: z.array(z.string()),
  rows: z.int(),
  files: z.array(exportedFileSchema),
});
export type ExportManifest = z.infer<typeof exportManifestSchema>;

/** A file to download. Of the manifest nothing is known beforehand. */
export const exportLinkSchema = z
  .object({
    path: z.string(),
    /** Lets its holder read the file for fifteen minutes. */
    url: z.string(),
    bytes: z.int().nullable(),
    /** Of the file's bytes, in hexadecimal digits. */
    sha256: z.string().nullable(),
    rows: z.int().nullable(),
  })
  .meta({ id: 'ExportFile' });
export type ExportLink = z.infer<typeof exportLinkSchema>;

/** For how many seconds a link to a file is valid. */
export const exportLinkSeconds = 900;
