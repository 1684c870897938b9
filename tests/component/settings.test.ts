import { afterEach, describe, expect, it, vi } from 'vitest';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { settingsSchema } from '../../core/contracts/http/settings.ts';
import { shownSettings } from '../../core/runtime/shown-settings.ts';
import { setQuotas } from '../../core/sources/catalogue.ts';
import { useApi } from '../support/use-api.ts';

const { api, keys } = useApi();

const read = async () =>
  envelope(settingsSchema).parse(await (await api.ask('/settings', { key: keys.operate })).json()).data;

afterEach(() => {
  vi.unstubAllEnvs();
  setQuotas(new Map());
});

describe('how an installation is configured', () => {
  it('is shown with version, stage, schedules and switches', async () => {
    const { version, stage, sources, services } = await read();
    expect([version, stage]).toEqual(['9.9.9', 'local']);
    const yahoo = sources.find(({ id }) => id === 'yahoo');
    expect(yahoo).toMatchObject({ title: 'Yahoo Finance', simulated: false, quota: { from: 'default' } });
    expect(yahoo?.jobs.find(({ id }) => id === 'quotes')).toMatchObject({ kind: 'quotes', cron: null });
    expect(services.every(({ running }) => running)).toBe(true);
    expect((await api.ask('/settings', { key: keys.read })).status).toBe(403);
  });

  it('says of a quota that the installation sets it', async () => {
    setQuotas(new Map([['yahoo', { perMinute: 7, perDay: 700 }]]));
    const { sources } = await read();
    expect(sources.find(({ id }) => id === 'yahoo')?.quota).toEqual({ perMinute: 7, perDay: 700, from: 'setting' });
  });

  it('names who sets what: the release, the stage or a variable', () => {
    vi.stubEnv('QUOTRON_RUN_DAYS', '120');
    vi.stubEnv('QUOTRON_WATCH_LIMIT', '50');
    const settings = shownSettings();
    const of = (title: string) => settings.find((each) => each.title.startsWith(title));
    expect(of('Days for which runs')).toMatchObject({ value: '120', from: 'stage', variable: null });
    expect(of('Days for which records')).toMatchObject({ value: '400', from: 'default' });
    expect(of('Symbols on the watch list')).toMatchObject({
      value: '50',
      from: 'setting',
      variable: 'QUOTRON_WATCH_LIMIT',
    });
  });

  it('says how many streams of events may be open: always some on a laptop, and on AWS where the stage has them', () => {
    const streams = () => shownSettings().find(({ title }) => title.startsWith('Streams of events'));
    expect(streams()).toMatchObject({ group: 'events', value: '5', from: 'default', variable: null });
    vi.stubEnv('QUOTRON_STAGE', 'prod');
    expect(streams()).toMatchObject({ value: null, from: 'default', variable: 'QUOTRON_EVENT_STREAMS' });
    vi.stubEnv('QUOTRON_EVENT_STREAMS', '7');
    expect(streams()).toMatchObject({ value: '7', from: 'setting' });
  });

  it('has no secret in it', () => {
    const secret = 'hunter2-and-more';
    for (const name of [
      'DATABASE_URL',
      'KAFKA_BROKERS',
      'KAFKA_SASL_PASSWORD',
      'SESSION_KEY_SECRET',
      'OPERATIONS_SECRET',
    ])
      vi.stubEnv(name, `postgres://user:${secret}@host/db`);
    vi.stubEnv('KAFKA_TOPIC', 'quotron-prod-events');
    const settings = shownSettings();
    expect(JSON.stringify(settings)).not.toContain(secret);
    expect(settings.find(({ group }) => group === 'database')).toMatchObject({ value: 'set', secret: true });
    expect(settings.find(({ group }) => group === 'events')).toMatchObject({ value: 'Kafka', from: 'stage' });
  });
});
