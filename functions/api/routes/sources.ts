import * as z from 'zod';
import { needsCredentials } from '../../../core/auth/credentials.ts';
import type { VisibleTo } from '../../../core/auth/visible-sources.ts';
import {
  healthSampleSchema,
  runAcceptedSchema,
  runRequestSchema,
  type SourceView,
  sourceHealthSchema,
  sourceSchema,
  sourceSymbolSchema,
  stopRequestSchema,
} from '../../../core/contracts/http/operations.ts';
import type { Tick } from '../../../core/contracts/messages.ts';
import { runIdOf } from '../../../core/contracts/run-id.ts';
import { page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, instantParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Call, type Reply, type Route, route } from '../../../core/http/route.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { IncidentStore } from '../../../core/ports/incident-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import type { SourceReader } from '../../../core/ports/source-reader.ts';
import type { SwitchStore } from '../../../core/ports/switch-store.ts';
import type { WatchStore } from '../../../core/ports/watch-store.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { requestSlot } from '../idempotency-key.ts';
import { pauseEnd } from '../pause-end.ts';
import { stoppedServices } from '../stopped-services.ts';
import { sampleView, sourceView, symbolsOf } from '../views/source.ts';

interface RouteDependencies {
  readonly incidents: VisibleTo<IncidentStore>;
  readonly requests: IdempotencyStore;
  readonly sources: SourceReader;
  readonly switches: SwitchStore;
  readonly queue: MessageQueue;
  readonly watch: Pick<WatchStore, 'list'>;
  readonly catalogue: readonly SourceDefinition[];
  readonly alwaysOpen?: boolean;
}

const tag = 'Sources';
const hourMs = 3600_000;
const byId = z.object({ id: z.string().min(1).max(64) });
const problems = ['unknown_source'] as const;

export function sourceRoutes({
  incidents,
  requests,
  sources,
  switches,
  queue,
  watch,
  catalogue,
  alwaysOpen = false,
}: RouteDependencies): Route[] {
  function definitionOf(id: string): SourceDefinition {
    const found = catalogue.find((source) => source.id === id);
    if (found) return found;
    throw new ProblemError(
      'unknown_source',
      `No source has this id. There is ${catalogue.map((each) => each.id).join(', ')}.`,
    );
  }

  async function views(of: readonly SourceDefinition[], { now, visible, simulated }: Call): Promise<SourceView[]> {
    const ids = of.map((source) => source.id);
    const rows = await sources.sources(ids, new Date(now));
    const samples = await sources.samples(ids, new Date(now - 24 * hourMs));
    const open = await incidents(visible).open(ids);
    const watched = await watch.list();
    return rows.flatMap((row) => {
      const source = of.find((each) => each.id === row.sourceId);
      return source
        ? [sourceView(source, row, samples, { now, alwaysOpen, simulated, incidents: open, visible, watched })]
        : [];
    });
  }

  async function viewOf(id: string, call: Call): Promise<SourceView> {
    const [view] = await views([definitionOf(id)], call);
    if (!view) throw new Error(`The source ${id} gave no row: the query keeps one for each id.`);
    return view;
  }

  const list = route(
    {
      method: 'get',
      path: '/sources',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'Every source with its health',
      data: z.array(sourceSchema),
    },
    async ({ call }) => {
      const data = await views(catalogue, call);
      return { kind: 'data', data, meta: { count: data.length } };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/sources/{id}',
      access: 'read',
      shows: 'visible',
      tag,
      summary: 'One source',
      params: byId,
      data: sourceSchema,
      problems,
    },
    async ({ params, call }) => ({ kind: 'data', data: await viewOf(params.id, call) }),
  );

  const symbols = route(
    {
      method: 'get',
      path: '/sources/{id}/symbols',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'The symbols that a source collects, and by which jobs',
      params: byId,
      query: z.object({ limit: limitParameter(1_000, 500), cursor: cursorParameter }),
      data: z.array(sourceSymbolSchema),
      problems: ['unknown_source', 'invalid_cursor'],
    },
    async ({ params, query }) => {
      const source = definitionOf(params.id);
      const [after] = readCursor(query.cursor, z.tuple([z.string()])) ?? [''];
      const all = symbolsOf(source, { watched: await watch.list(), alwaysOpen });
      const rest = all.filter(({ symbol }) => symbol > after).slice(0, query.limit + 1);
      const { rows, meta } = page(rest, query.limit, ({ symbol }) => [symbol]);
      return { kind: 'data', data: rows, meta: { ...meta, ...(after === '' ? { total: all.length } : {}) } };
    },
  );

  const health = route(
    {
      method: 'get',
      path: '/sources/{id}/health',
      access: 'read',
      shows: 'visible',
      tag,
      summary: "A source's health",
      params: byId,
      data: sourceHealthSchema,
      problems,
    },
    async ({ params, call }) => ({ kind: 'data', data: (await viewOf(params.id, call)).health }),
  );

  const history = route(
    {
      method: 'get',
      path: '/sources/{id}/health/history',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: "A source's health by the hour or day",
      description:
        'Oldest first; the last seven days by the hour, ninety by the day (of UTC), unless `from` says otherwise. An hour has its last status and score, a day its worst status and mean score; `parts` is what the score was made of.',
      params: byId,
      query: z.object({
        by: z.enum(['hour', 'day']).default('hour'),
        from: instantParameter.optional(),
        to: instantParameter.optional(),
      }),
      data: z.array(healthSampleSchema),
      problems,
    },
    async ({ params, query, call }) => {
      const { id } = definitionOf(params.id);
      const days = query.by === 'day';
      const from = new Date(query.from ?? call.now - (days ? 90 : 7) * 24 * hourMs);
      const to = query.to ? new Date(query.to) : null;
      const rows = days ? await sources.days([id], from, to) : await sources.samples([id], from, to);
      return { kind: 'data', data: rows.map(sampleView), meta: { count: rows.length } };
    },
  );

  function switching(to: 'start' | 'stop'): Route {
    return route(
      {
        method: 'post',
        path: `/sources/{id}/${to}`,
        access: 'operate',
        shows: 'visible',
        tag,
        summary: to === 'start' ? 'Resume a source' : 'Pause a source',
        description:
          to === 'start'
            ? 'Runs that were missed meanwhile are not planned later.'
            : 'Runs under way finish. "Run now" still works. With `until` the source resumes by itself then.',
        params: byId,
        ...(to === 'stop' ? { body: stopRequestSchema.optional() } : {}),
        data: sourceSchema,
        problems,
      },
      async ({ params, body, call }) => {
        const { id } = definitionOf(params.id);
        const until = pauseEnd(body, call.now);
        await switches.setPaused(id, to === 'stop', until, new Date(call.now));
        return { kind: 'data', data: await viewOf(id, call) };
      },
    );
  }

  const continueLogin = route(
    {
      method: 'post',
      path: '/sources/{id}/continue',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Continue a login that is on hold',
      description:
        'After a person has done what `health.login` asks for: the next run signs in again. Changes nothing where no login is on hold. New credentials continue it as well.',
      params: byId,
      data: sourceSchema,
      problems,
    },
    async ({ params, call }) => {
      const { id } = definitionOf(params.id);
      await switches.continueLogin(id, new Date(call.now));
      return { kind: 'data', data: await viewOf(id, call) };
    },
  );

  const run = route(
    {
      method: 'post',
      path: '/sources/{id}/run',
      access: 'operate',
      shows: 'visible',
      tag,
      summary: 'Run a source now',
      description:
        'Answers 202 at once; the run appears at `Location` within seconds. Quota and leases hold as for planned runs.',
      params: byId,
      body: runRequestSchema.optional(),
      data: runAcceptedSchema,
      status: 202,
      idempotent: true,
      problems: ['unknown_source', 'unknown_job', 'credentials_missing', 'login_on_hold'],
    },
    async ({ params, body, call }): Promise<Reply> => {
      const source = definitionOf(params.id);
      const jobs = source.jobs.filter((job) => body?.job === undefined || job.id === body.job);
      const [first] = jobs;
      if (!first)
        throw new ProblemError(
          'unknown_job',
          `${source.title} has the jobs ${source.jobs.map((job) => job.id).join(', ')}.`,
        );
      if (needsCredentials(source)) {
        const view = await viewOf(source.id, call);
        if (view.credentials?.hint)
          throw new ProblemError(
            'credentials_missing',
            `${source.title} cannot be called yet. ${view.credentials.hint}`,
          );
        const { login } = view.health;
        if (login)
          throw new ProblemError(
            'login_on_hold',
            `${source.title} takes no login now (${login.detail.code}). ${login.hint}`,
          );
      }
      const { slot: requestId } = await requestSlot(requests, call, body);
      const run = { sourceId: source.id, trigger: 'manual', requestId } as const;
      const tick: Tick = {
        time: new Date(call.now).toISOString(),
        run: { ...run, ...(body?.job === undefined ? {} : { job: body.job }) },
      };
      const warnings = await stoppedServices(switches, new Date(call.now));
      await queue.send('ticks', [tick]);
      const runs = jobs.map((job) => ({
        job: job.id,
        id: runIdOf({ sourceId: source.id, job: job.id, trigger: run.trigger, slot: requestId }),
      }));
      const id = runs[0]?.id ?? '';
      return {
        kind: 'data',
        data: { id, status: 'planned', runs },
        status: 202,
        headers: { location: `/api/v1/runs/${id}` },
        warnings,
      };
    },
  );

  return [list, one, symbols, health, history, switching('start'), switching('stop'), continueLogin, run];
}
