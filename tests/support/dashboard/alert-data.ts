import type { AlertChannelView, AlertDeliveryView, AlertRuleView } from '../../../core/contracts/http/alerts.ts';

export interface AlertsOfDouble {
  rules: AlertRuleView[];
  channels: AlertChannelView[];
  deliveries: AlertDeliveryView[];
}

const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1_000).toISOString();
const id = (number: number) => `5c1d3c1e-6f3a-4a0b-9a55-3a8c7a1d00${String(number).padStart(2, '0')}`;

/** Two channels of which one fails, two rules, and what they have sent. */
export function usualAlerts(): AlertsOfDouble {
  const channel = { disabled: null, disabledAt: null, failingSince: null, createdAt: at(900_000), lastError: null };
  const rule = { owner: null, enabled: true, stopped: null, quietHours: null, createdAt: at(800_000) };
  const delivery = { eventId: id(40), finishedAt: null, nextAt: null, lastStatus: null, lastError: null };
  return {
    channels: [
      {
        ...channel,
        ...{ id: id(1), name: 'desk', kind: 'slack', target: 'hooks.slack.com' },
        ...{ state: 'active', lastDeliveredAt: at(3_600) },
      },
      {
        ...channel,
        ...{ id: id(2), name: 'risk system', kind: 'webhook', target: 'risk.example.com' },
        ...{ state: 'failing', failingSince: at(7_200), lastDeliveredAt: at(90_000), lastError: 'timeout' },
      },
    ],
    rules: [
      {
        ...rule,
        ...{ id: id(11), name: 'Apple above 240', kind: 'price_above', channelIds: [id(1), id(2)] },
        ...{ when: { symbol: 'AAPL', price: 240, rearmPercent: 1 }, met: true },
        ...{ evaluatedAt: at(20), lastAlertAt: at(3_600) },
      },
      {
        ...rule,
        ...{ id: id(12), name: 'Any source', kind: 'source_failed', channelIds: [id(1)] },
        ...{ when: { sourceId: null }, met: false, evaluatedAt: at(20), lastAlertAt: null },
      },
    ],
    deliveries: [
      {
        ...delivery,
        ...{ id: id(21), webhookId: 'msg_1', ruleId: id(11), ruleName: 'Apple above 240', kind: 'price_above' },
        ...{ channelId: id(1), channelName: 'desk', status: 'delivered', attempts: 1, createdAt: at(3_600) },
        ...{ finishedAt: at(3_599), lastStatus: 200 },
      },
      {
        ...delivery,
        ...{ id: id(22), webhookId: 'msg_2', ruleId: id(11), ruleName: 'Apple above 240', kind: 'price_above' },
        ...{ channelId: id(2), channelName: 'risk system', status: 'dead', attempts: 9, createdAt: at(90_000) },
        ...{ finishedAt: at(3_000), lastError: 'timeout' },
      },
    ],
  };
}
