import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import {
  recoveriesAcceptedSchema,
  recoveryAcceptedSchema,
  recoverySchema,
} from '../../core/contracts/http/recovery.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import { iso } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, keys, post } = useApi({ connections: 3 });

beforeEach(async () => {
  await world.pool.query('TRUNCATE recovery, source_state, source_credentials, service_state');
  api.queue.take('recoveries');
});

const dataOf = async <S extends z.ZodType>(answer: Response, schema: S): Promise<z.output<S>> =>
  schema.parse(envelope(z.unknown()).parse(await answer.json()).data);
const problemOf = async (answer: Response) => problemSchema.parse(await answer.json());

describe('one source', () => {
  it('is recovered: 202, where to look, and a message', async () => {
    const answer = await post('/sources/yahoo/recover');
    expect(answer.status).toBe(202);
    const { id } = await dataOf(answer, recoveryAcceptedSchema);
    expect(answer.headers.get('location')).toBe(`/api/v1/recoveries/${id}`);
    expect(api.queue.take('recoveries')).toEqual([{ recoveryId: id }]);
    const shown = await dataOf(await api.ask(`/recoveries/${id}`, { key: keys.read }), recoverySchema);
    expect(shown).toMatchObject({ sourceId: 'yahoo', status: 'pending', trigger: 'manual', steps: [], fallback: null });
  });

  it('is not recovered twice at once; the problem says where the other one is', async () => {
    const { id } = await dataOf(await post('/sources/yahoo/recover'), recoveryAcceptedSchema);
    const again = await post('/sources/yahoo/recover');
    expect(again.status).toBe(409);
    expect(again.headers.get('location')).toBe(`/api/v1/recoveries/${id}`);
    expect(await problemOf(again)).toMatchObject({ code: 'recovery_running', retryable: true });
  });

  it('with the same idempotency key is the same recovery, also when it has ended', async () => {
    const header = { 'idempotency-key': 'failing-once' };
    const first = await dataOf(await post('/sources/yahoo/recover', undefined, header), recoveryAcceptedSchema);
    const failure = { reason: 'down', detail: { code: 'http_status', status: 503 }, message: 'It is down.' } as const;
    const end = { step: null, failure, message: failure.message, takeBackSelectors: false };
    await postgresRecoveryStore(world.pool).finishFailed(first.id, end, new Date());
    const second = await post('/sources/yahoo/recover', undefined, header);
    expect(second.status).toBe(202);
    expect((await dataOf(second, recoveryAcceptedSchema)).id).toBe(first.id);
    expect((await world.pool.query('SELECT 1 FROM recovery')).rowCount).toBe(1);
  });

  it('that is stopped, locked or unknown is refused', async () => {
    await world.pool.query(`INSERT INTO source_state (source_id, paused) VALUES ('yahoo', true)`);
    const refused = async (id: string) => (await problemOf(await post(`/sources/${id}/recover`))).code;
    expect(await refused('yahoo')).toBe('source_paused');
    expect(await refused('alpha-vantage')).toBe('credentials_missing');
    expect(await refused('nobody')).toBe('unknown_source');
    expect(api.queue.take('recoveries')).toEqual([]);
  });

  it('may be the proxy', async () => {
    expect((await post('/sources/yahoo-proxy/recover')).status).toBe(202);
  });

  it('needs a key that may operate', async () => {
    for (const path of ['/sources/yahoo/recover', '/sources/recover'])
      expect((await api.ask(path, { method: 'POST', key: keys.read, json: { all: true } })).status).toBe(403);
  });

  it('says when the service is stopped', async () => {
    await world.pool.query(`INSERT INTO service_state (service_id, running) VALUES ('recovery', false)`);
    const { warnings } = envelope(z.unknown()).parse(await (await post('/sources/yahoo/recover')).json());
    expect(warnings).toMatchObject([{ code: 'service_stopped' }]);
  });
});

describe('several sources', () => {
  beforeEach(() => world.pool.query('DELETE FROM source_health; DELETE FROM incident; DELETE FROM source_credentials'));

  const asked = async (body: unknown) =>
    (await dataOf(await post('/sources/recover', body), recoveriesAcceptedSchema)).map(
      ({ sourceId, accepted, refusal }) => [sourceId, accepted ? 'accepted' : refusal?.code],
    );

  it('by name: each with its own result', async () => {
    await post('/sources/yahoo/recover');
    expect(await asked({ ids: ['coingecko', 'yahoo', 'alpha-vantage', 'nobody', 'coingecko'] })).toEqual([
      ['coingecko', 'accepted'],
      ['yahoo', 'recovery_running'],
      ['alpha-vantage', 'credentials_missing'],
      ['nobody', 'unknown_source'],
    ]);
    expect(api.queue.take('recoveries')).toHaveLength(2);
  });

  async function set(statuses: Readonly<Record<string, HealthStatus>>) {
    for (const [id, status] of Object.entries(statuses))
      await world.pool.query('INSERT INTO source_health (source_id, status, updated_at) VALUES ($1, $2, $3)', [
        id,
        status,
        iso(),
      ]);
  }

  it('those that fail: failed, degraded or limited, in the order of the catalogue, and no other', async () => {
    await world.pool.query(`INSERT INTO source_credentials (source_id, is_set) VALUES ('demo-broker', true)`);
    await set({ yahoo: 'healthy', coingecko: 'limited', slickcharts: 'failed', 'demo-broker': 'degraded' });
    await set({ 'alpha-vantage': 'failed' });
    const failing = [
      ['coingecko', 'accepted'],
      ['demo-broker', 'accepted'],
      ['slickcharts', 'accepted'],
    ];
    expect(await asked({ failing: true })).toEqual(failing);
    expect(api.queue.take('recoveries')).toHaveLength(3);
    // Those that are under way already are named.
    expect(await asked({ kind: 'browser' })).toEqual([
      ['demo-broker', 'recovery_running'],
      ['slickcharts', 'recovery_running'],
    ]);
  });

  it('a paused one is not failing, and the proxy is with an open incident or a pause', async () => {
    await set({ yahoo: 'failed' });
    await world.pool.query(`INSERT INTO source_state (source_id, paused) VALUES ('yahoo', true)`);
    await world.pool.query(
      `INSERT INTO incident (source_id, reason, opened_at, last_seen_at) VALUES ('yahoo-proxy', 'down', $1, $1)`,
      [iso()],
    );
    expect(await asked({ failing: true })).toEqual([['yahoo-proxy', 'accepted']]);
    expect(await asked({ kind: 'api' })).toEqual([]);
  });

  it('when nothing fails: 200 and an empty list', async () => {
    await set({ yahoo: 'healthy' });
    for (const body of [{ failing: true }, { kind: 'browser' }, { kind: 'proxy' }]) {
      const answer = await post('/sources/recover', body);
      expect([answer.status, await dataOf(answer, recoveriesAcceptedSchema)]).toEqual([200, []]);
    }
    expect(api.queue.take('recoveries')).toEqual([]);
  });

  it('the same idempotency key again names the same recoveries, though the source works by now', async () => {
    await set({ yahoo: 'failed' });
    const send = async () =>
      dataOf(
        await post('/sources/recover', { failing: true }, { 'idempotency-key': 'failing-once' }),
        recoveriesAcceptedSchema,
      );
    const first = await send();
    await world.pool.query(`UPDATE source_health SET status = 'healthy'`);
    expect(await send()).toEqual(first);
    expect(first).toHaveLength(1);
  });

  it('`all` means those that fail, and says that it is deprecated', async () => {
    await set({ yahoo: 'healthy', coingecko: 'failed' });
    const answer = envelope(recoveriesAcceptedSchema).parse(
      await (await post('/sources/recover', { all: true })).json(),
    );
    expect(answer.data.map(({ sourceId }) => sourceId)).toEqual(['coingecko']);
    expect(answer.warnings).toMatchObject([{ code: 'deprecated' }]);
  });

  it('only of one of the forms', async () => {
    for (const body of [
      {},
      { ids: [] },
      { all: false },
      { kind: 'other' },
      { all: true, ids: ['yahoo'] },
      { failing: false },
    ])
      expect((await post('/sources/recover', body)).status).toBe(400);
  });
});

it('recoveries are listed by source and status, page by page, the latest first', async () => {
  for (const [at, sourceId] of ['yahoo', 'coingecko', 'slickcharts', 'yahoo-proxy'].entries()) {
    api.time.now = Date.parse(iso(at));
    await post(`/sources/${sourceId}/recover`);
  }
  const list = async (query: string) => {
    const body = envelope(z.array(recoverySchema)).parse(
      await (await api.ask(`/recoveries${query}`, { key: keys.read })).json(),
    );
    return { ids: body.data.map((each) => each.sourceId), next: body.meta.nextCursor };
  };
  const first = await list('?limit=3');
  expect(first.ids).toEqual(['yahoo-proxy', 'slickcharts', 'coingecko']);
  expect((await list(`?limit=3&cursor=${first.next}`)).ids).toEqual(['yahoo']);
  expect((await list('?sourceId=yahoo')).ids).toEqual(['yahoo']);
  expect((await list('?status=failed')).ids).toEqual([]);
  expect((await api.ask('/recoveries/0198a7c0-0000-5000-8000-000000000001', { key: keys.read })).status).toBe(404);
});
