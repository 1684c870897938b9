import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type ImportView, partUploadSchema } from '../core/contracts/http/imports.ts';
import { importLimits, type PartContent, partEnvelope } from '../core/contracts/imports.ts';
import type { Api } from './api.ts';
import { CommandError } from './problems.ts';

const zip = promisify(gzip);
const tries = 4;
/** Of one part. Eight megabytes take so long on a slow line. */
const uploadMs = 300_000;

/** Packs a part, announces it and uploads it. One that is there already is as good. */
export async function uploadPart(
  api: Api,
  of: ImportView,
  part: number,
  content: PartContent,
  fetchedAt: string,
  signal: AbortSignal,
): Promise<number> {
  const { id: importId, sourceId, kind, answersOf, createdAt } = of;
  const envelope = partEnvelope(
    { importId, sourceId, job: answersOf ?? kind, kind, part, createdAt },
    content,
    fetchedAt,
  );
  const packed = await zip(JSON.stringify(envelope), { level: 6 });
  if (packed.length > importLimits.partBytes)
    throw new CommandError(
      `Part ${part} has ${packed.length} bytes when it is packed, which is more than a part may have.`,
    );
  const sha256 = createHash('sha256').update(packed).digest('base64');
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const { url, headers } = await api.request('PUT', `/imports/${importId}/parts/${part}`, partUploadSchema, {
      bytes: packed.length,
      sha256,
    });
    const status = await put(url, headers, packed, signal);
    if ((status >= 200 && status < 300) || status === 412) return packed.length;
    if (attempt === tries || (status >= 400 && status < 500 && status !== 403 && status !== 408))
      throw new CommandError(
        `Part ${part} was not taken by the store (${status === 0 ? 'no answer' : `HTTP ${status}`}). Nothing is stored; run the command again.`,
      );
    await sleep(500 * 2 ** attempt, undefined, { signal }).catch(() => undefined);
  }
}

/** The status; 0 where there was none. */
async function put(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Buffer<ArrayBuffer>,
  signal: AbortSignal,
): Promise<number> {
  try {
    const answer = await fetch(url, {
      method: 'PUT',
      headers,
      body,
      redirect: 'error',
      signal: AbortSignal.any([signal, AbortSignal.timeout(uploadMs)]),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return 0;
  }
}
