import * as z from 'zod';
import { importLimits } from '../imports.ts';
import { importKinds } from '../words/imports.ts';
import { licenceClasses } from '../words/licence.ts';
import { quarantineReasons } from '../words/quarantine-reasons.ts';
import { rowFindingSchema } from '../words/row-findings.ts';

const instant = z.iso.datetime();

/**
 * `open`: parts may come; `queued`: it is being read; `done`: all rows are stored; `partial`: some rows or parts are not;
 * `failed`: no row is; `expired`: it was not finished in time, and nothing of it is stored.
 */
export const importStatuses = ['open', 'queued', 'done', 'partial', 'failed', 'expired'] as const;
export type ImportStatus = (typeof importStatuses)[number];

export const createImportSchema = z
  .strictObject({
    kind: z.enum(importKinds),
    /** What the terms of whoever the rows are from allow. */
    licence: z.enum(licenceClasses),
    /** The parts are raw answers of this source; rows by the schema unless given. */
    source: z.string().max(32).optional(),
    /** For people: where the rows are from. */
    label: z
      .string()
      .max(200)
      .regex(/^[ -~\u00a0-\u2027\u202f-\uffff]*$/, 'has a control character')
      .optional(),
  })
  .meta({ id: 'CreateImport' });

export const importSchema = z
  .object({
    /** Of its run, too: `GET /runs/{id}`. */
    id: z.uuid(),
    kind: z.enum(importKinds),
    licence: z.enum(licenceClasses),
    /** The source under which the rows are stored. */
    sourceId: z.string(),
    /** The source whose raw answers its parts are. */
    answersOf: z.string().nullable(),
    label: z.string().nullable(),
    status: z.enum(importStatuses),
    createdAt: instant,
    expiresAt: instant,
    finishedAt: instant.nullable(),
    /** Announced; read by now. */
    parts: z.int(),
    partsRead: z.int(),
    partsFailed: z.int(),
    /** Good rows, those that are new or changed, and rows that are held back or not served. */
    accepted: z.int(),
    written: z.int(),
    rejected: z.int(),
  })
  .meta({ id: 'Import' });
export type ImportView = z.infer<typeof importSchema>;

export const announcePartSchema = z
  .strictObject({
    /** Of the packed part. */
    bytes: z.int().min(1).max(importLimits.partBytes),
    /** SHA-256 of the packed part, in base64. */
    sha256: z.string().regex(/^[A-Za-z0-9+/]{43}=$/, 'is not the base64 of 32 bytes'),
  })
  .meta({ id: 'AnnouncePart' });

/** Where a part goes: a PUT of exactly the announced bytes, with exactly these headers. */
export const partUploadSchema = z
  .object({
    part: z.int(),
    url: z.url(),
    headers: z.record(z.string(), z.string()),
    expiresAt: instant,
  })
  .meta({ id: 'PartUpload' });

export const finishImportSchema = z
  .strictObject({ parts: z.int().min(1).max(importLimits.parts) })
  .meta({ id: 'FinishImport' });

/** A row of an import that is held back. */
export const importedRowSchema = z
  .object({
    id: z.string(),
    part: z.int(),
    /** Of the file, from 1; `null` for a raw answer. */
    line: z.int().nullable(),
    path: z.string(),
    symbol: z.string().nullable(),
    reason: z.enum(quarantineReasons),
    finding: rowFindingSchema,
    /** For people. */
    detail: z.string(),
  })
  .meta({ id: 'ImportedRow' });
export type ImportedRowView = z.infer<typeof importedRowSchema>;
