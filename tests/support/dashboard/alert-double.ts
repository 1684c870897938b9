/** The double's alerts: rules, channels and deliveries, as the API answers on them. */
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  type AlertChannelView,
  type AlertDeliveryView,
  type AlertRuleView,
  alertChannelSchema,
  alertDeliverySchema,
  alertRuleSchema,
  createChannelSchema,
  createRuleSchema,
  newAlertChannelSchema,
} from '../../../core/contracts/http/alerts.ts';
import { type Answer, data, problem } from './double-answer.ts';
import type { DoubleState } from './double-state.ts';

export function readAlerts({ alerts }: DoubleState, path: string): Answer | null {
  const [, room, what, id] = path.split('/').map(decodeURIComponent);
  if (room !== 'alerts') return null;
  if (what === 'rules' && id === undefined) return data(z.array(alertRuleSchema), alerts.rules);
  if (what === 'channels' && id === undefined) return data(z.array(alertChannelSchema), alerts.channels);
  if (what === 'deliveries' && id === undefined) return data(z.array(alertDeliverySchema), alerts.deliveries);
  const delivery = alerts.deliveries.find((each) => each.id === id);
  if (what !== 'deliveries' || !delivery) return null;
  // A test has arrived when it is looked at.
  if (delivery.status === 'waiting')
    Object.assign(delivery, { status: 'delivered', attempts: 1, nextAt: null, finishedAt: new Date().toISOString() });
  return data(alertDeliverySchema, delivery);
}

export function changeAlert({ alerts }: DoubleState, method: string, path: string, body: unknown): Answer | null {
  const [, room, what, id, verb] = path.split('/').map(decodeURIComponent);
  if (room !== 'alerts') return null;
  if (what === 'rules' && id === undefined) {
    const wanted = createRuleSchema.safeParse(body);
    if (!wanted.success) return problem(400, 'invalid_request', 'The request is not valid', 'body: is another.');
    const made = ruleOf(wanted.data);
    alerts.rules = [made, ...alerts.rules];
    return { ...data(alertRuleSchema, made), status: 201 };
  }
  if (what === 'channels' && id === undefined) {
    const wanted = createChannelSchema.safeParse(body);
    if (!wanted.success) return problem(400, 'invalid_request', 'The request is not valid', 'body.url: is no address.');
    const made = channelOf({
      ...{ name: wanted.data.name, kind: wanted.data.kind },
      target: wanted.data.kind === 'email' ? 'd…@example.com' : new URL(wanted.data.url).host,
    });
    alerts.channels = [made, ...alerts.channels];
    const secret = wanted.data.kind === 'webhook' ? 'whsec_c2hvd24gdGhpcyBvbmNl' : null;
    return { ...data(newAlertChannelSchema, { ...made, secret }), status: 201 };
  }
  const rule = alerts.rules.find((each) => each.id === id);
  const channel = alerts.channels.find((each) => each.id === id);
  if (method === 'DELETE') {
    alerts.rules = alerts.rules.filter((each) => each !== rule);
    alerts.channels = alerts.channels.filter((each) => each !== channel);
    if (rule) return data(alertRuleSchema, rule);
    if (!channel) return problem(404, 'not_found', 'There is nothing here', `There is no ${path}.`);
    const without = alerts.rules.filter(({ channelIds }) => channelIds.every((each) => each === id));
    return data(alertChannelSchema, channel, {
      warnings: without.map(({ name }) => ({
        code: 'rule_without_channel',
        message: `The rule ${JSON.stringify(name)} has no channel any more, and tells nobody.`,
      })),
    });
  }
  if (what === 'rules' && rule) {
    Object.assign(rule, { enabled: verb === 'start', stopped: verb === 'start' ? null : 'person' });
    return data(alertRuleSchema, rule);
  }
  if (what === 'channels' && channel && verb === 'test') {
    const sent = deliveryOf({ channelId: channel.id, channelName: channel.name });
    alerts.deliveries = [sent, ...alerts.deliveries];
    return { ...data(alertDeliverySchema, { ...sent }), status: 202 };
  }
  if (what === 'channels' && channel) {
    const stopped = verb === 'stop';
    Object.assign(channel, { state: stopped ? 'disabled' : 'active', disabled: stopped ? 'person' : null });
    return data(alertChannelSchema, channel);
  }
  const delivery = alerts.deliveries.find((each) => each.id === id);
  if (!delivery) return problem(404, 'not_found', 'There is nothing here', `There is no ${path}.`);
  if (verb === 'retry') Object.assign(delivery, { status: 'waiting', nextAt: new Date().toISOString() });
  return { ...data(alertDeliverySchema, delivery), status: 202 };
}

function ruleOf({ name, when, channelIds, quietHours }: z.output<typeof createRuleSchema>): AlertRuleView {
  const { kind, ...rest } = when;
  return {
    ...{ id: randomUUID(), name, kind, when: rest, channelIds, quietHours, owner: null },
    ...{ enabled: true, stopped: null, met: null, evaluatedAt: null, lastAlertAt: null },
    createdAt: new Date().toISOString(),
  };
}

function channelOf(given: Pick<AlertChannelView, 'name' | 'kind' | 'target'>): AlertChannelView {
  return {
    ...{ id: randomUUID(), ...given, state: 'active' as const, failingSince: null, disabled: null, disabledAt: null },
    ...{ lastDeliveredAt: null, lastError: null, createdAt: new Date().toISOString() },
  };
}

function deliveryOf(given: Partial<AlertDeliveryView>): AlertDeliveryView {
  return {
    ...{ id: randomUUID(), webhookId: `msg_${randomUUID()}`, ruleId: null, ruleName: null, kind: null },
    ...{ channelId: randomUUID(), channelName: 'desk', eventId: randomUUID(), status: 'waiting' as const, attempts: 0 },
    ...{ createdAt: new Date().toISOString(), nextAt: null, finishedAt: null, lastError: null, lastStatus: null },
    ...given,
  };
}
