import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import { importSchema, partUploadSchema } from '../../core/contracts/http/imports.ts';
import { type PartContent, partEnvelope } from '../../core/contracts/imports.ts';
import type { ImportKind } from '../../core/contracts/words/imports.ts';
import type { LicenceClass } from '../../core/contracts/words/licence.ts';
import type { testApi } from './api-fixture.ts';
import type { Pipeline } from './pipeline.ts';

const opened = z.object({ data: importSchema });
const announced = z.object({ data: partUploadSchema });

/** What is imported: rows as text, or the raw answer of a source. */
export interface ImportedFile {
  readonly kind: ImportKind;
  readonly licence?: LicenceClass;
  readonly source?: string;
  readonly parts: readonly PartContent[];
  readonly fetchedAt?: string;
}

/** Lines of rows as NDJSON. */
export function rowsAsText(rows: readonly unknown[]): PartContent {
  return { format: 'ndjson', text: rows.map((row) => `${JSON.stringify(row)}\n`).join(''), firstLine: 1 };
}

/** Imports a file by the API as the command does, and has `ingest` read it. Gives the import afterwards. */
export async function importFile(
  api: ReturnType<typeof testApi>,
  { blobs, ingest, monitor }: Pick<Pipeline, 'blobs' | 'ingest' | 'monitor'>,
  key: string,
  { kind, licence = 'internal', source, parts, fetchedAt }: ImportedFile,
) {
  const body = { kind, licence, ...(source === undefined ? {} : { source }) };
  const made = opened.parse(await (await api.ask('/imports', { method: 'POST', key, json: body })).json()).data;
  for (const [part, content] of parts.entries()) {
    const of = {
      importId: made.id,
      sourceId: made.sourceId,
      job: source ?? kind,
      kind,
      part,
      createdAt: made.createdAt,
    };
    const packed = gzipSync(JSON.stringify(partEnvelope(of, content, fetchedAt ?? made.createdAt)));
    const sha256 = createHash('sha256').update(packed).digest('base64');
    const answer = await api.ask(`/imports/${made.id}/parts/${part}`, {
      method: 'PUT',
      key,
      json: { bytes: packed.length, sha256 },
    });
    const { url } = announced.parse(await answer.json()).data;
    blobs.blobs.set(new URL(url).pathname.slice(1), packed);
  }
  await api.ask(`/imports/${made.id}/finish`, { method: 'POST', key, json: { parts: parts.length } });
  await ingest();
  await monitor();
  return opened.parse(await (await api.ask(`/imports/${made.id}`, { key })).json()).data;
}
