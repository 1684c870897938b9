/** Alerts on the deployed cloud: a price crosses, and a signed webhook, a text for Slack and a mail arrive, each once. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import * as z from 'zod';
import { alertDeliverySchema, alertRuleSchema, newAlertChannelSchema } from '../../core/contracts/http/alerts.ts';
import { quoteSchema } from '../../core/contracts/http/market.ts';
import { eventually, sharedCloud } from '../support/shared-cloud.ts';

const cloud = sharedCloud();
const ports = inject('alertPorts');
const symbol = 'BTC-USD';

const received: { readonly path: string; readonly headers: IncomingMessage['headers']; readonly body: string }[] = [];
const mails: string[] = [];
let http: Server;
let smtp: SMTPServer;
const made = { channels: [] as string[], rules: [] as string[] };

beforeAll(async () => {
  http = createServer(async (request, response) => {
    const { url = '', headers } = request;
    received.push({ path: url, headers, body: await text(request) });
    response.writeHead(204).end();
  });
  await new Promise<void>((done) => http.listen(ports.http, '127.0.0.1', done));
  smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    onData: (stream, _session, done) =>
      void text(stream).then((mail) => {
        mails.push(mail);
        done();
      }),
  });
  await new Promise<void>((done) => smtp.listen(ports.smtp, '127.0.0.1', done));
});
afterAll(async () => {
  for (const id of made.rules) await cloud.ask(`/alerts/rules/${id}`, { method: 'DELETE', as: 'operate' });
  for (const id of made.channels) await cloud.ask(`/alerts/channels/${id}`, { method: 'DELETE', as: 'operate' });
  http.closeAllConnections();
  await new Promise((done) => http.close(done));
  await new Promise<void>((done) => smtp.close(() => done()));
});

/** Adds a channel; waits for the first tick of the sender, which brings the key to seal it to. */
async function channel(body: object) {
  const added = await eventually(
    'a channel to be added',
    async () => {
      const answer = await cloud.ask('/alerts/channels', { method: 'POST', as: 'operate', body });
      return answer.status === 503 ? undefined : answer;
    },
    120_000,
  );
  const { data } = z.object({ data: newAlertChannelSchema }).parse(await added.json());
  made.channels.push(data.id);
  return data;
}

const collect = () => cloud.ask('/sources/yahoo/run', { method: 'POST', as: 'operate', body: { job: 'quotes' } });

it('a price that crosses is told on each channel, once per event, and the webhook is signed', async () => {
  await cloud.noFaults();
  const base = `http://127.0.0.1:${ports.http}`;
  const hook = await channel({ kind: 'webhook', name: 'hook', url: `${base}/hook` });
  const slack = await channel({ kind: 'slack', name: 'slack', url: `${base}/services/T/B/X` });
  const mail = await channel({ kind: 'email', name: 'mail', address: 'anna@example.com' });

  const test = await cloud.ask(`/alerts/channels/${mail.id}/test`, { method: 'POST', as: 'operate' });
  expect(test.status).toBe(202);
  const { price } = await eventually(`a price of ${symbol}`, async () => {
    const answer = await cloud.ask(`/quotes/${encodeURIComponent(symbol)}`);
    if (answer.ok) return z.object({ data: quoteSchema }).parse(await answer.json()).data;
    await collect();
    return undefined;
  });
  // Whichever way it goes, it crosses.
  for (const kind of ['price_above', 'price_below']) {
    const body = { name: kind, when: { kind, symbol, price: String(price) }, channelIds: [hook.id, slack.id, mail.id] };
    const rule = await cloud.read('/alerts/rules', alertRuleSchema, { method: 'POST', as: 'operate', body });
    made.rules.push(rule.id);
  }
  const hooks = () => received.filter(({ path }) => path === '/hook');
  await eventually(
    () => `a webhook; deliveries and rules are ${states}`,
    async () => {
      await collect();
      states = JSON.stringify([
        await cloud.rows('SELECT kind, met, pending_event, evaluated_at FROM alert_rule'),
        await cloud.rows('SELECT attempts, last_error, delivered FROM alert_delivery'),
      ]);
      return hooks().length > 0 ? true : undefined;
    },
    180_000,
  );
  const [first] = hooks();
  const heads = z.record(z.string(), z.string()).parse(first?.headers);
  expect(new Webhook(hook.secret ?? '').verify(first?.body ?? '', heads)).toMatchObject({
    type: 'quotron.alert.raised',
    data: { symbol, event: { type: expect.stringContaining('quotron.quotes') } },
  });
  // No more of it: no price crosses any more.
  for (const id of made.rules) await cloud.ask(`/alerts/rules/${id}/stop`, { method: 'POST', as: 'operate' });
  await eventually('all to be delivered', async () => {
    const waiting = await cloud.read('/alerts/deliveries?status=waiting', z.array(alertDeliverySchema));
    return waiting.length === 0 ? true : undefined;
  });
  const raised = hooks();
  const events = raised.map(({ body }) => JSON.parse(body).data).map(({ rule, event }) => `${rule.id} ${event.id}`);
  expect(new Set(events).size).toBe(events.length);
  expect(new Set(raised.map(({ headers }) => headers['webhook-id'])).size).toBe(events.length);
  const texts = received.filter(({ path }) => path.startsWith('/services'));
  expect(texts).toHaveLength(events.length);
  expect(JSON.parse(texts[0]?.body ?? '')).toEqual({ text: expect.stringMatching(/^\*BTC-USD is (above|below) /) });
  expect(mails.filter((each) => /^Subject: BTC-USD is/m.test(each))).toHaveLength(events.length);
  expect(mails.some((each) => /^Subject: A test of Quotron/m.test(each))).toBe(true);
  const deliveries = await cloud.read('/alerts/deliveries', z.array(alertDeliverySchema));
  expect(deliveries.every(({ status }) => status === 'delivered')).toBe(true);
}, 420_000);

let states = '';
