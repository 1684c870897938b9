/*
 * Writes an export, a stretch at a time:
 *
 *   1. plan      which parts it has: a table, an exchange, an interval and a month each
 *   2. write     part by part, listing by listing; a hundred thousand rows or more are a file, which is noted with how far it takes
 *                the work, in one transaction
 *   3. requeue   after a minute the message goes back to its queue, and the next stretch resumes from what is noted
 *   4. finish    the manifest, last
 *
 * A redelivered or interrupted message resumes there, too; one that is interrupted each time before it gets on ends the
 * export. Files are named by their content: one that is written again is the same, or is named by nothing and goes with the
 * bucket's rule.
 */
import { createHash } from 'node:crypto';
import { VisibleSources, type VisibleTo } from '../../core/auth/visible-sources.ts';
import {
  type ExportedFile,
  type ExportManifest,
  type ExportPart,
  exportDays,
  mostExportedRows,
} from '../../core/contracts/http/exports.ts';
import type { ExportMessage } from '../../core/contracts/messages.ts';
import { mostReceives } from '../../core/contracts/queues.ts';
import { exportFolder, exportManifestPath, exportPath } from '../../core/contracts/s3-keys.ts';
import { isDatabaseUnavailable } from '../../core/ports/database-unavailable.ts';
import type { ExportedListing, ExportFormat, ExportRows } from '../../core/ports/export-rows.ts';
import type { ExportPlace, ExportWork, ExportWorkStore } from '../../core/ports/export-store.ts';
import type { HistoryFiles } from '../../core/ports/history-archive.ts';
import type { MessageQueue } from '../../core/ports/message-queue.ts';
import type { SourceDefinition } from '../../core/sources/definition.ts';
import { type PartRows, partReader } from './part-rows.ts';
import { planParts } from './plan-parts.ts';

/** Bounds of one stretch of work. */
export interface ExportLimits {
  readonly rowsOfFile: number;
  readonly rows: number;
  readonly ms: number;
}

export const usualExportLimits: ExportLimits = { rowsOfFile: 100_000, rows: mostExportedRows, ms: 60_000 };

/**
 * Tries without progress, after which an export has failed. One fewer than a message has: the last finds that those before it
 * never ended.
 */
const mostTries = mostReceives('write-exports') - 1;
/** Seconds until the next try, times the tries that failed. */
const pauseSeconds = 20;

export interface ExportDependencies {
  readonly store: ExportWorkStore;
  readonly rows: VisibleTo<ExportRows>;
  readonly files: Pick<HistoryFiles, 'put'>;
  readonly format: ExportFormat;
  readonly queue: MessageQueue;
  readonly catalogue: readonly SourceDefinition[];
  readonly now: () => number;
  readonly log: (error: unknown, id: string) => void;
}

/** Takes an export as far as a stretch goes, and requeues its message if there is more to do. */
export async function writeExport(
  { exportId }: ExportMessage,
  dependencies: ExportDependencies,
  limits = usualExportLimits,
): Promise<void> {
  const { store, queue } = dependencies;
  if ((await store.begin(exportId)) > mostTries) {
    await store.fail(exportId, 'interrupted', new Date(dependencies.now()));
    return;
  }
  let delay: number | null;
  try {
    delay = (await resume(exportId, dependencies, limits)) ? 0 : null;
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw error;
    dependencies.log(error, exportId);
    // 0 where it had got on before it failed.
    const tries = (await store.work(exportId))?.tries ?? mostTries;
    if (tries >= mostTries) await store.fail(exportId, 'unexplained', new Date(dependencies.now()));
    delay = tries >= mostTries ? null : Math.max(1, tries) * pauseSeconds;
  }
  if (delay !== null) await queue.send('exports', [{ exportId }], delay);
}

/** Gives whether there is more to do. */
async function resume(id: string, dependencies: ExportDependencies, limits: ExportLimits): Promise<boolean> {
  const { store, now } = dependencies;
  const startedAt = performance.now();
  let work = await store.work(id);
  if (work === null) return false;
  const rows = dependencies.rows(VisibleSources.of(work.use, dependencies.catalogue));
  const listings = await rows.listings(work.listings);
  if (work.units === null) {
    await store.plan(id, await planParts(work, listings, rows));
    work = await store.work(id);
    if (work === null || work.units === null) return false;
  }
  const { units } = work;
  const listingsOf = Map.groupBy(listings, ({ exchange }) => exchange);

  const isOver = () => performance.now() - startedAt >= limits.ms;

  while (work.rows <= limits.rows && work.place.unit < units.length) {
    const written: Written = await writeSome({ work, units, listingsOf, isOver }, rows, dependencies, limits);
    const advanced = await store.advance(work, written.place, written.files);
    if (!advanced) return false;
    work = {
      ...work,
      place: written.place,
      files: work.files + written.files.length,
      rows: work.rows + written.files.reduce((sum, file) => sum + file.rows, 0),
    };
    if (isOver() && work.place.unit < units.length) return true;
  }
  if (work.rows > limits.rows) await store.fail(id, 'too_many_rows', new Date(now()));
  else await finish(work, dependencies);
  return false;
}

interface Written {
  readonly place: ExportPlace;
  readonly files: readonly ExportedFile[];
}

interface Stretch {
  readonly work: ExportWork;
  readonly units: readonly ExportPart[];
  readonly listingsOf: ReadonlyMap<string, readonly ExportedListing[]>;
  readonly isOver: () => boolean;
}

/** Reads on from the place of the work until there is a file, or the time is over: parts without rows are passed. */
async function writeSome(
  { work, units, listingsOf, isOver }: Stretch,
  rows: ExportRows,
  dependencies: ExportDependencies,
  limits: ExportLimits,
): Promise<Written> {
  let { unit, listingAt } = work.place;
  for (let part = units[unit]; part !== undefined; part = units[unit]) {
    const listings = listingsOf.get(part.exchange) ?? [];
    const reader = partReader(part, work, rows, dependencies.format);
    const files: ExportedFile[] = [];
    // A listing is done when all of its rows are in files, which may be several.
    while (listingAt < listings.length) {
      const some = listings.slice(listingAt, listingAt + reader.listingsAtOnce);
      for await (const _ of reader.read(some)) {
        while (reader.waiting() >= 2 * limits.rowsOfFile)
          files.push(await store(reader, limits.rowsOfFile, part, work, dependencies));
      }
      listingAt += some.length;
      if (files.length > 0 || reader.waiting() >= limits.rowsOfFile || isOver()) break;
    }
    const isDone = listingAt >= listings.length;
    if (reader.waiting() > 0) files.push(await store(reader, 2 * limits.rowsOfFile, part, work, dependencies));
    if (isDone) [unit, listingAt] = [unit + 1, 0];
    if (files.length > 0 || isOver()) return { place: { unit, listingAt }, files };
  }
  return { place: { unit, listingAt }, files: [] };
}

/** Writes the rows that wait as a file. */
async function store(
  reader: PartRows,
  most: number,
  part: ExportPart,
  work: ExportWork,
  { files }: ExportDependencies,
): Promise<ExportedFile> {
  const { bytes, ...about } = await reader.take(most);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = exportPath(part, sha256);
  const key = `${exportFolder(work.id)}${path}`;
  await files.put(key, bytes);
  return { key, path, bytes: bytes.length, sha256, ...about, ...part };
}

async function finish(work: ExportWork, { store, files, now }: ExportDependencies): Promise<void> {
  const { id, createdAt, from, to, symbols, exchange, intervals, use, leftOut } = work;
  const written = await store.allFiles(id);
  const manifest: ExportManifest = {
    ...{ format: 1, id, createdAt: createdAt.toISOString(), from, to },
    symbols: symbols && [...symbols],
    exchange,
    intervals: [...intervals],
    use,
    leftOut: [...leftOut],
    rows: written.reduce((sum, file) => sum + file.rows, 0),
    files: written,
  };
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 1)}\n`);
  await files.put(`${exportFolder(id)}${exportManifestPath}`, bytes);
  const at = now();
  await store.finish(id, bytes.length, new Date(at), new Date(at + exportDays * 86_400_000));
}
