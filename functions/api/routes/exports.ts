import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import {
  type ExportView,
  exportDays,
  exportLinkSchema,
  exportRequestSchema,
  exportSchema,
  mostExportedListings,
  mostExportedRows,
} from '../../../core/contracts/http/exports.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import { exportFolder, exportManifestPath } from '../../../core/contracts/s3-keys.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, symbolOf } from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import type { ExportProgress, ExportStore } from '../../../core/ports/export-store.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { QuoteReader } from '../../../core/ports/quote-reader.ts';
import { requestSlot } from '../idempotency-key.ts';
import { leftOut } from '../licence.ts';
import { unknownSymbol } from '../symbols.ts';

interface RouteDependencies {
  readonly exports: VisibleTo<ExportStore>;
  readonly exportUrl: (key: string) => Promise<string>;
  readonly quotes: VisibleTo<QuoteReader>;
  readonly requests: IdempotencyStore;
  readonly queue: MessageQueue;
}

const tag = 'Exports';
const byId = z.object({ id: z.uuid() });
const fileCursor = z.tuple([z.int().nonnegative()]);
const million = 1_000_000;

export function exportRoutes({ exports, exportUrl, quotes, requests, queue }: RouteDependencies): Route[] {
  const create = route(
    {
      method: 'post',
      path: '/exports',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Write prices of the past as Parquet files',
      description: `Answers 202 at once; \`Location\` has the progress, and \`/exports/{id}/files\` the links once it is done. Quotes (\`tick\`) and bars with their revisions, corporate actions and factors, of the sources that this key may see; the others are named in \`leftOut\`. At most ${mostExportedListings} listings and ${mostExportedRows / million} million rows; the files are kept for ${exportDays} days.`,
      body: exportRequestSchema,
      data: exportSchema,
      status: 202,
      idempotent: true,
      problems: ['invalid_symbol', 'unknown_symbol', 'export_too_large'],
    },
    async ({ body, call }): Promise<Reply> => {
      const { exchange = null, intervals, from } = body;
      if (body.symbols && exchange !== null)
        throw invalidRequest('body.exchange', 'must be absent where symbols are named');
      const today = new Date(call.now).toISOString().slice(0, 10);
      const to = body.to ?? today;
      if (to > today) throw invalidRequest('body.to', 'must not be in the future');
      if (from > to) throw invalidRequest('body.from', 'must not be after the end of the range');
      if (from < '1900') throw invalidRequest('body.from', 'must not be before 1900');
      const symbols = body.symbols ? [...new Set(body.symbols.map(symbolOf))] : null;
      const listings = symbols === null ? await listingsOf(exchange, call) : await listingsNamed(symbols, to, call);
      const { slot } = await requestSlot(requests, call, body);
      const id = runIdOf({ sourceId: 'exports', job: 'export', trigger: 'manual', slot });
      const use = call.visible.use ?? 'redistribute';
      const isNew = await exports(call.visible).create({
        ...{ id, use, symbols, exchange, intervals: [...new Set(intervals)], from, to, listings },
        leftOut: call.visible.hidden,
        createdAt: new Date(call.now),
        keyId: call.principal?.keyId ?? null,
      });
      await queue.send('exports', [{ exportId: id }]).catch(async (error: unknown) => {
        // Nothing would work on it. The message of an earlier request with this key may be on its way.
        if (isNew) await exports(call.visible).takeBack(id);
        throw error;
      });
      return {
        kind: 'data',
        data: await viewOf(id, call),
        status: 202,
        headers: { location: `/api/v1/exports/${id}` },
        warnings: leftOut(call.visible),
      };
    },
  );

  const list = route(
    {
      method: 'get',
      path: '/exports',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Exports, the newest first',
      description: 'Those that were made with keys whose use sees no more than that of this key.',
      query: z.object({ limit: limitParameter(200, 50), cursor: cursorParameter }),
      data: z.array(exportSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const found = await exports(call.visible).list({
        after: readCursor(query.cursor, creationCursor),
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, byCreation);
      return { kind: 'data', data: rows.map((row) => view(row, call.now)), meta, warnings: leftOut(call.visible) };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/exports/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One export with its progress',
      params: byId,
      data: exportSchema,
      problems: ['unknown_export'],
    },
    async ({ params, call }) => ({ kind: 'data', data: await viewOf(params.id, call), maxAge: 0 }),
  );

  const files = route(
    {
      method: 'get',
      path: '/exports/{id}/files',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Links to the files of an export',
      description:
        'The manifest comes first, then the files in their order. Each link is made for this answer and lets its holder read one file for fifteen minutes. Keep `path` when you download: names of folders are columns to DuckDB, pandas and Athena.',
      params: byId,
      query: z.object({ limit: limitParameter(500, 100), cursor: cursorParameter }),
      data: z.array(exportLinkSchema),
      problems: ['unknown_export', 'export_not_ready', 'invalid_cursor'],
    },
    async ({ params, query, call }) => {
      const [after] = readCursor(query.cursor, fileCursor) ?? [null];
      const { status } = await viewOf(params.id, call);
      if (status !== 'succeeded') throw new ProblemError('export_not_ready', why(status));
      const found = await exports(call.visible).files(params.id, after ?? 0, query.limit + 1);
      const { rows, meta } = page(found, query.limit, ({ n }) => [n]);
      const data = await Promise.all(
        rows.map(async ({ file: { key, path, bytes, sha256, rows: count } }) => {
          return { path, url: await exportUrl(key), bytes, sha256, rows: count };
        }),
      );
      const manifest = { path: exportManifestPath, bytes: null, sha256: null, rows: null };
      const url = await exportUrl(`${exportFolder(params.id)}${exportManifestPath}`);
      return { kind: 'data', data: after === null ? [{ ...manifest, url }, ...data] : data, meta, maxAge: 0 };
    },
  );

  const cancel = route(
    {
      method: 'delete',
      path: '/exports/{id}',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Cancel an export, or withdraw one that is done',
      description:
        'Nothing more is written, and no links are given any more. Its files are deleted with others of their age.',
      params: byId,
      data: exportSchema,
      problems: ['unknown_export'],
    },
    async ({ params, call }) => {
      if (!(await exports(call.visible).cancel(params.id, new Date(call.now)))) throw unknown();
      return { kind: 'data', data: await viewOf(params.id, call) };
    },
  );

  return [create, list, one, files, cancel];

  async function listingsOf(exchange: string | null, { visible }: Call): Promise<readonly number[]> {
    const found = await exports(visible).listings(exchange, mostExportedListings + 1);
    if (found.length === 0 && exchange !== null)
      throw invalidRequest('body.exchange', `has no listings here; GET /exchanges has those that do`);
    if (found.length > mostExportedListings)
      throw new ProblemError(
        'export_too_large',
        `An export is of ${mostExportedListings} listings at most, and there are more of them ${exchange === null ? 'in all' : `on ${exchange}`}. Name symbols${exchange === null ? ', or an exchange' : ''}.`,
      );
    return found;
  }

  async function listingsNamed(symbols: readonly string[], date: string, call: Call): Promise<number[]> {
    const reader = quotes(call.visible);
    const found = await reader.listings(symbols, date);
    const missing = symbols.find((symbol) => !found.some((each) => each.symbol === symbol));
    if (missing !== undefined) throw await unknownSymbol(reader, missing, call.now);
    return found.map(({ listingId }) => listingId);
  }

  async function viewOf(id: string, { now, visible }: Call): Promise<ExportView> {
    const row = await exports(visible).one(id);
    if (!row) throw unknown();
    return view(row, now);
  }
}

function view(row: ExportProgress, now: number): ExportView {
  const isOver = row.expiresAt !== null && row.expiresAt.getTime() <= now;
  return {
    id: row.id,
    status: isOver ? 'expired' : row.status,
    failure: row.failure,
    symbols: row.symbols && [...row.symbols],
    exchange: row.exchange,
    intervals: [...row.intervals],
    from: row.from,
    to: row.to,
    use: row.use,
    leftOut: [...row.leftOut],
    listings: row.listings,
    parts: { done: row.partsDone, total: row.parts },
    rows: row.rows,
    bytes: row.bytes,
    files: row.files,
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    expiresAt: row.expiresAt?.toISOString() ?? null,
  };
}

function why(status: Exclude<ExportView['status'], 'succeeded'>): string {
  if (status === 'waiting' || status === 'running')
    return 'The export is being written. GET /exports/{id} has its progress.';
  return status === 'expired'
    ? `Files of exports are kept for ${exportDays} days. Make a new one.`
    : `The export was ${status === 'failed' ? 'not finished' : 'cancelled'}. Make a new one.`;
}

function unknown(): ProblemError {
  return new ProblemError('unknown_export', 'No export has this id. GET /exports lists what there is.');
}
