import { v5 } from 'uuid';
import * as z from 'zod';
import { testBody } from '../../../core/alerts/body.ts';
import { channelSecretOf, shownTarget } from '../../../core/alerts/channel-secret.ts';
import { sealTo } from '../../../core/auth/seal-to.ts';
import { newWebhookSecret } from '../../../core/auth/standard-webhooks.ts';
import {
  alertChannelSchema,
  alertDeliverySchema,
  createChannelSchema,
  newAlertChannelSchema,
} from '../../../core/contracts/http/alerts.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { invalidRequest, ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { AlertChannel, AlertStore } from '../../../core/ports/alert-store.ts';
import type { IdempotencyStore } from '../../../core/ports/idempotency-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import { requestSlot } from '../idempotency-key.ts';
import { channelView, deliveryView } from '../views/alert.ts';

interface RouteDependencies {
  readonly alerts: AlertStore;
  readonly requests: IdempotencyStore;
  /** Has the queue `alerts`. */
  readonly queue: MessageQueue;
  readonly alertHosts: readonly string[];
}

const tag = 'Alerts';
/** Namespaces of the ids of channels and of tests. */
const ofChannels = '5f6f2a0c-4f0d-5d3e-8f0e-0b0f0a51c1c4';
const ofTests = '0f3d6f0e-8d4c-5c59-9a66-6c1d6a2f7d57';
const byId = z.object({ id: z.uuid() });

export function alertChannelRoutes({ alerts, requests, queue, alertHosts }: RouteDependencies): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/alerts/channels',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'Where alerts go, newest first',
      query: z.object({ limit: limitParameter(200, 100), cursor: cursorParameter }),
      data: z.array(alertChannelSchema),
      problems: ['invalid_cursor'],
    },
    async ({ query }) => {
      const found = await alerts.channels({ after: readCursor(query.cursor, creationCursor), limit: query.limit + 1 });
      const { rows, meta } = page(found, query.limit, byCreation);
      return { kind: 'data', data: rows.map(channelView), meta, maxAge: 0 };
    },
  );

  const create = route(
    {
      method: 'post',
      path: '/alerts/channels',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Add a place where alerts go',
      description:
        'Addresses must be https and lead to no private network; redirects are not followed. A webhook gets a secret, which signs what is sent (Standard Webhooks) and is shown this once: the same request again, by its `Idempotency-Key`, has `null`.',
      body: createChannelSchema,
      data: newAlertChannelSchema,
      status: 201,
      idempotent: true,
      problems: ['alerts_full', 'alerts_not_ready', 'idempotency_key_reused'],
    },
    async ({ body, call }) => {
      if ('url' in body) {
        const url = new URL(body.url);
        const excepted = alertHosts.includes(url.host);
        if (url.protocol !== 'https:' && !excepted) throw invalidRequest('body.url', 'must begin with https://');
        if (url.username !== '' || url.password !== '')
          throw invalidRequest('body.url', 'must not have a user or a password');
        if (body.kind === 'ntfy' && !/^\/[\w-]{1,64}$/.test(url.pathname))
          throw invalidRequest('body.url', 'must be a server and a topic, such as https://ntfy.sh/my-topic');
      }
      const key = await alerts.sealingKey();
      if (key === null)
        throw new ProblemError(
          'alerts_not_ready',
          'The sender of alerts has not run yet, so nothing can be sealed to it. It runs each minute: try again shortly.',
          { headers: { 'retry-after': '60' } },
        );
      const { slot } = await requestSlot(requests, call, body);
      const id = v5(slot, ofChannels);
      const secret = body.kind === 'webhook' ? newWebhookSecret() : null;
      const added = await alerts.addChannel({
        ...{ id, name: body.name, kind: body.kind, target: shownTarget(body) },
        sealed: sealTo(key, JSON.stringify(channelSecretOf(body, secret)), id),
        keyId: call.principal?.keyId ?? null,
        at: new Date(call.now),
      });
      if (added === 'full')
        throw new ProblemError('alerts_full', 'There are as many channels as there may be. Remove one first.');
      return {
        kind: 'data',
        data: { ...channelView(await require(id)), secret: added === 'added' ? secret : null },
        status: 201,
        maxAge: null,
      };
    },
  );

  const remove = route(
    {
      method: 'delete',
      path: '/alerts/channels/{id}',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Remove a channel with its secrets',
      description: 'What waits for it is given up. A warning names the rules that have no channel without it.',
      params: byId,
      data: alertChannelSchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      const channel = await require(params.id);
      const { rulesLeft = [] } = (await alerts.removeChannel(channel.id, new Date(call.now))) ?? {};
      return {
        kind: 'data',
        data: channelView(channel),
        warnings: rulesLeft.map((name) => ({
          code: 'rule_without_channel',
          message: `The rule ${JSON.stringify(name)} has no channel any more, and tells nobody.`,
        })),
      };
    },
  );

  const switches = ([true, false] as const).map((enabled) =>
    route(
      {
        method: 'post',
        path: `/alerts/channels/{id}/${enabled ? 'start' : 'stop'}`,
        access: 'operate',
        shows: 'nothing',
        tag,
        summary: enabled ? 'Send to a channel again' : 'Send to a channel no more',
        description: enabled
          ? 'Also to one that was switched off because it failed for five days, or was gone (410).'
          : 'Alerts for it are given up, and kept, until it is started.',
        params: byId,
        data: alertChannelSchema,
        problems: ['not_found'],
      },
      async ({ params, call }) => {
        await require(params.id);
        await alerts.enableChannel(params.id, enabled, new Date(call.now));
        return { kind: 'data', data: channelView(await require(params.id)) };
      },
    ),
  );

  const test = route(
    {
      method: 'post',
      path: '/alerts/channels/{id}/test',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Send a test to a channel',
      description: '`Location` is to be polled: it says whether the test arrived, or why it did not.',
      params: byId,
      data: alertDeliverySchema,
      status: 202,
      idempotent: true,
      problems: ['not_found', 'idempotency_key_reused'],
    },
    async ({ params, call }) => {
      const channel = await require(params.id);
      const { slot } = await requestSlot(requests, call, undefined);
      const id = v5(slot, ofTests);
      const at = new Date(call.now);
      await alerts.addTest({ id, channelId: channel.id, body: testBody(channel.name, id, at), at });
      await queue.send('alerts', [{}]);
      const delivery = await alerts.delivery(id, at);
      if (!delivery) throw new ProblemError('not_found', 'The channel was removed meanwhile.');
      return {
        kind: 'data',
        data: deliveryView(delivery),
        status: 202,
        headers: { location: `/api/v1/alerts/deliveries/${id}` },
      };
    },
  );

  return [list, create, remove, ...switches, test];

  async function require(id: string): Promise<AlertChannel> {
    const channel = await alerts.channel(id);
    if (!channel) throw new ProblemError('not_found', 'No channel has this id. GET /alerts/channels lists them.');
    return channel;
  }
}
