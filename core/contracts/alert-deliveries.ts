import * as z from 'zod';
import { deliveryErrors } from './words/alerts.ts';

/*
 * The two operations of `state` by which the sender of alerts, outside the VPC, gets what is due and says what became of it.
 */

/** Deliveries of one claim. */
export const mostClaimed = 50;

const outcome = z.object({
  id: z.uuid(),
  token: z.int().positive(),
  delivered: z.boolean(),
  error: z.enum(deliveryErrors).nullable(),
  /** The status of the answer, where there was one. */
  status: z.int().nullable(),
  /** For how long the receiver asks to be left in peace. */
  retryAfterSeconds: z.number().nonnegative().nullable(),
});
export type DeliveryOutcome = z.infer<typeof outcome>;
/** What became of one attempt, whichever delivery it was of. */
export type SendOutcome = Omit<DeliveryOutcome, 'id' | 'token'>;

export const alertRequests = [
  /** Deliveries that are due, each for one sender at a time, and the key to which channels are sealed from now on. */
  z.object({
    op: z.literal('claimAlerts'),
    publicKey: z.string().regex(/^[\w-]{43}$/),
    limit: z.int().positive().max(mostClaimed),
  }),
  /** What became of claimed ones. With a token that is not the last one, it is not written. */
  z.object({ op: z.literal('settleAlerts'), outcomes: z.array(outcome).max(mostClaimed) }),
] as const;

const claimedDelivery = z.object({
  id: z.uuid(),
  token: z.int().positive(),
  channel: z.object({ id: z.uuid(), sealed: z.string() }),
  body: z.unknown(),
});
export type ClaimedDelivery = z.infer<typeof claimedDelivery>;

export const alertResponses = {
  claimAlerts: z.discriminatedUnion('go', [
    z.object({ go: z.literal(true), deliveries: z.array(claimedDelivery) }),
    z.object({ go: z.literal(false), why: z.literal('stopped') }),
  ]),
  settleAlerts: z.object({
    /** How soon the next attempt at one of these is due; `null` where none is. */
    nextInSeconds: z.number().nonnegative().nullable(),
    /** Names of channels to which nothing is sent any more. */
    disabled: z.array(z.string()),
  }),
} as const;
