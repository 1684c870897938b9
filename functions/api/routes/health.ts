import * as z from 'zod';
import {
  flowSampleSchema,
  type HealthView,
  healthSchema,
  systemSampleSchema,
} from '../../../core/contracts/http/health.ts';
import { checkStatusOf } from '../../../core/health/system.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { instantParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { isStatementEnded } from '../../../core/ports/database-unavailable.ts';
import type { FlowSamples } from '../../../core/ports/flow-samples.ts';
import type { SystemSamples } from '../../../core/ports/system-samples.ts';
import { createInstallationHealth, type InstallationReaders } from '../installation-health.ts';

interface RouteDependencies extends InstallationReaders {
  readonly systemSamples: SystemSamples;
  readonly flowSamples: FlowSamples;
  readonly version: string;
  readonly simulated: readonly string[];
  log(error: unknown, requestId: string): void;
}

/** What keeps the database from answering: it is away, or a statement of milliseconds came to no end in its time. */
function troubleOf(error: unknown): string {
  if (isStatementEnded(error))
    return 'The database answers, and a statement came to no end in its time: it is slow, or something holds a lock.';
  return 'The database cannot be reached.';
}

const tag = 'Service';
const dayMs = 24 * 3600_000;
const alive = z.object({ status: z.literal('pass') });

export function healthRoutes({
  systemSamples,
  flowSamples,
  version,
  simulated,
  log,
  ...readers
}: RouteDependencies): Route[] {
  const { health, catalogue } = readers;
  const installation = createInstallationHealth(readers);
  const release = { version, simulated: simulated.length > 0, simulatedSources: [...simulated] };

  async function judged(now: number, requestId: string): Promise<HealthView> {
    const { system, checks } = await installation(now, (error) => log(error, requestId));
    const { total, healthy } = system.sources;
    return { status: checkStatusOf(system), ...release, sources: { total, healthy }, system, checks };
  }

  const read = route(
    {
      method: 'get',
      path: '/health',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'Whether the installation is well',
      description:
        'Status 200 for `pass` and `warn`, 503 for `fail`: nothing is collected any more, or the database cannot be reached or does not answer in time. The score with what holds it, and the single checks, are shown only with a key.',
      media: { 'application/health+json': healthSchema },
    },
    async ({ call }) => {
      let view: HealthView;
      try {
        view = await judged(call.now, call.requestId);
      } catch (error) {
        log(error, call.requestId);
        const checks = {
          'database:connection': [{ status: 'fail' as const, observedValue: null, output: troubleOf(error) }],
        };
        view = { status: 'fail', ...release, sources: { total: catalogue.length, healthy: 0 }, system: null, checks };
      }
      return {
        kind: 'text',
        body: JSON.stringify(call.principal ? view : { ...view, system: null, checks: {} }),
        contentType: 'application/health+json',
        status: view.status === 'fail' ? 503 : 200,
        maxAge: null,
      };
    },
  );

  const history = route(
    {
      method: 'get',
      path: '/health/history',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'The system score by the hour or day',
      description:
        'Oldest first; the last 24 hours by the hour, thirty days by the day (of UTC), unless `from` says otherwise. An hour has its last status and score, a day its worst status and mean score. Hours in which the monitor did not run are missing.',
      query: z.object({
        by: z.enum(['hour', 'day']).default('hour'),
        from: instantParameter.optional(),
        to: instantParameter.optional(),
      }),
      data: z.array(systemSampleSchema),
    },
    async ({ query, call }) => {
      const days = query.by === 'day';
      const from = new Date(query.from ?? call.now - (days ? 30 : 1) * dayMs);
      const to = query.to ? new Date(query.to) : null;
      const rows = days ? await systemSamples.days(from, to) : await systemSamples.hours(from, to);
      return {
        kind: 'data',
        data: rows.map(({ at, ...sample }) => ({ at: at.toISOString(), ...sample })),
        meta: { count: rows.length },
      };
    },
  );

  const flow = route(
    {
      method: 'get',
      path: '/health/flow',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'What was stored and what waited for the relay of events, by the minute or hour',
      description:
        'Oldest first; the last three hours by the minute, seven days by the hour (of UTC), unless `from` says otherwise. Kept for seven days. `waiting` and `oldestSeconds` are of the moment in which the monitor looked, of an hour the greatest.',
      query: z.object({
        by: z.enum(['minute', 'hour']).default('minute'),
        from: instantParameter.optional(),
        to: instantParameter.optional(),
      }),
      data: z.array(flowSampleSchema),
    },
    async ({ query, call }) => {
      const from = new Date(query.from ?? call.now - (query.by === 'hour' ? 7 * dayMs : dayMs / 8));
      const rows = await flowSamples.between(query.by, from, query.to ? new Date(query.to) : null);
      return {
        kind: 'data',
        data: rows.map(({ at, ...sample }) => ({ at: at.toISOString(), ...sample })),
        meta: { count: rows.length },
      };
    },
  );

  const live = route(
    {
      method: 'get',
      path: '/livez',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'Whether the API runs at all',
      description: 'Asks nothing of the database.',
      media: { 'application/json': alive },
    },
    () => ({ kind: 'text', body: '{"status":"pass"}', contentType: 'application/json', maxAge: null }),
  );

  const ready = route(
    {
      method: 'get',
      path: '/readyz',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'Whether the API can serve: the database is there and migrated',
      media: { 'application/json': alive },
    },
    async () => {
      if (!(await health.migrated()))
        throw new ProblemError('unavailable', 'The database has no tables yet: the migrations have not run.', {
          headers: { 'retry-after': '5' },
        });
      return { kind: 'text', body: '{"status":"pass"}', contentType: 'application/json', maxAge: null };
    },
  );

  return [read, history, flow, live, ready];
}
