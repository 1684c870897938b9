import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as z from 'zod';
import { type ExportLink, exportLinkSchema } from '../core/contracts/http/exports.ts';
import type { Context } from './command.ts';
import { count, safe } from './output.ts';
import { CommandError } from './problems.ts';

/** Files of one page of links: all of them are read before their links expire, also on a slow line. */
const pageSize = 20;
const tries = 3;
/** Of one file. A dozen megabytes take so long on a slow line. */
const downloadMs = 600_000;

/**
 * Downloads the files of an export that is done into a folder, under the names that it has for them. A file that is there
 * already, complete, stays.
 */
export async function downloadExport(id: string, folder: string, { api, out }: Context): Promise<void> {
  let files = 0;
  for await (const { data } of api.pages(`/exports/${id}/files`, {}, z.array(exportLinkSchema), () => pageSize)) {
    for (const link of data) {
      await download(link, folder);
      files++;
    }
    out.progress(`${count(files, 'file')} of export ${id}`);
  }
}

async function download({ path, url, sha256 }: ExportLink, folder: string): Promise<void> {
  const file = resolve(folder, path);
  if (relative(folder, file).split(sep)[0] === '..' || file === resolve(folder))
    throw new CommandError(`The export names a file outside of its folder (${safe(path)}). Nothing is written there.`);
  if (sha256 !== null && existsSync(file) && (await hashOf(file)) === sha256) return;
  await mkdir(dirname(file), { recursive: true }).catch((error: unknown) => unwritable(file, error));
  // Aside and moved, so that a file by its name is a whole one.
  const half = `${file}.${process.pid}.part`;
  try {
    for (let attempt = 1; ; attempt++) {
      const status = await fetchTo(url, half);
      const isWhole = status === 200 && (sha256 === null || (await hashOf(half)) === sha256);
      if (isWhole) break;
      if (attempt === tries)
        throw new CommandError(
          `${safe(path)} could not be downloaded (${status === 200 ? 'it is damaged' : status === 0 ? 'no answer' : `HTTP ${status}`}). Run \`quotron export download\` again: what is there stays.`,
        );
    }
    await rename(half, file);
  } finally {
    await rm(half, { force: true });
  }
}

/** The status; 0 where there was no answer, or not all of it. */
async function fetchTo(url: string, file: string): Promise<number> {
  let answer: Response;
  try {
    answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(downloadMs) });
  } catch {
    return 0;
  }
  if (answer.status !== 200 || !answer.body) {
    await answer.body?.cancel();
    return answer.status;
  }
  const target = createWriteStream(file);
  try {
    await pipeline(Readable.fromWeb(answer.body), target);
    return 200;
  } catch (error) {
    if (error instanceof Error && 'syscall' in error && 'path' in error) unwritable(file, error);
    return 0;
  }
}

async function hashOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

function unwritable(file: string, error: unknown): never {
  const why = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  throw new CommandError(`${file} cannot be written (${why}). Name another folder with --output.`);
}
