/** What everybody may see, where the setting opens it: the state of sources, and nothing of their data. */
import { beforeAll, describe, expect, it } from 'vitest';
import { envelope } from '../../core/contracts/http/envelope.ts';
import { publicStatusSchema } from '../../core/contracts/http/public-status.ts';
import { badge } from '../../core/http/badge.ts';
import { noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 2, keepRows: true });
const hour = 3_600_000;
const secret = 'GET https://user:hunter2@example.com/AAPL failed';

beforeAll(async () => {
  await world.pool.query(
    `INSERT INTO source_credentials (source_id, is_set) SELECT unnest(ARRAY['yahoo', 'coingecko']), true`,
  );
  await world.pool.query(
    `INSERT INTO source_health (source_id, status, reason, score, message, failure_message, updated_at, since)
     VALUES ('yahoo', 'failed', 'down', 10, $1, $1, $2, $2), ('coingecko', 'healthy', NULL, 100, NULL, NULL, $2, $2)`,
    [secret, new Date(noon)],
  );
  const sample = (at: number, status: string) =>
    world.pool.query(
      `INSERT INTO health_sample (source_id, hour, status, score, succeeded, failed) VALUES ('yahoo', $1, $2, 50, 1, 1)`,
      [new Date(at), status],
    );
  await sample(noon - hour, 'failed');
  await sample(noon - 2 * hour, 'degraded');
  await sample(noon - 3 * hour, 'paused');
  for (const days of [2, 3]) await sample(noon - days * 24 * hour, 'healthy');
});

const opened = () => testApi(world.pool, { publicStatus: true });
const stateOf = async (answer: Response) => envelope(publicStatusSchema).parse(await answer.json()).data;

describe('the public status', () => {
  it('is not there unless it is opened', async () => {
    const closed = testApi(world.pool);
    for (const path of ['/public/status', '/public/badges/yahoo.svg'])
      expect([path, (await closed.ask(path)).status]).toEqual([path, 404]);
  });

  it('has the status of each source with its uptime, to everybody, and nothing else', async () => {
    const answer = await opened().ask('/public/status');
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'private, max-age=60']);
    const text = await answer.clone().text();
    expect(text).not.toMatch(/hunter2|AAPL|down/);
    const yahoo = (await stateOf(answer)).sources.find(({ id }) => id === 'yahoo');
    expect(yahoo).toEqual({
      ...{ id: 'yahoo', title: 'Yahoo Finance', status: 'failed', since: new Date(noon).toISOString() },
      uptime: { day: 0.5, month: 0.75 },
    });
  });

  it('asks the database once in half a minute, and notices a change after that', async () => {
    const api = opened();
    const statusOf = async () =>
      (await stateOf(await api.ask('/public/status'))).sources.find(({ id }) => id === 'coingecko')?.status;
    expect(await statusOf()).toBe('healthy');
    await world.pool.query(`UPDATE source_health SET status = 'degraded' WHERE source_id = 'coingecko'`);
    expect(await statusOf()).toBe('healthy');
    api.time.now += 31_000;
    expect(await statusOf()).toBe('degraded');
    await world.pool.query(`UPDATE source_health SET status = 'healthy' WHERE source_id = 'coingecko'`);
  });

  it('has a limit for each address', async () => {
    const api = opened();
    const from = (address: string) => api.ask('/public/status', { headers: { 'x-forwarded-for': address } });
    const statuses = [];
    for (let each = 0; each < 61; each += 1) statuses.push((await from('192.0.2.1')).status);
    expect(statuses.slice(0, 60).every((status) => status === 200)).toBe(true);
    expect(statuses[60]).toBe(429);
    expect((await from('192.0.2.2')).status).toBe(200);
  });
});

describe('a badge', () => {
  it.each([
    ['coingecko.svg', 'CoinGecko: healthy'],
    ['yahoo.svg', 'Yahoo Finance: failed'],
    ['yahoo.svg?show=uptime-24h', 'Yahoo Finance 24 h: 50 %'],
    ['yahoo.svg?show=uptime-30d', 'Yahoo Finance 30 d: 75 %'],
    ['coingecko.svg?show=uptime-24h', 'CoinGecko 24 h: unknown'],
  ])('%s says %s, on pages of any origin', async (path, says) => {
    const answer = await opened().ask(`/public/badges/${path}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8']);
    expect(answer.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(await answer.text()).toContain(`<title>${says}</title>`);
  });

  it('is of a source, and says so of no other', async () => {
    expect((await opened().ask('/public/badges/none.svg')).status).toBe(404);
    expect((await opened().ask('/public/badges/yahoo.png')).status).toBe(404);
    expect((await opened().ask('/public/badges/yahoo.svg?show=prices')).status).toBe(400);
  });

  it('shows text as text', () => {
    expect(badge('<script>', '"&', 'bad')).not.toMatch(/<script>|""/);
  });
});
