import { createServer } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { sourceReader } from '../../core/adapters/postgres/sources/source-reader.ts';
import { systemSamples } from '../../core/adapters/postgres/sources/system-samples.ts';
import { healthSchema, systemSampleSchema } from '../../core/contracts/http/health.ts';
import { servicesSchema } from '../../core/contracts/http/operations.ts';
import { type HealthStatus, healthStatuses } from '../../core/contracts/words/health-status.ts';
import { type ServiceId, serviceIds } from '../../core/contracts/words/services.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { sampleSystem } from '../../functions/monitor/sample-system.ts';
import { noon } from '../support/api-fixture.ts';
import { quotron } from '../support/cli-in-process.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, get, read } = useApi();
const ids = catalogue.map(({ id }) => id);
const hour = 3600_000;
let url: string;

/** The API behind a port, for the command line. */
const server = createServer(async (request, response) => {
  const answer = await api.ask((request.url ?? '').replace('/api/v1', ''), {
    key: keys.read,
    headers: { accept: String(request.headers.accept) },
  });
  response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
});

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));
beforeEach(async () => {
  api.time.now = noon;
  api.queues['ingest'] = { waiting: [], dead: [] };
  await world.pool.query(
    `DELETE FROM source_health; DELETE FROM source_state; DELETE FROM service_state; DELETE FROM incident;
     DELETE FROM source_credentials; DELETE FROM planner_state; DELETE FROM system_health_sample`,
  );
  await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) SELECT unnest($1::text[]), true`, [ids]);
});

async function set(statuses: readonly HealthStatus[], stopped: readonly ServiceId[] = []) {
  for (const [place, status] of statuses.entries()) {
    const id = ids[place];
    await world.pool.query(
      `INSERT INTO source_health (source_id, status, reason, score, updated_at) VALUES ($1, $2, $3, 100, $4)`,
      [id, status, status === 'failed' ? 'down' : null, new Date(noon)],
    );
    await world.pool.query('INSERT INTO source_state (source_id, paused) VALUES ($1, $2)', [id, status === 'paused']);
  }
  for (const id of stopped)
    await world.pool.query('INSERT INTO service_state (service_id, running) VALUES ($1, false)', [id]);
}

async function shown() {
  const answer = await get('/health');
  const health = healthSchema.parse(await answer.json());
  if (health.system === null) throw new Error('There is a key, and no system.');
  return { code: answer.status, health, system: health.system };
}

const command = (...args: string[]) => quotron(args, { QUOTRON_URL: url, QUOTRON_API_KEY: keys.read });
const statusData = z.object({ healthy: z.boolean(), score: z.number().nullable(), stopped: z.array(z.string()) });

describe('one truth', () => {
  const all = (status: HealthStatus) => ids.map(() => status);
  const one = (status: HealthStatus) => ids.map((_, place): HealthStatus => (place === 0 ? status : 'healthy'));
  const states: [HealthStatus[], ServiceId[]][] = [
    ...healthStatuses.flatMap((status): [HealthStatus[], ServiceId[]][] => [
      [all(status), []],
      [one(status), []],
    ]),
    ...serviceIds.map((service): [HealthStatus[], ServiceId[]] => [all('healthy'), [service]]),
    [['failed', 'degraded', 'limited', 'paused', 'unknown'], ['recovery']],
    [
      ['limited', 'failed', 'healthy', 'degraded', 'failed'],
      ['scrapers', 'proxy'],
    ],
  ];

  it.each(states)('%j with %j stopped: /health, `health` and `status` agree', async (statuses, stopped) => {
    await set(statuses, stopped);
    const { code, health, system } = await shown();
    expect(code).toBe(health.status === 'fail' ? 503 : 200);
    const exit = health.status === 'pass' ? 0 : 1;
    const told = await command('health');
    expect([told.code, told.stdout.includes(system.headline)]).toEqual([exit, true]);
    const status = await command('status');
    expect([status.code, status.stdout.includes(system.headline)]).toEqual([exit, true]);
    const data = statusData.parse(JSON.parse((await command('status', '--json')).stdout));
    expect(data).toEqual({ healthy: exit === 0, score: system.score, stopped });
    const named = system.attention.map(({ id }) => id);
    for (const [place, each] of statuses.entries())
      expect(named.includes(ids[place] ?? '')).toBe(each !== 'healthy' && each !== 'unknown');
    for (const service of stopped) expect(named).toContain(service);
  });

  it('a dead letter, and an incident of what is no source, warn as well', async () => {
    await set(all('healthy'));
    await world.pool.query(
      `INSERT INTO incident (source_id, reason, opened_at, last_seen_at) VALUES ('yahoo-proxy', 'down', $1, $1)`,
      [new Date(noon)],
    );
    const dead = { messageId: 'm', sentAt: noon, receiveCount: 5, body: '{}' };
    api.queues['ingest'] = { waiting: [], dead: [dead] };
    // The queues are counted again after half a minute.
    api.time.now = noon + 60_000;
    const { health, system } = await shown();
    expect([health.status, system.score]).toEqual(['warn', 79]);
    expect(system.attention.map(({ id }) => id)).toEqual(['incidents:open', 'queues:deadLetters']);
    expect((await command('health')).code).toBe(1);
    expect((await command('status')).code).toBe(1);
  });

  it('events that wait for long warn, unless a person stopped the relay; /services and `status` count them', async () => {
    const waiting = (seconds: number) =>
      world.pool.query(
        `INSERT INTO outbox (event_id, type, key, data, created_at)
         VALUES (gen_random_uuid(), 'x', 'x', '{}', clock_timestamp() - make_interval(secs => $1))`,
        [seconds],
      );
    await set(all('healthy'));
    expect((await shown()).health.checks['events:lag']).toEqual([{ status: 'pass', observedValue: 0 }]);
    expect((await command('status')).stdout).not.toContain('to be published');
    await waiting(100);
    expect((await shown()).health.status).toBe('pass');
    await world.pool.query(`DELETE FROM outbox WHERE type = 'x'`);
    await waiting(1_000);
    await waiting(10);
    const { health, system } = await shown();
    expect([health.status, system.attention.map(({ id }) => id)]).toEqual(['warn', ['events:lag']]);
    expect(system.headline).toContain('events are not published');
    const told = (await read(servicesSchema, '/services')).data.events;
    expect(told).toMatchObject({ waiting: 2 });
    expect(told?.oldestSeconds).toBeGreaterThanOrEqual(1_000);
    expect((await command('status')).stdout).toContain('2 events wait to be published; the oldest for 1');
    await set([], ['relay']);
    expect((await shown()).system.attention.map(({ id }) => id)).toEqual(['relay']);
    await world.pool.query(`DELETE FROM outbox WHERE type = 'x'`);
  });

  it('without a key nothing but the status and the count of sources is shown', async () => {
    await set(all('failed'));
    const open = healthSchema.parse(await (await api.ask('/health')).json());
    expect([open.status, open.system, open.checks]).toEqual(['fail', null, {}]);
  });

  it('a source without its credentials is not judged, whatever it was before', async () => {
    await set(all('healthy'));
    await world.pool.query(`UPDATE source_health SET status = 'failed' WHERE source_id = 'alpha-vantage'`);
    await world.pool.query(`UPDATE source_credentials SET is_set = false WHERE source_id = 'alpha-vantage'`);
    expect((await shown()).system).toMatchObject({ status: 'healthy', sources: { total: 5, healthy: 4, unknown: 1 } });
  });
});

describe('the history of the system score', () => {
  const sample = (at: number) =>
    sampleSystem(new Date(at), {
      ...{ health: healthReader(world.pool), sources: sourceReader(world.pool), switches: switchStore(world.pool) },
      ...{ samples: systemSamples(world.pool), catalogue },
    });

  it('has the last score of each hour, its lowest, and of each day the worst status and the mean', async () => {
    await set(ids.map(() => 'healthy'));
    await sample(noon - 26 * hour);
    await sample(noon - hour);
    await world.pool.query(`UPDATE source_health SET status = 'failed' WHERE source_id <> 'yahoo'`);
    await sample(noon - hour + 60_000);
    await world.pool.query(`UPDATE source_health SET status = 'healthy'`);
    await sample(noon - hour + 120_000);
    const hours = await read(z.array(systemSampleSchema), '/health/history');
    expect(hours.data).toEqual([
      { at: new Date(noon - hour).toISOString(), status: 'healthy', score: 100, lowest: 20 },
    ]);
    const days = await read(z.array(systemSampleSchema), '/health/history?by=day');
    expect(days.data).toEqual([
      { at: '2026-11-19T00:00:00.000Z', status: 'healthy', score: 100, lowest: 100 },
      { at: '2026-11-20T00:00:00.000Z', status: 'failed', score: 73, lowest: 20 },
    ]);
    const ended = await read(
      z.array(systemSampleSchema),
      `/health/history?from=${new Date(0).toISOString()}&to=2026-11-20T00:00:00Z`,
    );
    expect(ended.data).toHaveLength(1);
  });

  it('keeps hours without a judged source, without a score', async () => {
    await sample(noon - hour);
    const { data } = await read(z.array(systemSampleSchema), '/health/history');
    expect(data).toMatchObject([{ status: 'unknown', score: null, lowest: null }]);
  });
});
