import * as z from 'zod';
import { alertDeliverySchema } from '../../../core/contracts/http/alerts.ts';
import { deliveryStatuses } from '../../../core/contracts/words/alerts.ts';
import { byCreation, creationCursor, page, readCursor } from '../../../core/http/page.ts';
import { ProblemError } from '../../../core/http/problem.ts';
import { cursorParameter, limitParameter } from '../../../core/http/read-request.ts';
import { type Route, route } from '../../../core/http/route.ts';
import type { AlertDelivery, AlertStore } from '../../../core/ports/alert-store.ts';
import type { MessageQueue } from '../../../core/ports/message-queue.ts';
import { deliveryView } from '../views/alert.ts';

interface RouteDependencies {
  readonly alerts: AlertStore;
  /** Has the queue `alerts`. */
  readonly queue: MessageQueue;
}

const tag = 'Alerts';
const byId = z.object({ id: z.uuid() });

export function alertDeliveryRoutes({ alerts, queue }: RouteDependencies): Route[] {
  const list = route(
    {
      method: 'get',
      path: '/alerts/deliveries',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'What was sent, and what was not, newest first',
      description:
        'Without what the alerts say. `dead` are those that were given up: after nine attempts in two days, or because their channel is gone.',
      query: z.object({
        ruleId: z.uuid().optional(),
        channelId: z.uuid().optional(),
        status: z.enum(deliveryStatuses).optional(),
        limit: limitParameter(500, 100),
        cursor: cursorParameter,
      }),
      data: z.array(alertDeliverySchema),
      problems: ['invalid_cursor'],
    },
    async ({ query, call }) => {
      const found = await alerts.deliveries({
        ruleId: query.ruleId ?? null,
        channelId: query.channelId ?? null,
        status: query.status ?? null,
        after: readCursor(query.cursor, creationCursor),
        limit: query.limit + 1,
        now: new Date(call.now),
      });
      const { rows, meta } = page(found, query.limit, byCreation);
      return { kind: 'data', data: rows.map(deliveryView), meta, maxAge: 0 };
    },
  );

  const one = route(
    {
      method: 'get',
      path: '/alerts/deliveries/{id}',
      access: 'read',
      shows: 'nothing',
      tag,
      summary: 'One delivery',
      params: byId,
      data: alertDeliverySchema,
      problems: ['not_found'],
    },
    async ({ params, call }) => ({ kind: 'data', data: deliveryView(await require(params.id, call.now)), maxAge: 0 }),
  );

  const retry = route(
    {
      method: 'post',
      path: '/alerts/deliveries/{id}/retry',
      access: 'operate',
      shows: 'nothing',
      tag,
      summary: 'Send again what was given up',
      description: 'With the same `webhook-id`. A delivery that is not dead stays as it is.',
      params: byId,
      data: alertDeliverySchema,
      status: 202,
      problems: ['not_found'],
    },
    async ({ params, call }) => {
      await require(params.id, call.now);
      if (await alerts.retry(params.id, new Date(call.now))) await queue.send('alerts', [{}]);
      return { kind: 'data', data: deliveryView(await require(params.id, call.now)), status: 202 };
    },
  );

  return [list, one, retry];

  async function require(id: string, now: number): Promise<AlertDelivery> {
    const delivery = await alerts.delivery(id, new Date(now));
    if (!delivery) throw new ProblemError('not_found', 'No delivery has this id. GET /alerts/deliveries lists them.');
    return delivery;
  }
}
