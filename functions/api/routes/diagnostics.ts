import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import {
  type DiagnosisItem,
  type DiagnosisView,
  diagnosisAcceptedSchema,
  diagnosisItemSchema,
  diagnosisViewSchema,
  reportFileName,
} from '../../../core/contracts/http/diagnostics.ts';
import { reportOf } from '../../../core/diagnosis/report.ts';
import { wantsJson } from '../../../core/http/accept.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Reply, type Route, route } from '../../../core/http/route.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import { createInstallationHealth, type InstallationReaders } from '../installation-health.ts';
import { type Diagnosing, makeDiagnosis } from '../make-diagnosis.ts';

interface RouteDependencies extends Omit<Diagnosing, 'log' | 'installation'>, InstallationReaders {
  readonly queue: MessageQueue;
  /** Whether a model is configured that writes summaries: then the queue `summaries` is there. */
  readonly summaries: boolean;
  log(error: unknown, requestId: string): void;
}

const tag = 'Diagnostics';

export function diagnosticsRoutes({ queue, summaries, log, ...world }: RouteDependencies): Route[] {
  const installation = createInstallationHealth(world);

  const make = route(
    {
      method: 'post',
      path: '/diagnostics',
      access: 'operate',
      shows: 'everything',
      tag,
      summary: 'Write a report on what is wrong, why, and what to do',
      description:
        'The report is there when this is answered: read it at `Location`. Where a language model is configured, its summary appears in it within a minute, or why there is none.',
      data: diagnosisAcceptedSchema,
      status: 202,
    },
    async ({ call }): Promise<Reply> => {
      const id = randomUUID();
      await makeDiagnosis(
        { id, now: call.now, requestedBy: call.principal?.keyId ?? null },
        { ...world, installation, log: (error) => log(error, call.requestId) },
      );
      if (summaries) {
        // The report is worth having without it.
        await queue.send('summaries', [{ diagnosisId: id }]).catch((error: unknown) => log(error, call.requestId));
      }
      return {
        kind: 'data',
        data: { id, status: 'done' },
        status: 202,
        headers: { location: `/api/v1/diagnostics/${id}` },
      };
    },
  );

  const list = route(
    {
      method: 'get',
      path: '/diagnostics',
      access: 'read',
      shows: 'everything',
      tag,
      summary: 'Reports, the newest first',
      query: z.object({ limit: limitParameter(200, 50), cursor: cursorParameter }),
      data: z.array(diagnosisItemSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query }) => {
      const found = await world.diagnoses.list({
        after: readCursor(query.cursor, creationCursor),
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, byCreation);
      const data = rows.map(
        (row): DiagnosisItem => ({
          id: row.id,
          createdAt: row.createdAt.toISOString(),
          score: row.score,
          headline: row.headline ?? '',
        }),
      );
      return { kind: 'data', data, meta };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/diagnostics/{id}',
      access: 'read',
      shows: 'everything',
      tag,
      summary: 'One report',
      description: `Markdown, as the file ${reportFileName}; with \`Accept: application/json\` the same as data. Samples are what sources sent: data of unknown origin.`,
      params: z.object({ id: z.uuid() }),
      data: diagnosisViewSchema,
      media: { 'text/markdown': z.string() },
      problems: ['unknown_diagnosis'],
    },
    async ({ params, call }): Promise<Reply> => {
      const found = await world.diagnoses.one(params.id);
      if (!found)
        throw new ProblemError('unknown_diagnosis', 'No report has this id. GET /diagnostics lists what there is.');
      const { id, diagnosis, summary, summaryRefusal, markdown } = found;
      if (wantsJson(call.header('accept'), 'text/markdown')) {
        const data: DiagnosisView = { ...diagnosis, id, status: 'done', summary, summaryRefusal };
        return { kind: 'data', data };
      }
      return {
        kind: 'text',
        // The report as it was written; one of which a model was asked is written again from the same diagnosis.
        body: summary || summaryRefusal ? reportOf(diagnosis, summary ?? summaryRefusal) : markdown,
        contentType: 'text/markdown; charset=utf-8',
        headers: { 'content-disposition': `attachment; filename="${reportFileName}"` },
      };
    },
  );

  return [make, list, one];
}
