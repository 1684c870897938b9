import * as z from 'zod';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import { upToMilliseconds } from '../../../core/contracts/http/envelope.ts';
import {
  batchStatisticsSchema,
  type RunDetailView,
  type RunView,
  runDetailSchema,
  runSchema,
  runStatuses,
} from '../../../core/contracts/http/operations.ts';
import { artifactName } from '../../../core/contracts/s3-keys.ts';
import { causeOf } from '../../../core/contracts/words/causes.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter, sourceIdParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { RunReader, StoredAttempt, StoredRun, StoredTask } from '../../../core/ports/run-reader.ts';
import { leftOut } from '../licence.ts';

const tag = 'Runs';

interface RouteDependencies {
  readonly runs: VisibleTo<RunReader>;
  readonly artifactUrl: (key: string) => Promise<string>;
}

export function runRoutes({ runs, artifactUrl }: RouteDependencies): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/runs',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Runs, the latest due first',
      query: z.object({
        sourceId: sourceIdParameter.optional(),
        status: z.enum(runStatuses).optional(),
        limit: limitParameter(200, 50),
        cursor: cursorParameter,
      }),
      data: z.array(runSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const after = readCursor(query.cursor, z.tuple([z.iso.datetime(), z.uuid()]));
      const found = await runs(call.visible).list({
        sourceId: query.sourceId ?? null,
        status: query.status ?? null,
        after: after && { dueAt: after[0], id: after[1] },
        limit: query.limit + 1,
      });
      const { rows, meta } = page(found, query.limit, (run) => [run.dueAt, run.id]);
      return { kind: 'data', data: rows.map(runView), meta, warnings: leftOut(call.visible, query.sourceId) };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/runs/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One run with its tasks and attempts',
      params: z.object({ id: z.uuid() }),
      data: runDetailSchema,
      problems: ['unknown_run'],
    },
    async ({ params, call }) => {
      const run = await runs(call.visible).one(params.id);
      if (!run)
        throw new ProblemError(
          'unknown_run',
          'No run has this id. One that was just asked for appears within seconds.',
          {
            // Ids of runs are UUIDv5: one of that form may have been promised by a 202 a moment ago.
            retryable: params.id[14] === '5',
          },
        );
      const tasks = await runs(call.visible).tasks(run.id);
      const attempts = Map.groupBy(await runs(call.visible).attempts(run.id), (attempt) => attempt.part);
      const data: RunDetailView = {
        ...runView(run),
        parts: tasks.map((task) => partView(run.id, task, attempts.get(task.part) ?? [])),
      };
      return { kind: 'data', data };
    },
  );

  const statistics = route(
    {
      method: 'get',
      path: '/batches/{id}/statistics',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Statistics of a batch, by currency',
      params: z.object({ id: z.string().regex(/^\d{1,18}$/, 'must be a number') }),
      data: z.array(batchStatisticsSchema),
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const rows = await runs(call.visible).statistics(params.id);
      if (!rows)
        throw new ProblemError('not_found', 'No batch has this id. A run names its batches in parts[].batchId.');
      const data = rows.map(({ mean, median, min, max, volume, ...counts }) => ({
        currency: counts.currency,
        count: counts.count,
        rejected: counts.rejected,
        mean: call.decimal(mean),
        median: call.decimal(median),
        min: call.decimal(min),
        max: call.decimal(max),
        up: counts.up,
        down: counts.down,
        unchanged: counts.unchanged,
        volume: call.decimal(volume),
      }));
      return { kind: 'data', data, meta: { count: data.length } };
    },
  );

  const artifact = route(
    {
      method: 'get',
      path: '/runs/{id}/artifacts/{name}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'A picture of a page that failed, or its HTML as text',
      description:
        'Leads to the file by a 303 with a link that holds for five minutes. Values of form fields and whatever is secret are masked. `GET /runs/{id}` names what there is.',
      params: z.object({ id: z.uuid(), name: z.string().regex(/^[\w.-]{1,100}$/, 'is no name of an artifact') }),
      status: 303,
      problems: ['unknown_run', 'unknown_artifact'],
    },
    async ({ params, call }) => {
      const attempts = await runs(call.visible).attempts(params.id);
      const key = attempts.flatMap((attempt) => attempt.artifacts).find((each) => artifactName(each) === params.name);
      if (key) return { kind: 'redirect', location: await artifactUrl(key) };
      throw attempts.length === 0
        ? new ProblemError('unknown_run', 'No run with an attempt has this id.')
        : new ProblemError('unknown_artifact', 'This run has no artifact of that name. GET /runs/{id} names them.');
    },
  );

  return [list, one, statistics, artifact];
}

function runView(row: StoredRun): RunView {
  return {
    id: row.id,
    sourceId: row.sourceId,
    job: row.job,
    trigger: row.trigger,
    status: row.status,
    reason: row.reason,
    cause: causeOf(row.reason, row.detail),
    dueAt: upToMilliseconds(row.dueAt),
    createdAt: row.createdAt.toISOString(),
    finishedAt: row.finishedAt?.toISOString() ?? null,
    tasks: row.tasks,
    accepted: row.accepted,
    rejected: row.rejected,
  };
}

function partView(runId: string, task: StoredTask, attempts: readonly StoredAttempt[]): RunDetailView['parts'][number] {
  return {
    part: task.part,
    status: task.status,
    reason: task.reason,
    cause: task.status === 'failed' ? causeOf(task.reason, task.detail) : null,
    detail: task.status === 'failed' ? task.detail : null,
    message: task.message,
    symbols: [...task.symbols],
    plannedAt: task.plannedAt.toISOString(),
    queuedAt: task.queuedAt?.toISOString() ?? null,
    startedAt: attempts[0]?.startedAt.toISOString() ?? null,
    fetchedAt: attempts.findLast((attempt) => attempt.ok)?.finishedAt?.toISOString() ?? null,
    ingestedAt: task.ingestedAt?.toISOString() ?? null,
    finishedAt: task.finishedAt?.toISOString() ?? null,
    batchId: task.batchId,
    attempts: attempts.map((attempt) => ({
      attempt: attempt.attempt,
      startedAt: attempt.startedAt.toISOString(),
      finishedAt: attempt.finishedAt?.toISOString() ?? null,
      ok: attempt.ok,
      reason: attempt.reason,
      cause: attempt.ok === false ? causeOf(attempt.reason, attempt.detail) : null,
      detail: attempt.ok === false ? attempt.detail : null,
      message: attempt.message,
      blobKey: attempt.blobKey,
      requests: attempt.requests,
      latencyMs: attempt.latencyMs,
      artifacts: attempt.artifacts.map((key) => ({
        name: artifactName(key),
        url: `/api/v1/runs/${runId}/artifacts/${artifactName(key)}`,
      })),
    })),
  };
}
