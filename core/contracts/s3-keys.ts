/** Every S3 key of Quotron is made here. */
import * as z from 'zod';
import { importFolder, isImport } from './words/imports.ts';

export const rawPrefix = 'raw/';

/** Where imports are uploaded. */
export const importPrefix = `${rawPrefix}${importFolder}/`;

/** Where the raw blobs of a source and a UTC date are. Imports of all licence classes share a folder. */
export function rawDayPrefix(sourceId: string, date: string): string {
  return `${rawPrefix}${isImport(sourceId) ? importFolder : sourceId}/${date}/`;
}

/** The key of an attempt's raw blob. Never overwritten: another attempt is another key. */
export function rawBlobKey(of: {
  sourceId: string;
  /** ISO 8601 instant; its UTC date is the folder. */
  createdAt: string;
  runId: string;
  part: number;
  attempt: number;
}): string {
  return `${rawDayPrefix(of.sourceId, of.createdAt.slice(0, 10))}${of.runId}/${of.part}-${of.attempt}.json.gz`;
}

const attemptOfKey = z.object({
  runId: z.uuid(),
  part: z.coerce.number().int(),
  attempt: z.coerce.number().int().positive(),
});

/** The attempt whose raw blob is under a key; `null` for a key of another form. */
export function attemptOf(rawKey: string): z.infer<typeof attemptOfKey> | null {
  const groups = /^[^/]+\/[^/]+\/[^/]+\/(?<runId>[^/]+)\/(?<part>\d{1,9})-(?<attempt>\d{1,9})\.json\.gz$/.exec(
    rawKey,
  )?.groups;
  return attemptOfKey.safeParse(groups).data ?? null;
}

export const artifactsPrefix = 'artifacts/';

/**
 * The key of a screenshot or page of a failed attempt. The last part of the key is unique within its run: it is the
 * artifact's name.
 */
export function artifactKey(of: {
  sourceId: string;
  createdAt: string;
  runId: string;
  part: number;
  attempt: number;
  /** `screenshot.png`. */
  name: string;
}): string {
  return `${artifactsPrefix}${of.sourceId}/${of.createdAt.slice(0, 10)}/${of.runId}/${of.part}-${of.attempt}-${of.name}`;
}

/**
 * The name of an artifact, by its key.
 *
 * @example
 * artifactName('artifacts/slickcharts/2026-11-20/run/0-1-screenshot.png') // '0-1-screenshot.png'
 */
export function artifactName(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

export const answersPrefix = 'answers/';

/** The key of an answer that is too long to be sent, kept for a day. The id is random, because the key is a secret. */
export function answerKey(createdAt: string, id: string): string {
  return `${answersPrefix}${createdAt.slice(0, 10)}/${id}`;
}

export const proxyPrefix = 'proxy/';

/**
 * The key of the body of an answer that the proxy got, by its content (SHA-256, base64url). In a folder of each month, so that
 * a body that comes again for years is written again, and old folders may be deleted.
 */
export function proxyBlobKey(fetchedAt: string, hash: string): string {
  return `${proxyPrefix}${fetchedAt.slice(0, 7)}/${hash}.gz`;
}

/** A part of a blob that holds several bodies, each packed by itself. */
export interface BlobPart {
  readonly offset: number;
  readonly length: number;
}

/**
 * Where a body is, in one text: the key of a blob of its own, or a part of another one.
 *
 * @example
 * bodyPlace('proxy/2026-11/a.gz', { offset: 10, length: 5 }) // 'proxy/2026-11/a.gz#10+5'
 */
export function bodyPlace(key: string, part: BlobPart | null): string {
  return part === null ? key : `${key}#${part.offset}+${part.length}`;
}

/**
 * The blob, and the part of it, of a text by `bodyPlace`.
 *
 * @example
 * readBodyPlace('proxy/2026-11/a.gz#10+5') // { key: 'proxy/2026-11/a.gz', part: { offset: 10, length: 5 } }
 */
export function readBodyPlace(place: string): { readonly key: string; readonly part: BlobPart | null } {
  const [, key, offset, length] = /^(.+)#(\d+)\+(\d+)$/.exec(place) ?? [];
  return key === undefined
    ? { key: place, part: null }
    : { key, part: { offset: Number(offset), length: Number(length) } };
}

export const historyPrefix = 'history/';

/** The folder of a month (`yyyy-mm`) of archived quotes. Athena and DuckDB read its name as a column. */
export function historyFolder(month: string): string {
  return `${historyPrefix}quotes/month=${month}/`;
}

/** The key of a file of a month, by its content (SHA-256 in hexadecimal digits): another content is another file. */
export function historyFileKey(month: string, sha256: string): string {
  return `${historyFolder(month)}${sha256.slice(0, 32)}.parquet`;
}

/** The key of the manifest of a version of a month. Written once: of two who write the same version, one does. */
export function historyManifestKey(month: string, version: number): string {
  return `${historyFolder(month)}_manifest-${String(version).padStart(6, '0')}.json`;
}

export const exportsPrefix = 'exports/';

/** The folder of an export. The id is random; links are given for single files of it. */
export function exportFolder(id: string): string {
  return `${exportsPrefix}${id}/`;
}

/**
 * Where a file of an export is in its folder, by its part and content: DuckDB, pandas and Athena read names of folders as
 * columns. The same rows again are the same file.
 *
 * @example
 * exportPath({ table: 'actions', exchange: 'XNAS', interval: null, month: null }, 'ab12') // 'actions/exchange=XNAS/ab12.parquet'
 */
export function exportPath(
  of: {
    readonly table: string;
    readonly exchange: string;
    readonly interval: string | null;
    readonly month: string | null;
  },
  sha256: string,
): string {
  const interval = of.interval === null ? '' : `interval=${of.interval}/`;
  const month = of.month === null ? '' : `month=${of.month}/`;
  // An exchange that no table maps is named as its source wrote it.
  const exchange = of.exchange.replace(/[^\w.-]/g, '_');
  return `${of.table}/exchange=${exchange}/${interval}${month}${sha256.slice(0, 32)}.parquet`;
}

/** The manifest of an export, in its folder. */
export const exportManifestPath = '_manifest.json';
