import { type ShownSetting, settingsSchema } from '../../../core/contracts/http/settings.ts';
import type { Installation } from '../../../core/contracts/installation.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { SwitchStore } from '../../../core/ports/switch-store.ts';
import { quotaIsOwn } from '../../../core/sources/catalogue.ts';
import type { SourceDefinition } from '../../../core/sources/definition.ts';
import { serviceViews } from '../views/service.ts';

interface RouteDependencies {
  readonly settings: readonly ShownSetting[];
  readonly switches: SwitchStore;
  readonly catalogue: readonly SourceDefinition[];
  readonly simulated: readonly string[];
  readonly version: string;
  readonly installation: Installation;
}

export function settingsRoutes({
  settings,
  switches,
  catalogue,
  simulated,
  version,
  installation,
}: RouteDependencies): Route[] {
  const one = route(
    {
      method: 'get',
      path: '/settings',
      access: 'operate',
      shows: 'nothing',
      tag: 'Settings',
      summary: 'How this installation is configured, and from where',
      description:
        'What the release, the stage or the owner says: lifetimes, limits, the transport of events, quotas and schedules of sources, and which services are stopped. Of what is secret only whether it is set.',
      data: settingsSchema,
    },
    async ({ call }) => {
      const services = serviceViews(await switches.services(new Date(call.now))).map(
        ({ changedAt: _, ...service }) => service,
      );
      const sources = catalogue.map(({ id, title, quota, jobs }) => ({
        ...{ id, title, simulated: simulated.includes(id) },
        quota: {
          perMinute: quota.perMinute,
          perDay: quota.perDay,
          from: quotaIsOwn(id) ? ('setting' as const) : ('default' as const),
        },
        jobs: jobs.map((job) => ({
          ...{ id: job.id, kind: job.kind, everySeconds: job.everySeconds ?? null },
          cron: job.cron ?? null,
          zone: job.cron === undefined ? null : job.zone,
        })),
      }));
      return { kind: 'data', data: { version, stage: installation.stage, settings, sources, services }, maxAge: 0 };
    },
  );
  return [one];
}
