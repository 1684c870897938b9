/*
 * Sends alerts: outside the VPC, at least once, with the same `webhook-id` on each attempt.
 *
 *   1. claim deliveries that are due, each for one sender at a time; the channels come sealed
 *   2. send them, some at once
 *   3. settle: delivered, to be tried again by the schedule of Standard Webhooks, or given up and kept
 *
 * A sender that dies after it has sent leaves a claim that ends by itself: the next one sends again.
 */
import * as z from 'zod';
import type { AlertBody } from '../../core/alerts/body.ts';
import { channelSecretSchema } from '../../core/alerts/channel-secret.ts';
import type { Opener } from '../../core/auth/seal-to.ts';
import { webhookIdOf } from '../../core/auth/standard-webhooks.ts';
import type { ClaimedDelivery, DeliveryOutcome } from '../../core/contracts/alert-deliveries.ts';
import { parseJson } from '../../core/contracts/parse-json.ts';
import type { StateResponses } from '../../core/contracts/state.ts';
import type { SendAlert } from '../../core/ports/alert-sender.ts';
import type { State } from '../../core/ports/state.ts';

export interface DeliveringAlerts {
  readonly state: State;
  readonly opener: Opener;
  readonly send: SendAlert;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Hears of channels to which nothing is sent any more. */
  readonly disabled?: (names: readonly string[]) => void;
}

export interface Delivered {
  readonly stopped: boolean;
  readonly delivered: number;
  readonly failed: number;
  /** How soon the next attempt is due that failed just now; `null` where none is. */
  readonly nextInSeconds: number | null;
}

/** Deliveries of one claim, which are sent at once. */
const atOnce = 10;

/** What the database has of a body; anything else is of another release. */
const bodySchema = z.looseObject({
  type: z.enum(['quotron.alert.raised', 'quotron.alert.test']),
  timestamp: z.string(),
  data: z.looseObject({ title: z.string(), text: z.string() }),
});

/** Delivers until nothing is due, or the time is over (milliseconds since the epoch). */
export async function deliverAlerts(until: number, of: DeliveringAlerts): Promise<Delivered> {
  const { state, opener } = of;
  let [delivered, failed] = [0, 0];
  let nextInSeconds: number | null = null;
  do {
    const claim: StateResponses['claimAlerts'] = await state.call({
      op: 'claimAlerts',
      publicKey: opener.publicKey,
      limit: atOnce,
    });
    if (!claim.go) return { stopped: true, delivered, failed, nextInSeconds };
    if (claim.deliveries.length === 0) break;
    const outcomes = await Promise.all(claim.deliveries.map((delivery) => outcomeOf(delivery, of)));
    const settled = await state.call({ op: 'settleAlerts', outcomes });
    const good = outcomes.filter((each) => each.delivered).length;
    delivered += good;
    failed += outcomes.length - good;
    if (settled.nextInSeconds !== null) nextInSeconds = Math.min(nextInSeconds ?? Infinity, settled.nextInSeconds);
    if (settled.disabled.length > 0) of.disabled?.(settled.disabled);
  } while (of.now() < until);
  return { stopped: false, delivered, failed, nextInSeconds };
}

async function outcomeOf(delivery: ClaimedDelivery, of: DeliveringAlerts): Promise<DeliveryOutcome> {
  const { id, token, channel } = delivery;
  const opened = of.opener.open(channel.sealed, channel.id);
  const secret = channelSecretSchema.safeParse(parseJson(opened ?? ''));
  const body = bodySchema.safeParse(delivery.body);
  if (!secret.success || !body.success)
    return { id, token, delivered: false, error: 'unreadable', status: null, retryAfterSeconds: null };
  const message: AlertBody = body.data;
  return { id, token, ...(await of.send(secret.data, { webhookId: webhookIdOf(id), body: message })) };
}
