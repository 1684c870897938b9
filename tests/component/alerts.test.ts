import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { apiKeyStore } from '../../core/adapters/postgres/access/api-key-store.ts';
import { channelSecretSchema } from '../../core/alerts/channel-secret.ts';
import { secretHash } from '../../core/auth/api-keys.ts';
import { createOpener } from '../../core/auth/seal-to.ts';
import {
  alertChannelSchema,
  alertDeliverySchema,
  alertRuleSchema,
  newAlertChannelSchema,
} from '../../core/contracts/http/alerts.ts';
import { envelope, problemSchema } from '../../core/contracts/http/envelope.ts';
import { makeBatch, makeKey, makeListing, makeQuote, noon } from '../support/api-fixture.ts';
import { useApi } from '../support/use-api.ts';

const { world, api, get, post, read } = useApi();
const opener = createOpener('s'.repeat(64));
const ruleAnswer = envelope(alertRuleSchema);
const channelAnswer = envelope(newAlertChannelSchema);

beforeAll(async () => {
  const batch = await makeBatch(world.pool);
  await makeQuote(world.pool, await makeListing(world.pool, 'AAPL'), batch, { price: '244.60' });
});

const problemOf = async (response: Response) => problemSchema.parse(await response.json());

const channel = async (body: object, headers: Record<string, string> = {}) => {
  const response = await post('/alerts/channels', body, headers);
  expect(response.status).toBe(201);
  return channelAnswer.parse(await response.json()).data;
};
const webhook = { name: 'ops', kind: 'webhook', url: 'https://example.com/hooks/SECRET-PATH' };

describe('channels', () => {
  it('are not made before there is a key to seal them to', async () => {
    const response = await post('/alerts/channels', webhook);
    expect([response.status, (await problemOf(response)).code]).toEqual([503, 'alerts_not_ready']);
    await world.pool.query('INSERT INTO alert_sealing_key (public_key, set_at) VALUES ($1, now())', [opener.publicKey]);
  });

  it('show the secret of a webhook once, and are stored so that the database cannot read them', async () => {
    const made = await channel(webhook);
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(made).toMatchObject({
      name: 'ops',
      kind: 'webhook',
      target: 'example.com',
      state: 'active',
      disabled: null,
    });
    const { data } = await read(z.array(alertChannelSchema), '/alerts/channels');
    expect(data.find(({ id }) => id === made.id)).toBeDefined();
    const listed = await (await get('/alerts/channels')).text();
    const { rows } = await world.pool.query('SELECT row_to_json(c) AS row FROM alert_channel c WHERE id = $1', [
      made.id,
    ]);
    for (const text of [listed, JSON.stringify(rows)]) {
      expect(text).not.toContain('SECRET-PATH');
      expect(text).not.toContain((made.secret ?? '').slice(6));
    }
    const { sealed } = z
      .object({ sealed: z.string() })
      .parse((await world.pool.query('SELECT sealed FROM alert_channel WHERE id = $1', [made.id])).rows[0]);
    expect(channelSecretSchema.parse(JSON.parse(opener.open(sealed, made.id) ?? ''))).toEqual({
      kind: 'webhook',
      url: webhook.url,
      secret: made.secret,
    });
    expect(opener.open(sealed, randomUUID())).toBeNull();
    expect(createOpener('t'.repeat(64)).open(sealed, made.id)).toBeNull();
  });

  it('are made once by one Idempotency-Key, whose repetition has no secret', async () => {
    const headers = { 'idempotency-key': 'channel-1' };
    const first = await channel(webhook, headers);
    const again = await channel(webhook, headers);
    expect(again).toMatchObject({ id: first.id, secret: null });
    const other = await post('/alerts/channels', { ...webhook, name: 'other' }, headers);
    expect(other.status).toBe(422);
  });

  it.each([
    ['http', { ...webhook, url: 'http://example.com/x' }, 'body.url'],
    ['another protocol', { ...webhook, url: 'file:///etc/passwd' }, 'body.url'],
    ['a password in the address', { ...webhook, url: 'https://a:b@example.com/' }, 'body.url'],
    ['a topic that is none', { name: 'n', kind: 'ntfy', url: 'https://ntfy.sh/' }, 'body.url'],
    ['no e-mail address', { name: 'n', kind: 'email', address: 'a@b\r\nBcc: c@d' }, 'body.address'],
    ['a field that is not known', { ...webhook, secret: 'whsec_mine' }, 'body.secret'],
  ])('refuse %s', async (_, body, path) => {
    const problem = await problemOf(await post('/alerts/channels', body));
    expect([problem.code, problem.errors?.[0]?.path]).toEqual(['invalid_request', path]);
  });

  it('hide most of an e-mail address, and the address of ntfy and Slack', async () => {
    expect(await channel({ name: 'mail', kind: 'email', address: 'anna@example.com' })).toMatchObject({
      target: 'a…@example.com',
      secret: null,
    });
    expect(await channel({ name: 'n', kind: 'ntfy', url: 'https://ntfy.sh/topic', token: 'tk_1' })).toMatchObject({
      target: 'ntfy.sh',
    });
  });

  it('are stopped and started', async () => {
    const { id } = await channel(webhook);
    const stop = await post(`/alerts/channels/${id}/stop`);
    expect(envelope(alertChannelSchema).parse(await stop.json()).data).toMatchObject({
      state: 'disabled',
      disabled: 'person',
    });
    const start = await post(`/alerts/channels/${id}/start`);
    expect(envelope(alertChannelSchema).parse(await start.json()).data).toMatchObject({
      state: 'active',
      disabled: null,
    });
  });

  it('take a test, which wakes the sender and can be polled', async () => {
    const { id } = await channel(webhook);
    const response = await post(`/alerts/channels/${id}/test`, undefined, { 'idempotency-key': 'test-1' });
    expect(response.status).toBe(202);
    const { data } = envelope(alertDeliverySchema).parse(await response.json());
    expect(data).toMatchObject({ channelId: id, ruleId: null, status: 'waiting', attempts: 0 });
    expect(response.headers.get('location')).toBe(`/api/v1/alerts/deliveries/${data.id}`);
    expect(api.queue.take('alerts').length).toBeGreaterThan(0);
    await post(`/alerts/channels/${id}/test`, undefined, { 'idempotency-key': 'test-1' });
    const list = await read(z.array(alertDeliverySchema), `/alerts/deliveries?channelId=${id}`);
    expect(list.data).toHaveLength(1);
  });

  it('that are removed lose their secrets, and name rules that have none without them', async () => {
    const { id } = await channel(webhook);
    await post(`/alerts/channels/${id}/test`);
    const rule = { name: 'alone', when: { kind: 'dispute' }, channelIds: [id] };
    expect((await post('/alerts/rules', rule)).status).toBe(201);
    const removed = await api.ask(`/alerts/channels/${id}`, {
      method: 'DELETE',
      key: await makeKey(world.pool, 'operate'),
    });
    const { warnings } = envelope(alertChannelSchema).parse(await removed.json());
    expect(warnings.map(({ code }) => code)).toEqual(['rule_without_channel']);
    const { rows } = await world.pool.query('SELECT sealed FROM alert_channel WHERE id = $1', [id]);
    expect(rows).toEqual([{ sealed: null }]);
    const dead = await read(z.array(alertDeliverySchema), `/alerts/deliveries?channelId=${id}&status=dead`);
    expect(dead.data).toMatchObject([{ lastError: 'channel_removed' }]);
    expect((await post(`/alerts/channels/${id}/test`)).status).toBe(404);
  });
});

describe('rules', () => {
  const made = async (when: object, more: object = {}, key?: string) => {
    const { id } = await channel(webhook);
    const json = { name: 'a rule', when, channelIds: [id], ...more };
    const response =
      key === undefined
        ? await post('/alerts/rules', json)
        : await api.ask('/alerts/rules', { method: 'POST', key, json });
    expect(response.status).toBe(201);
    return ruleAnswer.parse(await response.json());
  };

  it.each([
    [{ kind: 'price_above', symbol: 'aapl', price: 200 }, true],
    [{ kind: 'price_above', symbol: 'AAPL', price: '244.60' }, false],
    [{ kind: 'price_below', symbol: 'AAPL', price: 300.5 }, true],
    [{ kind: 'move', symbol: 'AAPL', percent: 5 }, null],
  ])('know of a price how it stands when they are made: %j', async (when, met) => {
    const { data, warnings } = await made(when);
    expect(data).toMatchObject({ kind: when.kind, met, enabled: true, stopped: null, owner: { use: 'internal' } });
    expect(data.when).toMatchObject({ symbol: 'AAPL' });
    expect(warnings).toEqual([]);
  });

  it('are listed newest first, by pages, and removed', async () => {
    const [first, second] = [await made({ kind: 'dispute' }), await made({ kind: 'quarantine_over', count: 5 })];
    const found: string[] = [];
    let cursor = '';
    do {
      const { data, meta } = await read(z.array(alertRuleSchema), `/alerts/rules?limit=2${cursor}`);
      found.push(...data.map(({ id }) => id));
      cursor = meta.nextCursor === undefined ? '' : `&cursor=${meta.nextCursor}`;
    } while (cursor !== '');
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining([first.data.id, second.data.id]));
    const key = await makeKey(world.pool, 'operate');
    expect((await api.ask(`/alerts/rules/${first.data.id}`, { method: 'DELETE', key })).status).toBe(200);
    expect((await get(`/alerts/rules/${first.data.id}`)).status).toBe(404);
  });

  it('say so when there is no price yet, or the key may not see it', async () => {
    const nobody = await made({ kind: 'price_above', symbol: 'NOBODY', price: 1 });
    expect([nobody.data.met, nobody.warnings.map(({ code }) => code)]).toEqual([null, ['no_quote']]);
    const narrow = await made(
      { kind: 'price_above', symbol: 'AAPL', price: 1 },
      {},
      await makeKey(world.pool, 'operate', null, 'redistribute'),
    );
    expect(narrow.warnings.map(({ code }) => code)).toEqual(['licence_forbids']);
    expect(narrow.data.owner).toMatchObject({ use: 'redistribute' });
  });

  it('stop with their key, and say why', async () => {
    const key = await makeKey(world.pool, 'operate');
    const { data } = await made({ kind: 'dispute' }, {}, key);
    const store = apiKeyStore(world.pool);
    const held = await store.findKey(secretHash(key), new Date(noon));
    await store.revoke(held?.keyId ?? '', new Date(noon));
    expect((await read(alertRuleSchema, `/alerts/rules/${data.id}`)).data).toMatchObject({ stopped: 'key_revoked' });
    const ending = await makeKey(world.pool, 'operate', new Date(noon + 60_000));
    const soon = await made({ kind: 'dispute' }, {}, ending);
    api.time.now = noon + 120_000;
    const after = (await read(alertRuleSchema, `/alerts/rules/${soon.data.id}`)).data;
    api.time.now = noon;
    expect([soon.data.stopped, after.stopped]).toEqual([null, 'key_expired']);
  });

  it('are stopped and started by people', async () => {
    const { data } = await made({ kind: 'price_above', symbol: 'AAPL', price: 200 });
    const stop = ruleAnswer.parse(await (await post(`/alerts/rules/${data.id}/stop`)).json());
    expect(stop.data).toMatchObject({ enabled: false, stopped: 'person' });
    const start = ruleAnswer.parse(await (await post(`/alerts/rules/${data.id}/start`)).json());
    expect(start.data).toMatchObject({ enabled: true, stopped: null, met: true });
  });

  it.each([
    [{ kind: 'price_above', symbol: 'AAPL', price: 0 }, {}, 'body.when.price'],
    [{ kind: 'price_above', symbol: 'AAPL', price: '1e5' }, {}, 'body.when.price'],
    [{ kind: 'price_above', symbol: '§', price: 1 }, {}, 'body.when.symbol'],
    [{ kind: 'price_above', symbol: 'AAPL', price: 1, above: true }, {}, 'body.when.above'],
    [{ kind: 'dispute' }, { quietHours: { from: '22:00', to: '07:00', zone: 'Mars/Olympus' } }, 'body.quietHours.zone'],
    [{ kind: 'dispute' }, { quietHours: { from: '25:00', to: '07:00', zone: 'UTC' } }, 'body.quietHours.from'],
    [{ kind: 'dispute' }, { channelIds: [] }, 'body.channelIds'],
  ])('refuse %j %j', async (when, more, path) => {
    const body = { name: 'a', when, channelIds: [randomUUID()], ...more };
    const problem = await problemOf(await post('/alerts/rules', body));
    expect([problem.code, problem.errors?.[0]?.path]).toEqual(['invalid_request', path]);
  });

  it('refuse channels and sources that do not exist', async () => {
    const of = async (when: object) =>
      (await problemOf(await post('/alerts/rules', { name: 'a', when, channelIds: [randomUUID()] }))).code;
    expect(await of({ kind: 'dispute' })).toBe('not_found');
    expect(await of({ kind: 'source_failed', sourceId: 'nobody' })).toBe('unknown_source');
  });
});
