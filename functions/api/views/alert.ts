import { webhookIdOf } from '../../../core/auth/standard-webhooks.ts';
import type {
  AlertChannelView,
  AlertCondition,
  AlertDeliveryView,
  AlertRuleView,
} from '../../../core/contracts/http/alerts.ts';
import type { DecimalWriter } from '../../../core/http/wire-number.ts';
import type { AlertChannel, AlertDelivery, AlertRule } from '../../../core/ports/alert-store.ts';

export function ruleView(rule: AlertRule, decimal: DecimalWriter): AlertRuleView {
  const { condition, channelIds, evaluatedAt, lastAlertAt, createdAt, ...rest } = rule;
  return {
    ...rest,
    kind: condition.kind,
    when: whenView(condition, decimal),
    channelIds: [...channelIds],
    evaluatedAt: evaluatedAt?.toISOString() ?? null,
    lastAlertAt: lastAlertAt?.toISOString() ?? null,
    createdAt: createdAt.toISOString(),
  };
}

function whenView(condition: AlertCondition, decimal: DecimalWriter): AlertRuleView['when'] {
  return 'price' in condition ? { ...condition, price: decimal(condition.price) } : condition;
}

export function channelView(channel: AlertChannel): AlertChannelView {
  return {
    ...channel,
    failingSince: channel.failingSince?.toISOString() ?? null,
    disabledAt: channel.disabledAt?.toISOString() ?? null,
    lastDeliveredAt: channel.lastDeliveredAt?.toISOString() ?? null,
    createdAt: channel.createdAt.toISOString(),
  };
}

export function deliveryView(delivery: AlertDelivery): AlertDeliveryView {
  return {
    ...delivery,
    webhookId: webhookIdOf(delivery.id),
    createdAt: delivery.createdAt.toISOString(),
    nextAt: delivery.nextAt?.toISOString() ?? null,
    finishedAt: delivery.finishedAt?.toISOString() ?? null,
  };
}
