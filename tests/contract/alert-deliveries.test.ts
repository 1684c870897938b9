/** Deliveries of alerts: signed, at least once with one id, by the schedule, to no private address; what fails is kept. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { smtpMail } from '../../core/adapters/email/smtp.ts';
import { alertSender, type SendingAlerts } from '../../core/adapters/http/send-alert.ts';
import { alertStore } from '../../core/adapters/postgres/alerts/alert-store.ts';
import { switchStore } from '../../core/adapters/postgres/database/switches.ts';
import { postgresState } from '../../core/adapters/postgres/work/state.ts';
import { retryDelays } from '../../core/alerts/after-attempt.ts';
import { testBody } from '../../core/alerts/body.ts';
import { concernedBy } from '../../core/alerts/concerned.ts';
import { createOpener } from '../../core/auth/seal-to.ts';
import { eventSchema } from '../../core/contracts/events/event.ts';
import { createChannelSchema } from '../../core/contracts/http/alerts.ts';
import type { State } from '../../core/ports/state.ts';
import { deliverAlerts } from '../../functions/deliver-alerts/deliver-alerts.ts';
import { addChannel, opener } from '../support/alerts.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ connections: 3 });

interface Received {
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
/** A receiver that the test tells how to answer. */
let received: Received[] = [];
let answer: (response: ServerResponse, at: number) => void = (response) => response.writeHead(204).end();
let [base, host] = ['', ''];
const closing: (() => Promise<void>)[] = [];

beforeEach(async () => {
  received = [];
  answer = (response) => response.writeHead(204).end();
  const server = createServer(async (request, response) => {
    const { url = '', headers } = request;
    received.push({ path: url, headers, body: await text(request) });
    answer(response, received.length);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = z.object({ port: z.int() }).parse(server.address() satisfies AddressInfo | string | null);
  host = `127.0.0.1:${port}`;
  base = `http://${host}`;
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function deliver(differs: Partial<SendingAlerts> = {}, state: State = postgresState(world.pool), by = opener) {
  const send = alertSender({ hosts: [host], mail: null, now: Date.now, timeoutMs: 1_500, ...differs });
  return deliverAlerts(Date.now() + 60_000, { state, opener: by, send, now: Date.now });
}

async function channel(more: Readonly<Record<string, string>> = {}) {
  const { kind = 'webhook' } = more;
  const leads = kind === 'email' ? {} : { url: `${base}/hook` };
  return addChannel(world.pool, createChannelSchema.parse({ kind, name: 'ops', ...leads, ...more }));
}

/** A test of a channel, which is due at once. */
async function due(channelId: string): Promise<string> {
  const id = randomUUID();
  const at = new Date();
  await alertStore(world.pool).addTest({ id, channelId, body: testBody('ops', id, at), at });
  return id;
}

const deliveryOf = async (id: string) => {
  const found = await alertStore(world.pool).delivery(id, new Date());
  if (!found) throw new Error('The delivery is gone.');
  return found;
};
/** As if the time until the next attempt had passed. */
const pass = (id: string) =>
  world.pool.query('UPDATE alert_delivery SET next_at = clock_timestamp() WHERE id = $1 AND next_at IS NOT NULL', [id]);
const channelOf = async (id: string) => alertStore(world.pool).channel(id);

/** The events of a channel. */
const eventsOf = async (id: string) => {
  const found = await world.pool.query("SELECT type, key, data FROM outbox WHERE key = 'alerts' ORDER BY id");
  return found.rows
    .map((row) => eventSchema.parse(row))
    .filter(({ data }) => 'channelId' in data && data.channelId === id);
};

describe('a webhook', () => {
  it('arrives once, signed as Standard Webhooks wants it', async () => {
    const { id, secret } = await channel();
    const delivery = await due(id);
    expect(await deliver()).toMatchObject({ delivered: 1, failed: 0, nextInSeconds: null });
    expect(await deliver()).toMatchObject({ delivered: 0, failed: 0 });
    const [{ headers, body, path } = { headers: {}, body: '', path: '' }] = received;
    expect(received).toHaveLength(1);
    expect(path).toBe('/hook');
    const heads = z.record(z.string(), z.string()).parse(Object.fromEntries(Object.entries(headers)));
    expect(new Webhook(secret).verify(body, heads)).toMatchObject({ type: 'quotron.alert.test' });
    expect(await deliveryOf(delivery)).toMatchObject({
      status: 'delivered',
      attempts: 1,
      lastStatus: 204,
      lastError: null,
    });
    expect(await channelOf(id)).toMatchObject({ state: 'active', failingSince: null });
  });

  it('that fails is tried again by the schedule with the same id, for over two days, and is kept [fault 41]', async () => {
    const { id } = await channel();
    const delivery = await due(id);
    answer = (response) => response.writeHead(500).end('no');
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 9; attempt++) {
      expect(await deliver()).toMatchObject({ failed: 1 });
      // Nothing is sent before it is due.
      expect(await deliver()).toMatchObject({ failed: 0 });
      const { nextAt, status, attempts } = await deliveryOf(delivery);
      expect(attempts).toBe(attempt);
      if (attempt < 9) {
        expect(status).toBe('waiting');
        waits.push((nextAt?.getTime() ?? 0) - Date.now());
        await pass(delivery);
      }
    }
    for (const [at, wait] of waits.entries()) {
      const delay = (retryDelays[at] ?? 0) * 1000;
      expect(wait).toBeGreaterThan(delay - 3_000);
      expect(wait).toBeLessThan(delay * 1.1 + 3_000);
    }
    expect(waits.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(48 * 3_600_000);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await deliveryOf(delivery)).toMatchObject({
      status: 'dead',
      lastError: 'rejected',
      lastStatus: 500,
      nextAt: null,
    });
    // A person has it sent again.
    answer = (response) => response.writeHead(200).end();
    expect(await alertStore(world.pool).retry(delivery, new Date())).toBe(true);
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  });

  it.each([
    ['hangs', 'timeout', () => undefined],
    [
      'redirects',
      'redirected',
      (response: ServerResponse) => response.writeHead(302, { location: `${base}/else` }).end(),
    ],
    ['closes the connection', 'connection', (response: ServerResponse) => response.socket?.destroy()],
    ['answers 429', 'rejected', (response: ServerResponse) => response.writeHead(429, { 'retry-after': '90' }).end()],
    [
      'answers 200 when nobody waits any more',
      'timeout',
      (response: ServerResponse) => setTimeout(() => response.writeHead(200).end(), 3_000),
    ],
  ])('whose receiver %s is tried again with the same id, and arrives [fault 41]', async (what, error, fault) => {
    const { id } = await channel();
    const delivery = await due(id);
    answer = (response, at) => (at === 1 ? fault(response) : response.writeHead(200).end());
    const first = await deliver();
    expect(first).toMatchObject({ delivered: 0, failed: 1 });
    if (what === 'answers 429') expect(first.nextInSeconds).toBeGreaterThan(80);
    else expect(first.nextInSeconds).toBeLessThan(7);
    expect(await deliveryOf(delivery)).toMatchObject({ status: 'waiting', lastError: error });
    expect(await channelOf(id)).toMatchObject({ state: 'failing' });
    await pass(delivery);
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(received.map(({ path }) => path)).toEqual(['/hook', '/hook']);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await channelOf(id)).toMatchObject({ state: 'active', failingSince: null });
  });

  it('whose answer does not end is as good as its head', async () => {
    const { id } = await channel();
    await due(id);
    answer = (response) => response.writeHead(200).end('x'.repeat(5_000_000));
    expect(await deliver()).toMatchObject({ delivered: 1 });
  });

  it('whose sender dies after it has sent comes again, with the same id, once the claim is over', async () => {
    const { id } = await channel();
    const delivery = await due(id);
    const state = postgresState(world.pool);
    const dying: State = {
      call: async (request) =>
        request.op === 'settleAlerts' ? Promise.reject(new Error('killed')) : state.call(request),
    };
    await expect(deliver({}, dying)).rejects.toThrow('killed');
    // Another sender does not have it while it is claimed.
    expect(await deliver()).toMatchObject({ delivered: 0 });
    await world.pool.query('UPDATE alert_delivery SET claimed_until = clock_timestamp()');
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(await deliveryOf(delivery)).toMatchObject({ status: 'delivered', attempts: 2 });
  });

  it('is sent by one of several senders at once', async () => {
    const { id } = await channel();
    for (let count = 0; count < 12; count++) await due(id);
    await Promise.all([deliver(), deliver(), deliver()]);
    await deliver();
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(12);
    expect(received).toHaveLength(12);
  });

  it('to a receiver that hangs keeps no other receiver waiting', async () => {
    const slow = await channel({ url: `${base}/slow` });
    const quick = await channel({ url: `${base}/quick` });
    for (let count = 0; count < 30; count++) await due(slow.id);
    const wanted = await due(quick.id);
    answer = (response, at) => {
      if (received[at - 1]?.path === '/quick') response.writeHead(200).end();
    };
    const send = alertSender({ hosts: [host], mail: null, now: Date.now, timeoutMs: 300 });
    await deliverAlerts(Date.now() + 1, { state: postgresState(world.pool), opener, send, now: Date.now });
    expect(await deliveryOf(wanted)).toMatchObject({ status: 'delivered' });
  });
});

describe('a channel', () => {
  it('that is gone (410) gets nothing any more, and what waits for it is kept', async () => {
    const { id } = await channel();
    const deliveries = [await due(id), await due(id)];
    answer = (response) => response.writeHead(410).end();
    const disabled: string[] = [];
    const send = alertSender({ hosts: [host], mail: null, now: Date.now });
    const of = { state: postgresState(world.pool), opener, send, now: Date.now };
    await deliverAlerts(Date.now() + 60_000, { ...of, disabled: (names) => disabled.push(...names) });
    expect(disabled).toEqual(['ops']);
    expect(await channelOf(id)).toMatchObject({ state: 'disabled', disabled: 'gone' });
    for (const each of deliveries) expect(await deliveryOf(each)).toMatchObject({ status: 'dead' });
    // One event, of which no rule hears: an alert on it would go to channels that may be switched off by it.
    const reported = await eventsOf(id);
    expect(reported.map(({ data }) => data)).toMatchObject([{ name: 'ops', kind: 'webhook', because: 'gone' }]);
    expect(reported.map(concernedBy)).toEqual([null]);
    const later = await due(id);
    const before = received.length;
    expect(await deliver()).toMatchObject({ delivered: 0, failed: 0 });
    expect(received).toHaveLength(before);
    // A person starts it again.
    answer = (response) => response.writeHead(200).end();
    await alertStore(world.pool).enableChannel(id, true, new Date());
    expect(await deliver()).toMatchObject({ delivered: 1 });
    expect(await deliveryOf(later)).toMatchObject({ status: 'delivered' });
    // Stopped by a person, twice: that is once.
    for (let times = 0; times < 2; times += 1) await alertStore(world.pool).enableChannel(id, false, new Date());
    expect((await eventsOf(id)).map(({ data }) => data)).toMatchObject([{ because: 'gone' }, { because: 'person' }]);
  });

  it('that has failed for five days gets nothing any more [fault 41]', async () => {
    const { id } = await channel();
    answer = (response) => response.writeHead(503).end();
    const first = await due(id);
    await deliver();
    expect(await channelOf(id)).toMatchObject({ state: 'failing', disabled: null });
    const since = (days: number) =>
      world.pool.query(`UPDATE alert_channel SET failing_since = clock_timestamp() - make_interval(hours => $1)`, [
        Math.round(days * 24),
      ]);
    await since(4.9);
    await pass(first);
    await deliver();
    expect(await channelOf(id)).toMatchObject({ state: 'failing' });
    await since(5.1);
    await pass(first);
    await deliver();
    expect(await channelOf(id)).toMatchObject({ state: 'disabled', disabled: 'failing' });
    expect(await deliveryOf(first)).toMatchObject({ status: 'dead' });
  });

  it.each([
    ['a private address', 'https://10.0.0.1/hook', {}],
    ['this machine', 'https://localhost/hook', {}],
    ['the address of metadata', 'https://169.254.169.254/latest', {}],
    ['http that is not excepted', 'http://example.com/hook', {}],
    ['an excepted host at another port', 'http://127.0.0.1:1/hook', {}],
    [
      'a name that leads to a private address only when it is connected to',
      'https://rebinding.example.com/hook',
      {
        resolve: (_: string, __: unknown, done: (e: null, a: { address: string; family: number }[]) => void) =>
          done(null, [{ address: '192.168.1.1', family: 4 }]),
      },
    ],
  ])('that leads to %s is refused as the connection is made', async (_, url, differs) => {
    const { id } = await channel({ url });
    const delivery = await due(id);
    expect(await deliver(differs)).toMatchObject({ failed: 1 });
    expect(await deliveryOf(delivery)).toMatchObject({ lastError: 'refused_address', status: 'waiting' });
    expect(received).toEqual([]);
  });

  it('that cannot be opened any more is switched off, and says why', async () => {
    const { id } = await channel();
    const delivery = await due(id);
    await deliver({}, postgresState(world.pool), createOpener('another'.repeat(9)));
    expect(await channelOf(id)).toMatchObject({ disabled: 'unreadable' });
    expect(await deliveryOf(delivery)).toMatchObject({ status: 'dead', lastError: 'unreadable' });
  });

  it('gets nothing while a person has stopped alerts, and everything afterwards', async () => {
    const { id } = await channel();
    await due(id);
    const switches = switchStore(world.pool);
    await switches.setRunning('alerts', false, null, new Date(0));
    expect(await deliver()).toMatchObject({ stopped: true });
    await switches.setRunning('alerts', true, null, new Date(0));
    expect(await deliver()).toMatchObject({ delivered: 1 });
  });
});

describe('other forms', () => {
  it('Slack gets a text, in which nothing is markup', async () => {
    const { id } = await channel({ kind: 'slack', url: `${base}/services/T/B/X` });
    await due(id);
    await deliver();
    expect(received[0]).toMatchObject({ path: '/services/T/B/X' });
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({
      text: '*A test of Quotron*\nThe channel "ops" works: alerts will arrive here.',
    });
  });

  it('ntfy gets JSON at its root, with topic and token', async () => {
    const { id } = await channel({ kind: 'ntfy', url: `${base}/my-topic`, token: 'tk_secret' });
    await due(id);
    await deliver();
    expect(received[0]).toMatchObject({ path: '/', headers: { authorization: 'Bearer tk_secret' } });
    expect(JSON.parse(received[0]?.body ?? '')).toMatchObject({ topic: 'my-topic', title: 'A test of Quotron' });
  });

  it('mails arrive at a server of SMTP, with one Message-ID, also when it refuses the first', async () => {
    const mails: string[] = [];
    let refuse = true;
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData(stream, _session, done) {
        void text(stream).then((mail) => {
          if (refuse) return done(new Error('later'));
          mails.push(mail);
          done();
        });
      },
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closing.push(() => new Promise<void>((done) => server.close(() => done())));
    const { port } = z.object({ port: z.int() }).parse(server.server.address());
    const mail = smtpMail(`smtp://127.0.0.1:${port}`, 'quotron@example.com');
    const { id } = await channel({ kind: 'email', address: 'anna@example.com' });
    const delivery = await due(id);
    expect(await deliver({ mail })).toMatchObject({ failed: 1 });
    refuse = false;
    await pass(delivery);
    expect(await deliver({ mail })).toMatchObject({ delivered: 1 });
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatch(/^To: anna@example\.com$/m);
    expect(mails[0]).toMatch(/^Subject: A test of Quotron$/m);
    expect(mails[0]).toContain(`Message-ID: <msg_${delivery.replaceAll('-', '')}@example.com>`);
  });

  it('mails wait where none can be sent', async () => {
    const { id } = await channel({ kind: 'email', address: 'anna@example.com' });
    const delivery = await due(id);
    await deliver();
    expect(await deliveryOf(delivery)).toMatchObject({ status: 'waiting', lastError: 'not_configured' });
  });
});
