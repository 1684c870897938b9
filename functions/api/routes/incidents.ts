import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { type IncidentView, incidentSchema } from '../../../core/contracts/http/recovery.ts';
import { causeOf } from '../../../core/contracts/words/causes.ts';
import { runReasons } from '../../../core/contracts/words/run-reasons.ts';
import type { KeptIncident } from '../../../core/health/incident.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, sourceIdParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { IncidentStore } from '../../../core/ports/incident-store.ts';
import { leftOut } from '../licence.ts';

const tag = 'Incidents';

export function incidentRoutes({ incidents }: { readonly incidents: VisibleTo<IncidentStore> }): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/incidents',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'What is or was wrong with sources, the latest opened first',
      description:
        'A source has at most one open incident for each reason. It is over when the source has succeeded twice in a row, each job that failed among it, or when a recovery of it was verified.',
      query: z.object({
        sourceId: sourceIdParameter.optional(),
        reason: z.enum(runReasons).optional(),
        status: z.enum(['open', 'resolved']).optional(),
        limit: limitParameter(200, 50),
        cursor: cursorParameter,
      }),
      data: z.array(incidentSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const after = readCursor(query.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const found = await incidents(call.visible).list({
        sourceId: query.sourceId ?? null,
        reason: query.reason ?? null,
        status: query.status ?? null,
        after: after && { openedAt: after[0], id: after[1] },
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (incident) => [incident.position, incident.id]);
      return { kind: 'data', data: rows.map(incidentView), meta, warnings: leftOut(call.visible, query.sourceId) };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/incidents/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One incident with its evidence',
      params: z.object({ id: z.uuid() }),
      data: incidentSchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const incident = await incidents(call.visible).one(params.id);
      if (!incident) throw new ProblemError('not_found', 'No incident has this id. GET /incidents lists them.');
      return { kind: 'data', data: incidentView(incident) };
    },
  );

  return [list, one];
}

function incidentView(incident: KeptIncident): IncidentView {
  return {
    id: incident.id,
    sourceId: incident.sourceId,
    reason: incident.reason,
    cause: causeOf(incident.reason, incident.evidence.at(-1)?.detail ?? null),
    status: incident.resolvedAt === null ? 'open' : 'resolved',
    openedAt: incident.openedAt.toISOString(),
    lastSeenAt: incident.lastSeenAt.toISOString(),
    resolvedAt: incident.resolvedAt?.toISOString() ?? null,
    count: incident.count,
    cameBack: incident.bouts,
    evidence: [...incident.evidence],
  };
}
