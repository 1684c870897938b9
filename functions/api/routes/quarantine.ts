import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { type QuarantineView, quarantineSchema } from '../../../core/contracts/http/operations.ts';
import { discardedSchema, discardRequestSchema } from '../../../core/contracts/http/replays.ts';
import { quarantineReasons } from '../../../core/contracts/words/quarantine-reasons.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, sourceIdParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { QuarantinedRow, QuarantineStore } from '../../../core/ports/quarantine-store.ts';
import { leftOut } from '../licence.ts';

/** Most rows that one request discards. */
const mostDiscarded = 5_000;

export function quarantineRoutes({ quarantine }: { quarantine: VisibleTo<QuarantineStore> }): Route[] {
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
        state: z.enum(['open', 'discarded']).default('open'),
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
        state: query.state,
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
  const discard = route(
    {
      method: 'post',
      path: '/quarantine/discard',
      access: 'operate',
      shows: 'visible',
      tag: 'Quarantine',
      summary: 'Take rows out of quarantine that nothing is to be done about',
      description: `They are kept with the reason (\`GET /quarantine?state=discarded\`), and stay discarded when their blob is read again. At most ${mostDiscarded} rows a request, the oldest first.`,
      body: discardRequestSchema,
      data: discardedSchema,
    },
    async ({ body, call }) => {
      const discarded = await quarantine(call.visible).discard(
        { ids: body.ids ?? null, sourceId: body.sourceId ?? null, reason: body.reason ?? null },
        {
          because: body.because,
          by: call.principal?.keyId ?? null,
          at: new Date(call.now),
          limit: mostDiscarded,
        },
      );
      return {
        kind: 'data',
        data: { discarded, more: discarded === mostDiscarded },
        warnings: leftOut(call.visible, body.sourceId),
      };
    },
  );
  return [list, one, discard];
}

function view(row: QuarantinedRow): QuarantineView {
  return {
    id: row.id,
    at: row.at.toISOString(),
    firstSeenAt: row.firstSeenAt.toISOString(),
    sourceId: row.sourceId,
    reason: row.reason,
    symbol: row.symbol,
    finding: row.finding,
    detail: row.detail,
    path: row.path,
    row: row.row && withTimes(row.row),
    runId: row.runId,
    blobKey: row.blobKey,
    batchId: row.batchId,
    resolvedAt: row.resolvedAt?.toISOString() ?? null,
    discarded: row.discardedAt && {
      at: row.discardedAt.toISOString(),
      by: row.discardedBy,
      because: row.discardedBecause ?? '',
    },
  };
}

/** Fields of a parsed row that are times: they are stored in milliseconds since the epoch. */
const times: ReadonlySet<string> = new Set(['asOf', 'fetchedAt', 'startsAt']);

function withTimes(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, times.has(name) ? isoTime(value) : value]),
  );
}

/** A time that no calendar has stays the number that it is. */
function isoTime(value: unknown): unknown {
  if (typeof value !== 'number') return value;
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? value : at.toISOString();
}
