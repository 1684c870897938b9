import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import {
  healthSampleSchema,
  serviceSchema,
  servicesSchema,
  sourceHealthSchema,
  sourceSchema,
} from '../../core/contracts/http/operations.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { iso, json, makeRun, noon, testApi } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, get, post, read } = useApi();

describe('a source', () => {
  it('that never ran is unknown, with nothing used of its quota, and says when it is due', async () => {
    const { data } = await read(z.array(sourceSchema), '/sources');
    expect(data.map((source) => source.id)).toEqual(catalogue.map((source) => source.id));
    expect(data[0]).toMatchObject({
      id: 'yahoo',
      paused: false,
      lastRun: null,
      health: {
        status: 'unknown',
        score: null,
        lastFailure: null,
        breaker: { state: 'closed', until: null },
        quota: { minute: { used: 0, limit: 60 }, day: { used: 0, limit: 20_000 } },
        nextRunAt: iso(60),
      },
    });
  });

  it('that needs a key and has none is unknown, says what to do, and is not run', async () => {
    await world.pool.query(
      `INSERT INTO source_health (source_id, status, score, updated_at) VALUES ('alpha-vantage', 'failed', 0, now())`,
    );
    const { data } = await read(sourceSchema, '/sources/alpha-vantage');
    expect(data).toMatchObject({
      credentials: {
        form: 'api-key',
        isSet: false,
        changedAt: null,
        hint: expect.stringContaining('PUT /api/v1/sources/alpha-vantage/credentials'),
      },
      health: { status: 'unknown', reason: null, nextRunAt: null },
    });
    const refused = await post('/sources/alpha-vantage/run');
    expect([refused.status, await json(refused)]).toMatchObject([
      409,
      { code: 'credentials_missing', detail: expect.stringContaining('quotron credentials set alpha-vantage') },
    ]);
    expect(api.queue.take('ticks')).toEqual([]);
    await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) VALUES ('alpha-vantage', true)`);
    const set = (await read(sourceSchema, '/sources/alpha-vantage')).data;
    expect(set).toMatchObject({ credentials: { isSet: true, hint: null }, health: { status: 'failed' } });
    expect((await post('/sources/alpha-vantage/run')).status).toBe(202);
    api.queue.take('ticks');
  });

  it('tells its health, its hours, its quota and its last run', async () => {
    const failedRun = randomUUID();
    await world.pool.query(
      `INSERT INTO source_health (source_id, status, reason, message, since, score, success, freshness, accepted, latency, quota,
                                  last_success_at, failed_at, failure_reason, failure_message, failure_run_id, updated_at)
       VALUES ('yahoo', 'degraded', 'rate_limited', 'Too many requests', $2, 62, 0.75, 1, 0.9, 0.5, 0.99, $1, $2, 'rate_limited', 'Too many requests', $3, $1)`,
      [iso(-60), iso(-120), failedRun],
    );
    await world.pool.query(
      `INSERT INTO health_sample (source_id, hour, status, score, samples, score_sum, score_least, worst, succeeded, failed, success, quota) VALUES
         ('yahoo', $1, 'healthy', 98, 10, 900, 70, 'limited', 9, 1, 1, 0.5), ('yahoo', $2, 'degraded', 62, 30, 1860, 60, 'degraded', 20, 4, 0.5, NULL),
         ('yahoo', $3, 'failed', 0, 0, 0, NULL, NULL, 0, 0, NULL, NULL)`,
      [iso(-7200), iso(-3600), iso(-48 * 3600)],
    );
    // Used in this minute; used earlier today; used yesterday; reserved and good; reserved and expired.
    await world.pool.query(
      `INSERT INTO permit (source_id, purpose, not_before, expires_at, used_at) VALUES
        ('yahoo', 'task', $1, $2, $1), ('yahoo', 'task', $3, $3, $3), ('yahoo', 'task', $4, $4, $4),
        ('yahoo', 'task', $1, $2, NULL), ('yahoo', 'task', $3, $3, NULL)`,
      [iso(0), iso(60), iso(-3600), iso(-86_400)],
    );
    const run = await makeRun(world.pool, {
      tasks: [
        { status: 'succeeded', accepted: 5 },
        { status: 'failed', reason: 'timeout' },
      ],
    });
    const { data } = await read(sourceSchema, '/sources/yahoo');
    expect(data.lastRun).toMatchObject({ id: run, status: 'partial', accepted: 5, rejected: 2, finishedAt: iso(-30) });
    expect(data.health).toMatchObject({
      status: 'degraded',
      reason: 'rate_limited',
      score: 62,
      message: 'Too many requests',
      since: iso(-120),
      parts: { success: 0.75, freshness: 1, accepted: 0.9, latency: 0.5, quota: 0.99 },
      lastSuccessAt: iso(-60),
      lastFailure: { at: iso(-120), reason: 'rate_limited', message: 'Too many requests', runId: failedRun },
      quota: { minute: { used: 2, limit: 60 }, day: { used: 3, limit: 20_000 } },
    });
    expect(data.health.trend.map((sample) => sample.score)).toEqual([98, 62]);
    expect((await read(sourceHealthSchema, '/sources/yahoo/health')).data).toEqual(data.health);
    const none = { success: null, freshness: null, accepted: null, latency: null, quota: null };
    const week = await read(z.array(healthSampleSchema), '/sources/yahoo/health/history');
    expect(week.data.map((sample) => sample.status)).toEqual(['failed', 'healthy', 'degraded']);
    const hour = await read(z.array(healthSampleSchema), `/sources/yahoo/health/history?from=${iso(-3600)}`);
    expect(hour.data).toEqual([
      {
        at: iso(-3600),
        status: 'degraded',
        score: 62,
        lowest: 60,
        succeeded: 20,
        failed: 4,
        parts: { ...none, success: 0.5 },
      },
    ]);
    // A day has its worst status and the mean of all its samples; one from before they were counted, its hours' scores.
    const days = await read(z.array(healthSampleSchema), '/sources/yahoo/health/history?by=day');
    expect(days.data).toEqual([
      { at: '2026-11-18T00:00:00.000Z', status: 'failed', score: 0, lowest: 0, succeeded: 0, failed: 0, parts: none },
      {
        at: '2026-11-20T00:00:00.000Z',
        status: 'degraded',
        score: 69,
        lowest: 60,
        succeeded: 29,
        failed: 5,
        parts: { ...none, success: 0.75, quota: 0.5 },
      },
    ]);
  });

  it('stops and starts', async () => {
    const stopped = envelope(sourceSchema).parse(await (await post('/sources/yahoo/stop')).json());
    expect(stopped.data).toMatchObject({ paused: true, health: { status: 'paused', reason: null, nextRunAt: null } });
    const { rows } = await world.pool.query("SELECT paused FROM source_state WHERE source_id = 'yahoo'");
    expect(rows).toEqual([{ paused: true }]);
    const started = envelope(sourceSchema).parse(await (await post('/sources/yahoo/start')).json());
    expect(started.data).toMatchObject({ paused: false, health: { status: 'degraded', nextRunAt: iso(60) } });
  });

  it('stops until an instant and says with which slot it goes on', async () => {
    const until = iso(30 * 60 + 10);
    const stopped = envelope(sourceSchema).parse(await (await post('/sources/yahoo/stop', { until })).json()).data;
    expect(stopped).toMatchObject({
      paused: true,
      pausedUntil: until,
      health: { status: 'paused', nextRunAt: iso(31 * 60) },
    });
    api.time.now = Date.parse(until);
    expect((await read(sourceSchema, '/sources/yahoo')).data).toMatchObject({ paused: false, pausedUntil: null });
    api.time.now = noon;
    await post('/sources/yahoo/start');
    expect((await read(sourceSchema, '/sources/yahoo')).data).toMatchObject({ paused: false, pausedUntil: null });
  });

  it.each([[iso(-1)], [iso(0)], [iso(400 * 86_400)], ['tomorrow']])('refuses to stop until %s', async (until) => {
    const refused = await post('/sources/yahoo/stop', { until });
    expect([refused.status, await json(refused)]).toMatchObject([400, { code: 'invalid_request' }]);
    expect((await read(sourceSchema, '/sources/yahoo')).data.paused).toBe(false);
  });

  it('tells each job’s schedule, and when it is due by the calendar of what it asks for', async () => {
    await world.pool.query(
      "INSERT INTO source_credentials (source_id, is_set) VALUES ('alpha-vantage', true) ON CONFLICT DO NOTHING",
    );
    const jobs = async (id: string) => (await read(sourceSchema, `/sources/${id}`)).data.jobs;
    expect(await jobs('yahoo')).toMatchObject([
      { id: 'quotes', everySeconds: 60, cron: null, zone: null, inSession: true, nextRunAt: iso(60) },
      { id: 'daily-bars', everySeconds: 21_600, inSession: true, nextRunAt: '2026-11-20T18:00:00.000Z' },
    ]);
    // Friday 15:00 UTC; its evening is still to come.
    expect((await jobs('alpha-vantage'))[0]).toMatchObject({
      everySeconds: null,
      cron: '0 8,18 * * 1-5',
      zone: 'America/New_York',
      inSession: true,
      nextRunAt: '2026-11-20T23:00:00.000Z',
    });
    api.time.now = Date.parse('2026-11-21T12:00:00Z');
    expect((await jobs('alpha-vantage'))[0]?.nextRunAt).toBe('2026-11-23T13:00:00.000Z');
    expect((await jobs('slickcharts'))[0]?.nextRunAt).toBe('2026-11-23T18:00:00.000Z');
    api.time.now = noon;
  });

  it('with an open breaker is not due before it closes', async () => {
    await world.pool.query(
      "UPDATE source_state SET breaker = 'open', breaker_until = $1, breaker_reason = 'down', breaker_opened = 2 WHERE source_id = 'yahoo'",
      [iso(900)],
    );
    expect((await read(sourceHealthSchema, '/sources/yahoo/health')).data).toMatchObject({
      breaker: { state: 'open', until: iso(900), reason: 'down', opened: 2 },
      nextRunAt: iso(900),
    });
    api.time.now += 900_000;
    expect((await read(sourceHealthSchema, '/sources/yahoo/health')).data.breaker.state).toBe('half_open');
    api.time.now -= 900_000;
    await world.pool.query("UPDATE source_state SET breaker = 'closed', breaker_until = NULL");
  });

  it.each(['GET /sources/nope', 'GET /sources/nope/health', 'POST /sources/nope/run', "POST /sources/'--/stop"])(
    '%s is a 404 that names those there are',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const response = await api.ask(path, { method, key: keys.operate });
      expect([response.status, await json(response)]).toMatchObject([
        404,
        { code: 'unknown_source', detail: expect.stringContaining('yahoo') },
      ]);
    },
  );
});

describe('services', () => {
  it('run unless someone stopped them', async () => {
    api.queues['ingest']?.waiting.push('a');
    const { data } = await read(servicesSchema, '/services');
    expect(data.services.map(({ id, running }) => [id, running])).toEqual([
      ['scheduler', true],
      ['scrapers', true],
      ['ingest', true],
      ['proxy', true],
      ['recovery', true],
      ['relay', true],
      ['alerts', true],
    ]);
    expect(data.queues).toContainEqual({ name: 'ingest', waiting: 1, inFlight: 0, dead: 0 });
    const stopped = envelope(serviceSchema).parse(await (await post('/services/ingest/stop')).json());
    expect(stopped.data).toEqual({ id: 'ingest', running: false, stoppedUntil: null, changedAt: iso() });
    expect((await read(servicesSchema, '/services')).data.services[2]).toEqual(stopped.data);
    await post('/services/ingest/start');
    expect((await post('/services/nope/stop')).status).toBe(404);
  });

  it('are stopped until an instant, go on by themselves, and what waits for them says until when', async () => {
    const until = iso(1_800);
    const stopped = envelope(serviceSchema).parse(await (await post('/services/scrapers/stop', { until })).json());
    expect(stopped.data).toEqual({ id: 'scrapers', running: false, stoppedUntil: until, changedAt: iso() });
    const run = z.object({ warnings: z.array(z.object({ code: z.string(), message: z.string() })) });
    expect(run.parse(await (await post('/sources/yahoo/run')).json()).warnings).toEqual([
      { code: 'service_stopped', message: expect.stringContaining(`stopped until ${until}`) },
    ]);
    const scrapers = async () => (await read(servicesSchema, '/services')).data.services[1];
    api.time.now = Date.parse(until) - 1;
    expect(await scrapers()).toMatchObject({ running: false, stoppedUntil: until });
    // From then on it runs, and says since when.
    api.time.now = Date.parse(until);
    expect(await scrapers()).toEqual({ id: 'scrapers', running: true, stoppedUntil: null, changedAt: until });
    api.time.now = noon;
    await post('/services/scrapers/start');
    expect(await scrapers()).toMatchObject({ running: true, stoppedUntil: null });
  });

  it.each([[iso(-1)], [iso(0)], [iso(400 * 86_400)], ['tomorrow']])('refuse to be stopped until %s', async (until) => {
    const refused = await post('/services/ingest/stop', { until });
    expect([refused.status, await json(refused)]).toMatchObject([400, { code: 'invalid_request' }]);
    expect((await read(servicesSchema, '/services')).data.services[2]).toMatchObject({ running: true });
  });

  it('are told even when the queues cannot be asked', async () => {
    const broken = testApi(world.pool, {
      inspector: {
        counts: () => Promise.reject(new Error('secret endpoint')),
        peek: async () => [],
        redrive: async () => 0,
      },
    });
    const response = await broken.ask('/services', { key: keys.read });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('queues_unavailable');
    expect(text).not.toContain('secret');
    expect(broken.logged).toHaveLength(1);
  });
});

describe('the calendars of exchanges', () => {
  it.each([
    // Of those that end this year nobody has published the next one yet.
    ['XNAS', 'pass', '2026-12-31T12:00:00Z', 365],
    ['XNAS', 'pass', '2027-01-05T12:00:00Z', 360],
    ['XNAS', 'warn', '2028-01-05T12:00:00Z', -5],
    ['XBOM', 'pass', '2026-12-31T12:00:00Z', 365],
    ['XBOM', 'warn', '2027-01-05T12:00:00Z', -5],
    ['XBOM', 'warn', '2028-01-05T12:00:00Z', -370],
  ])('with a listing at %s make /health %s on %s, with %d days left', async (mic, status, now, daysLeft) => {
    api.time.now = Date.parse(now);
    await world.pool.query(
      `WITH made AS (INSERT INTO instrument (asset_class, name) VALUES ('equity', 'Of a calendar') RETURNING id)
       INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, $1, 'USD', 'UTC' FROM made`,
      [mic],
    );
    const view = healthSchema.parse(await (await get('/health')).json());
    api.time.now = noon;
    expect(view.checks['calendars:validity']).toMatchObject([{ status, observedValue: daysLeft }]);
  });
});
