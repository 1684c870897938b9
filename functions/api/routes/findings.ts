import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import {
  type FindingView,
  findingSchema,
  findingsDecidedSchema,
  findingsDecisionSchema,
} from '../../../core/contracts/http/findings.ts';
import { findingSeverities, findingStatuses, priceRules } from '../../../core/contracts/words/price-findings.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import {
  cursorParameter,
  limitParameter,
  sourceIdParameter,
  symbolOf,
  symbolParameter,
} from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { FindingRecords, StoredFinding } from '../../../core/ports/finding-records.ts';
import { leftOut } from '../licence.ts';

const tag = 'Findings';
const decisions = [
  {
    verb: 'accept',
    status: 'accepted',
    effect:
      'A proposal of it is applied by `quality=repaired` of `GET /bars` and of the history of quotes; one of another instrument is opened at once.',
  },
  { verb: 'dismiss', status: 'dismissed', effect: 'Its row is served again, and it is not raised a second time.' },
] as const;

export function findingRoutes({ findings }: { findings: VisibleTo<FindingRecords> }): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/findings',
      access: 'read',
      tag,
      shows: 'visible',
      summary: 'What speaks against rows that are stored, newest first',
      description:
        'A finding never changes its row. `wrong` keeps the row out of `GET /bars`, unless `quality` is `raw` or an accepted proposal repairs it; `doubt` and `info` only mark it.',
      query: z.object({
        symbol: symbolParameter.optional(),
        sourceId: sourceIdParameter.optional(),
        rule: z.enum(priceRules).optional(),
        severity: z.enum(findingSeverities).optional(),
        status: z.enum(findingStatuses).default('open'),
        limit: limitParameter(1_000, 100),
        cursor: cursorParameter,
      }),
      data: z.array(findingSchema),
      problems: ['invalid_cursor', 'invalid_symbol'],
    },
    async ({ query, call }) => {
      const [before] = readCursor(query.cursor, z.tuple([z.string().regex(/^\d{1,18}$/)])) ?? [null];
      const found = await findings(call.visible).list({
        symbol: query.symbol === undefined ? null : symbolOf(query.symbol),
        sourceId: query.sourceId ?? null,
        rule: query.rule ?? null,
        severity: query.severity ?? null,
        status: query.status,
        before,
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (row) => [row.id]);
      return { kind: 'data', data: rows.map(findingView), meta, warnings: leftOut(call.visible, query.sourceId) };
    },
  );
  const one = decisions.map(({ verb, status, effect }) =>
    route(
      {
        method: 'post',
        path: `/findings/{id}/${verb}`,
        access: 'operate',
        tag,
        shows: 'visible',
        summary: `${verb === 'accept' ? 'Accept' : 'Dismiss'} a finding`,
        description: `${effect} One that is decided already stays as it is.`,
        params: z.object({ id: z.string().regex(/^\d{1,18}$/, 'must be a number') }),
        data: findingSchema,
        problems: ['not_found'],
      },
      async ({ params, call }) => {
        const records = findings(call.visible);
        await records.decide([params.id], status, call.principal?.keyId ?? null);
        const found = await records.one(params.id);
        if (!found) throw new ProblemError('not_found', 'No finding has this id. GET /findings lists them.');
        return { kind: 'data', data: findingView(found) };
      },
    ),
  );
  const many = decisions.map(({ verb, status, effect }) =>
    route(
      {
        method: 'post',
        path: `/findings/${verb}`,
        access: 'operate',
        tag,
        shows: 'visible',
        summary: `${verb === 'accept' ? 'Accept' : 'Dismiss'} several findings`,
        description: `${effect} Gives those that were open.`,
        body: findingsDecisionSchema,
        data: findingsDecidedSchema,
      },
      async ({ body, call }) => ({
        kind: 'data',
        data: { status, ids: await findings(call.visible).decide(body.ids, status, call.principal?.keyId ?? null) },
      }),
    ),
  );
  return [list, ...one, ...many];
}

function findingView(finding: StoredFinding): FindingView {
  const { id, rule, severity, status, symbol, source, kind, interval, date, at, evidence, proposal, by } = finding;
  return {
    id,
    rule,
    severity,
    status,
    subject: { symbol, source, kind, interval, date, at: at?.toISOString() ?? null },
    evidence,
    proposal,
    openedAt: finding.openedAt.toISOString(),
    closedAt: finding.closedAt?.toISOString() ?? null,
    by,
  };
}
