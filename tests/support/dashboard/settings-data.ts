import type { SettingsView, ShownSetting } from '../../../core/contracts/http/settings.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import type { DoubleState } from './double-state.ts';

const setting = (
  group: ShownSetting['group'],
  title: string,
  value: string | null,
  more: Partial<ShownSetting> = {},
): ShownSetting => ({ group, title, value, variable: null, secret: false, from: 'default', ...more });

/** How the double is configured: as a stage of its own, with some variables that its owner set. */
export function settingsOf({ services, simulated }: Pick<DoubleState, 'services' | 'simulated'>): SettingsView {
  return {
    version: '9.9.9',
    stage: 'prod',
    settings: [
      setting('installation', 'Stage', 'prod', { from: 'stage' }),
      setting('installation', 'Summaries of reports by a language model', 'off'),
      setting('collection', 'Symbols on the watch list at most', '5000', {
        ...{ from: 'setting', variable: 'QUOTRON_WATCH_LIMIT' },
      }),
      setting('collection', 'Rules whose proposals are accepted without a person', null, {
        variable: 'QUOTRON_ACCEPT_FINDINGS',
      }),
      setting('retention', 'Days for which runs are kept', '90', { from: 'stage' }),
      setting('retention', 'Days for which records are kept', '400', { from: 'stage' }),
      setting('events', 'Transport of events', 'SNS FIFO topic'),
      setting('access', 'Origins of other pages that may read the API', 'https://desk.example.com', {
        ...{ from: 'setting', variable: 'QUOTRON_CORS_ORIGINS' },
      }),
      setting('database', 'Connection', 'set', { from: 'stage', variable: 'DB_HOST', secret: true }),
    ],
    sources: catalogue.map(({ id, title, quota, jobs }) => ({
      ...{ id, title, simulated: simulated.includes(id) },
      quota: {
        perMinute: quota.perMinute,
        perDay: quota.perDay,
        from: id === 'yahoo' ? ('setting' as const) : ('default' as const),
      },
      jobs: jobs.map((job) => ({
        ...{ id: job.id, kind: job.kind, everySeconds: job.everySeconds ?? null },
        cron: job.cron ?? null,
        zone: job.cron === undefined ? null : job.zone,
      })),
    })),
    services: services.map(({ id, running, stoppedUntil }) => ({ id, running, stoppedUntil })),
  };
}
