import * as z from 'zod';
import {
  alertKinds,
  channelKinds,
  channelStates,
  channelStops,
  deliveryErrors,
  deliveryStatuses,
  moveDirections,
  ruleStops,
} from '../words/alerts.ts';
import { keyUses } from '../words/licence.ts';
import { decimal } from './envelope.ts';

const instant = z.iso.datetime();
const symbol = z.string().trim().min(1).max(64);
const sourceId = z.string().regex(/^[a-z][a-z0-9-]{1,31}$/, 'is no source id: small letters, digits, hyphens');
const name = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[ -~\u00a0-\uffff]*$/, 'has a control character');
const percent = z.number().gt(0).max(1_000);

/** The largest price that a rule may name: as many digits as any price has. */
const price = z
  .union([z.number(), z.string()])
  .transform((value, context) => {
    const text = typeof value === 'number' ? String(value) : value.trim();
    if (/^(0|[1-9]\d{0,14})(\.\d{1,12})?$/.test(text) && Number(text) > 0) return text;
    context.addIssue('must be a price above 0, such as 250 or "0.6616"');
    return z.NEVER;
  })
  .meta({ description: 'In major units, as a number or as text' });

/** What a rule watches for: one form for each kind. */
export const alertConditionSchema = z.discriminatedUnion('kind', [
  /** The served price of a symbol rises above a price. Once; and again after it was `rearmPercent` below it. */
  z.strictObject({
    kind: z.literal('price_above'),
    symbol,
    price,
    rearmPercent: z.number().min(0).max(50).default(0),
  }),
  z.strictObject({
    kind: z.literal('price_below'),
    symbol,
    price,
    rearmPercent: z.number().min(0).max(50).default(0),
  }),
  /** The served price is more than so many percent from the previous close. Once a day. */
  z.strictObject({
    kind: z.literal('move'),
    symbol,
    percent,
    direction: z.enum(moveDirections).default('either'),
  }),
  /** The status of a source becomes `failed`; of any, unless one is named. */
  z.strictObject({ kind: z.literal('source_failed'), sourceId: sourceId.nullable().default(null) }),
  /** Of the sessions of the last days, a source has daily bars of fewer than so many percent. Looked at each hour. */
  z.strictObject({
    kind: z.literal('coverage_below'),
    symbol,
    sourceId,
    percent: z.number().gt(0).max(100),
    days: z.int().min(2).max(365).default(30),
  }),
  /** More open findings than so many; of any source, unless one is named. */
  z.strictObject({
    kind: z.literal('findings_over'),
    count: z.int().min(0).max(1_000_000),
    sourceId: sourceId.nullable().default(null),
  }),
  /** More rows that wait in quarantine than so many. */
  z.strictObject({
    kind: z.literal('quarantine_over'),
    count: z.int().min(0).max(1_000_000),
    sourceId: sourceId.nullable().default(null),
  }),
  /** Sources disagree on the price of a symbol; of any, unless one is named. */
  z.strictObject({ kind: z.literal('dispute'), symbol: symbol.nullable().default(null) }),
]);
export type AlertCondition = z.output<typeof alertConditionSchema>;

const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as 22:00');

/**
 * Hours in which alerts are held. They are sent when these are over, and say so. Without a name in the API's document, which
 * closes objects of requests and leaves those of answers open.
 */
export const quietHoursSchema = z.strictObject({
  from: clockTime,
  to: clockTime,
  /** IANA. */
  zone: z.string().min(1).max(64),
});
export type QuietHours = z.infer<typeof quietHoursSchema>;

/** Channels that one rule may have. */
const mostChannels = 10;

export const createRuleSchema = z
  .strictObject({
    name,
    when: alertConditionSchema,
    channelIds: z.array(z.uuid()).min(1).max(mostChannels),
    quietHours: quietHoursSchema.nullable().default(null),
  })
  .meta({ id: 'CreateAlertRule' });

export const alertRuleSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    kind: z.enum(alertKinds),
    /** As it was given, with what was left out. Prices are decimals. */
    when: z.record(z.string(), z.union([decimal, z.string(), z.null()])),
    channelIds: z.array(z.uuid()),
    quietHours: quietHoursSchema.nullable(),
    /** The key that made it, and what that key may see: an alert carries no more. */
    owner: z.object({ keyId: z.uuid(), name: z.string(), use: z.enum(keyUses) }).nullable(),
    enabled: z.boolean(),
    /** Why it is not evaluated. */
    stopped: z.enum(ruleStops).nullable(),
    /** Whether what it watches for holds now; `null` before it was looked at. It alerts when that becomes true. */
    met: z.boolean().nullable(),
    evaluatedAt: instant.nullable(),
    lastAlertAt: instant.nullable(),
    createdAt: instant,
  })
  .meta({ id: 'AlertRule' });
export type AlertRuleView = z.infer<typeof alertRuleSchema>;

const address = z.url({ protocol: /^https?$/ }).max(2_000);

/** A new channel. Addresses and tokens are secrets: they are stored sealed, and no answer has them. */
export const createChannelSchema = z
  .union(
    [
      z.strictObject({ kind: z.literal('webhook'), name, url: address }),
      z.strictObject({ kind: z.literal('slack'), name, url: address }),
      z.strictObject({
        kind: z.literal('ntfy'),
        name,
        /** Server and topic: `https://ntfy.sh/my-topic`. */
        url: address,
        /** An access token of the server. */
        token: z
          .string()
          .regex(/^[\x21-\x7e]{1,200}$/, 'must have 1 to 200 visible ASCII characters')
          .nullable()
          .default(null),
      }),
      z.strictObject({ kind: z.literal('email'), name, address: z.email().max(254) }),
    ],
    { error: `must be a channel: kind is one of ${channelKinds.join(', ')}, with what that kind has` },
  )
  .meta({ id: 'CreateAlertChannel' });
export type CreateChannel = z.output<typeof createChannelSchema>;

export const alertChannelSchema = z
  .object({
    id: z.uuid(),
    name: z.string(),
    kind: z.enum(channelKinds),
    /** What may be shown of where it leads: the host of the address, or `a…@example.com`. */
    target: z.string(),
    state: z.enum(channelStates),
    /** Since when every delivery has failed. After five days nothing is sent any more. */
    failingSince: instant.nullable(),
    /** Why nothing is sent, and since when. */
    disabled: z.enum(channelStops).nullable(),
    disabledAt: instant.nullable(),
    lastDeliveredAt: instant.nullable(),
    lastError: z.enum(deliveryErrors).nullable(),
    createdAt: instant,
  })
  .meta({ id: 'AlertChannel' });
export type AlertChannelView = z.infer<typeof alertChannelSchema>;

/** With the secret by which the receiver of a webhook checks signatures: shown this once. */
export const newAlertChannelSchema = alertChannelSchema
  .extend({ secret: z.string().nullable() })
  .meta({ id: 'NewAlertChannel' });

export const alertDeliverySchema = z
  .object({
    id: z.uuid(),
    /** The `webhook-id`, the same for each attempt. */
    webhookId: z.string(),
    /** `null` for a test. */
    ruleId: z.uuid().nullable(),
    ruleName: z.string().nullable(),
    kind: z.enum(alertKinds).nullable(),
    channelId: z.uuid(),
    channelName: z.string(),
    /** The event that the rule fired on. */
    eventId: z.uuid(),
    status: z.enum(deliveryStatuses),
    attempts: z.int(),
    createdAt: instant,
    /** When it is tried next, or the quiet hours end. */
    nextAt: instant.nullable(),
    finishedAt: instant.nullable(),
    lastError: z.enum(deliveryErrors).nullable(),
    /** The status of the last answer. */
    lastStatus: z.int().nullable(),
  })
  .meta({ id: 'AlertDelivery' });
export type AlertDeliveryView = z.infer<typeof alertDeliverySchema>;
