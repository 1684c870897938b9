import * as z from 'zod';
import { type HealthView, healthSchema } from '../../../core/contracts/http/operations.ts';
import { overdueAfterMs } from '../../../core/health/judge.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { type Route, route } from '../../../core/http/route.ts';
import { calendarDaysLeft, calendarWarnings } from '../../../core/market/calendar.ts';
import { clockToleranceMs } from '../../../core/planning/wrong-clock.ts';
import type { HealthReader } from '../../../core/ports/health-reader.ts';
import type { SourceReader } from '../../../core/ports/source-reader.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';

interface RouteDependencies {
  readonly health: HealthReader;
  readonly sources: SourceReader;
  readonly catalogue: readonly SourceDefinition[];
  readonly version: string;
  log(error: unknown, requestId: string): void;
}

type Check = HealthView['checks'][string];
const tag = 'Service';
const alive = z.object({ status: z.literal('pass') });

export function healthRoutes({ health, sources, catalogue, version, log }: RouteDependencies): Route[] {
  async function judged(now: number): Promise<HealthView> {
    const facts = await health.facts(new Date(now));
    const rows = await sources.sources(
      catalogue.map((source) => source.id),
      new Date(now),
    );
    const active = rows.filter((row) => !row.paused);
    const healthy = active.filter((row) => row.status === 'healthy').length;
    const failed = active.filter((row) => row.status === 'failed').map((row) => row.sourceId);
    const unhealthy = active
      .filter((row) => row.status === 'degraded' || row.status === 'limited')
      .map((row) => row.sourceId);
    const silent = facts.plannedTo !== null && now - facts.plannedTo.getTime() > overdueAfterMs;
    const ahead = facts.plannedTo !== null && facts.plannedTo.getTime() - now > clockToleranceMs;
    const checks: Record<string, Check> = {
      'database:migrations': [{ status: facts.migrations ? 'pass' : 'fail', observedValue: facts.migrations }],
      'sources:health': [
        {
          status: failed.length > 0 || unhealthy.length > 0 ? 'warn' : 'pass',
          observedValue: { failed, unwell: unhealthy },
          ...(failed.length > 0 ? { output: `Failed: ${failed.join(', ')}. GET /sources/{id}/health says why.` } : {}),
        },
      ],
      'incidents:open': [
        {
          status: facts.incidents > 0 ? 'warn' : 'pass',
          observedValue: facts.incidents,
          ...(facts.incidents > 0 ? { output: 'GET /incidents?status=open lists them with their evidence.' } : {}),
        },
      ],
      'scheduler:plannedTo': [
        {
          status: silent || ahead ? 'warn' : 'pass',
          observedValue: facts.plannedTo?.toISOString() ?? null,
          ...(silent
            ? { output: 'Nothing was planned for 15 minutes: the function schedule gets no ticks, or fails.' }
            : {}),
          ...(ahead
            ? {
                output:
                  'Runs are planned for a time that has not come: a clock was ahead, or is. The next tick whose time is right plans again.',
              }
            : {}),
        },
      ],
      'tasks:overdue': [
        {
          status: facts.overdue > 0 ? 'warn' : 'pass',
          observedValue: facts.overdue,
          ...(facts.overdue > 0 ? { output: 'Tasks due more than 15 minutes ago have no outcome.' } : {}),
        },
      ],
      'quotes:unpartitioned': [
        {
          status: facts.unpartitioned > 0 ? 'warn' : 'pass',
          observedValue: facts.unpartitioned,
          ...(facts.unpartitioned > 0
            ? { output: 'Rows lie in the default partition: the function maintain has not run.' }
            : {}),
        },
      ],
      'calendars:validity': [calendarCheck(now)],
      'quotes:lastConfirmed': [{ status: 'pass', observedValue: facts.newestQuoteAt?.toISOString() ?? null }],
    };
    return { status: worst(checks), version, sources: { total: rows.length, healthy }, checks };
  }

  const read = route(
    {
      method: 'get',
      path: '/health',
      access: 'public',
      shows: 'nothing',
      tag,
      summary: 'Whether the installation is well',
      description: 'Status 200 for `pass` and `warn`, 503 for `fail`. The single checks are shown only with a key.',
      media: { 'application/health+json': healthSchema },
    },
    async ({ call }) => {
      let view: HealthView;
      try {
        view = await judged(call.now);
      } catch (error) {
        log(error, call.requestId);
        const checks = {
          'database:connection': [
            { status: 'fail' as const, observedValue: null, output: 'The database cannot be reached.' },
          ],
        };
        view = { status: 'fail', version, sources: { total: catalogue.length, healthy: 0 }, checks };
      }
      return {
        kind: 'text',
        body: JSON.stringify(call.principal ? view : { ...view, checks: {} }),
        contentType: 'application/health+json',
        status: view.status === 'fail' ? 503 : 200,
        maxAge: null,
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

  return [read, live, ready];
}

/** Behind its last date a calendar knows no holidays. */
function calendarCheck(now: number): Check[number] {
  const ending = calendarWarnings(now);
  return {
    status: ending.length > 0 ? 'warn' : 'pass',
    observedValue: calendarDaysLeft(now),
    ...(ending.length > 0
      ? {
          output: `Days left of the exchanges' calendars: ${ending.map(({ id, daysLeft }) => `${id} ${daysLeft}`).join(', ')}. Generate them again: docs/runbook.md, "Calendars about to end".`,
        }
      : {}),
  };
}

function worst(checks: Record<string, Check>): HealthView['status'] {
  const all = Object.values(checks).flat();
  return (['fail', 'warn'] as const).find((status) => all.some((check) => check.status === status)) ?? 'pass';
}
