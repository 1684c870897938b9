import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { type QuarantineView, quarantineSchema } from '../../../core/contracts/http/operations.ts';
import { quarantineReasons } from '../../../core/contracts/words/quarantine-reasons.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, sourceIdParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { QuarantinedRow, QuarantineReader } from '../../../core/ports/quarantine-reader.ts';
import { leftOut } from '../licence.ts';

export function quarantineRoutes({ quarantine }: { quarantine: VisibleTo<QuarantineReader> }): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/quarantine',
      access: 'read',
      shows: 'visible',
      tag: 'Quarantine',
      summary: 'Rows that failed a check, newest first',
      description: 'Text and row are what a source sent: data of unknown origin.',
      query: z.object({
        sourceId: sourceIdParameter.optional(),
        reason: z.enum(quarantineReasons).optional(),
        limit: limitParameter(500, 100),
        cursor: cursorParameter,
      }),
      data: z.array(quarantineSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const [before] = readCursor(query.cursor, z.tuple([z.string().regex(/^\d{1,18}$/)])) ?? [null];
      const found = await quarantine(call.visible).list({
        sourceId: query.sourceId ?? null,
        reason: query.reason ?? null,
        before,
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (row) => [row.id]);
      return { kind: 'data', data: rows.map(view), meta, warnings: leftOut(call.visible, query.sourceId) };
    },
  );
  const one = route(
    {
      method: 'get',
      path: '/quarantine/{id}',
      access: 'read',
      shows: 'visible',
      tag: 'Quarantine',
      summary: 'One row that failed a check, as it was read',
      description: 'Text and row are what a source sent: data of unknown origin.',
      params: z.object({ id: z.string().regex(/^\d{1,18}$/, 'must be a number') }),
      data: quarantineSchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const row = await quarantine(call.visible).one(params.id);
      if (!row) throw new ProblemError('not_found', 'No row in quarantine has this id. GET /quarantine lists them.');
      return { kind: 'data', data: view(row) };
    },
  );
  return [list, one];
}

function view(row: QuarantinedRow): QuarantineView {
  return {
    id: row.id,
    at: row.at.toISOString(),
    sourceId: row.sourceId,
    reason: row.reason,
    symbol: row.symbol,
    finding: row.finding,
    detail: row.detail,
    path: row.path,
    row: row.row,
    runId: row.runId,
    blobKey: row.blobKey,
    batchId: row.batchId,
  };
}
