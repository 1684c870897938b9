import { beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import {
  recoveriesAcceptedSchema,
  recoveryAcceptedSchema,
  recoverySchema,
} from '../../core/contracts/http/recovery.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
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
    const header = { 'idempotency-key': 'once' };
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

  it('all of a kind', async () => {
    const results = await asked({ kind: 'browser' });
    expect(results).toEqual(
      expect.arrayContaining([
        ['slickcharts', 'accepted'],
        ['demo-broker', 'credentials_missing'],
      ]),
    );
    expect(results).toHaveLength(catalogue.filter(({ kind }) => kind === 'browser').length);
    expect(await asked({ kind: 'proxy' })).toEqual([['yahoo-proxy', 'accepted']]);
  });

  it('all, with those that cannot be', async () => {
    await world.pool.query(`INSERT INTO source_state (source_id, paused) VALUES ('yahoo', true)`);
    const results = await asked({ all: true });
    expect(results).toEqual(
      expect.arrayContaining([
        ['yahoo', 'source_paused'],
        ['alpha-vantage', 'credentials_missing'],
        ['coingecko', 'accepted'],
        ['slickcharts', 'accepted'],
        ['demo-broker', 'credentials_missing'],
      ]),
    );
    expect(results.map(([id]) => id)).toEqual([...catalogue.map(({ id }) => id), 'yahoo-proxy']);
    expect(results.at(-1)).toEqual(['yahoo-proxy', 'accepted']);
  });

  it('only of one of the three forms', async () => {
    for (const body of [{}, { ids: [] }, { all: false }, { kind: 'other' }, { all: true, ids: ['yahoo'] }])
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
