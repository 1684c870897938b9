/*
 * Imports: rows that a person brings.
 *
 *   1. POST /imports opens one, with the licence class of its rows
 *   2. PUT /imports/{id}/parts/{part} announces a part, by its length and sum, and gives a link to upload it by
 *   3. POST /imports/{id}/finish closes it: its parts are the tasks of a run, and go to `ingest` as any other answer does
 *   4. GET /imports/{id} says how far it is, GET /imports/{id}/rows which rows are held back
 *
 * Each step may come twice.
 */
import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import {
  announcePartSchema,
  createImportSchema,
  finishImportSchema,
  type ImportedRowView,
  type ImportView,
  importedRowSchema,
  importSchema,
  partUploadSchema,
} from '../../../core/contracts/http/imports.ts';
import { importLimits, lineOfPath } from '../../../core/contracts/imports.ts';
import type { IngestMessage } from '../../../core/contracts/messages.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import { rawBlobKey } from '../../../core/contracts/s3-keys.ts';
import { importSources, importTrigger } from '../../../core/contracts/words/imports.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { HeldRow, ImportRecord, ImportRefusal, ImportStore } from '../../../core/ports/import-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { SignUpload } from '../../../core/ports/upload.ts';
import { ingestQueueOf } from '../../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { requestSlot } from '../idempotency-key.ts';
import { leftOut } from '../licence.ts';
import { requireSource } from '../symbols.ts';

interface RouteDependencies {
  readonly imports: VisibleTo<ImportStore>;
  readonly signUpload: SignUpload;
  readonly requests: IdempotencyStore;
  /** Has the queues of blobs to ingest. */
  readonly queue: MessageQueue;
  readonly catalogue: readonly SourceDefinition[];
}

const tag = 'Imports';
const byId = z.object({ id: z.uuid() });

export function importRoutes({ imports, signUpload, requests, queue, catalogue }: RouteDependencies): Route[] {
  async function required(id: string, call: Call): Promise<ImportRecord> {
    const found = await imports(call.visible).one(id, new Date(call.now));
    if (found) return found;
    throw new ProblemError('unknown_import', 'No import has this id. GET /imports lists them.');
  }

  const create = route(
    {
      method: 'post',
      path: '/imports',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Open an import of quotes or bars',
      description: `Its rows are stored as those of a source of their own: \`import\`, or by the licence class \`import-display\`, \`import-redistribute\`, \`import-unknown\`. They are never the price where a source has one with the exchange's time. It is open for ${importLimits.openHours} hours; nothing of one that is not finished is stored. docs/api.md says how a part is packed.`,
      body: createImportSchema,
      data: importSchema,
      status: 201,
      idempotent: true,
      problems: ['unknown_source', 'licence_forbids'],
    },
    async ({ body, call }) => {
      const answersOf = requireSource(catalogue, body.source);
      const { slot } = await requestSlot(requests, call, body);
      const sourceId = importSources[body.licence];
      const id = runIdOf({ sourceId, job: answersOf ?? body.kind, trigger: importTrigger, slot });
      const made = await imports(call.visible).create(
        {
          id,
          slot,
          kind: body.kind,
          licence: body.licence,
          sourceId,
          answersOf,
          label: body.label ?? null,
          keyId: call.principal?.keyId ?? null,
          createdAt: new Date(call.now),
          expiresAt: new Date(call.now + importLimits.openHours * 3_600_000),
        },
        new Date(call.now),
      );
      return reply(made, 201);
    },
  );

  const announce = route(
    {
      method: 'put',
      path: '/imports/{id}/parts/{part}',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Announce a part, and get a link to upload it by',
      description: `Parts are counted from 0; there are at most ${importLimits.parts}, each of at most ${importLimits.partBytes} bytes. The link takes one PUT of exactly these bytes with exactly these headers; a part that is there already is refused with 412, which is as good. The same part again gives a new link.`,
      params: byId.extend({
        part: z.coerce
          .number()
          .int()
          .min(0)
          .max(importLimits.parts - 1),
      }),
      body: announcePartSchema,
      data: partUploadSchema,
      problems: ['unknown_import', 'import_ended', 'part_differs'],
    },
    async ({ params: { id, part }, body, call }) => {
      const { sourceId, createdAt } = await required(id, call);
      refuse(await imports(call.visible).announce(id, { part, ...body }, new Date(call.now)));
      const key = rawBlobKey({ sourceId, createdAt: createdAt.toISOString(), runId: id, part, attempt: 1 });
      const { url, headers, seconds } = await signUpload(key, body);
      const expiresAt = new Date(call.now + seconds * 1000).toISOString();
      return { kind: 'data', data: { part, url, headers, expiresAt }, maxAge: null };
    },
  );

  const finish = route(
    {
      method: 'post',
      path: '/imports/{id}/finish',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Close an import, so that its parts are read',
      description:
        'All its parts must be uploaded: one that is not there fails. Sent again, it changes nothing, and parts that were not read yet are queued again.',
      params: byId,
      body: finishImportSchema,
      data: importSchema,
      status: 202,
      problems: ['unknown_import', 'import_ended', 'parts_missing'],
    },
    async ({ params: { id }, body, call }) => {
      const store = imports(call.visible);
      const { sourceId, createdAt, kind, answersOf } = await required(id, call);
      refuse(await store.finish(id, body.parts, new Date(call.now)));
      const messages = (await store.unread(id)).map((part): IngestMessage => {
        const of = { runId: id, part, attempt: 1, sourceId };
        const blobKey = rawBlobKey({ ...of, createdAt: createdAt.toISOString() });
        return { blobKey, ...of, job: answersOf ?? kind, kind };
      });
      if (messages.length > 0) await queue.send(ingestQueueOf(sourceId), messages);
      return { ...reply(await required(id, call), 202), headers: { location: `/api/v1/imports/${id}` } };
    },
  );

  const list = route(
    {
      method: 'get',
      path: '/imports',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Imports, the newest first',
      query: z.object({ limit: limitParameter(200, 50), cursor: cursorParameter }),
      data: z.array(importSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const found = await imports(call.visible).list({
        after: readCursor(query.cursor, creationCursor),
        limit: query.limit + 1,
        now: new Date(call.now),
      });
      const { rows, meta } = page(found, query.limit, byCreation);
      return { kind: 'data', data: rows.map(view), meta, warnings: leftOut(call.visible) };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/imports/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'How far an import is',
      params: byId,
      data: importSchema,
      problems: ['unknown_import'],
    },
    async ({ params, call }) => ({ kind: 'data', data: view(await required(params.id, call)) }),
  );

  const rows = route(
    {
      method: 'get',
      path: '/imports/{id}/rows',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'The rows of an import that are held back, by line and reason',
      description: 'Their neighbours are stored. Rows that wait here are in quarantine, too.',
      params: byId,
      query: z.object({ limit: limitParameter(1_000, 100), cursor: cursorParameter }),
      data: z.array(importedRowSchema),
      problems: ['unknown_import', 'invalid_cursor'],
    },
    async ({ params, query, call }) => {
      await required(params.id, call);
      const after = readCursor(query.cursor, z.tuple([z.string().regex(/^\d{1,18}$/)]));
      const found = await imports(call.visible).held(params.id, { after: after?.[0] ?? null, limit: query.limit + 1 });
      const { rows: held, meta } = page(found, query.limit, (row) => [row.id]);
      return { kind: 'data', data: held.map(rowView), meta, maxAge: null };
    },
  );

  return [create, announce, finish, list, one, rows];
}

function refuse(refusal: ImportRefusal | null): void {
  if (refusal === null) return;
  if (refusal === 'unknown')
    throw new ProblemError('unknown_import', 'No import has this id. GET /imports lists them.');
  if (refusal === 'ended')
    throw new ProblemError('import_ended', 'The import is closed or has expired. Open another: POST /imports.');
  if (refusal === 'other_part')
    throw new ProblemError('part_differs', 'Another part of this number was announced before. Send that one again.');
  throw new ProblemError(
    'parts_missing',
    'The parts that were announced are not those from 0 to so many. Announce all.',
  );
}

function reply(found: ImportRecord, status: 201 | 202): Reply {
  return { kind: 'data', data: view(found), status, maxAge: null };
}

function view({ createdAt, expiresAt, finishedAt, ...rest }: ImportRecord): ImportView {
  return {
    ...rest,
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

function rowView({ path, ...row }: HeldRow): ImportedRowView {
  return { ...row, path, line: lineOfPath(path) };
}
