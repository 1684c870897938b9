import * as z from 'zod';

/*
 * The two operations of `state` by which the relay, outside the VPC, pulls the events of the outbox and says which were
 * published.
 */

const token = z.int().positive();
const position = z.string().regex(/^\d+$/);

export const eventRequests = [
  /**
   * The first events that wait, in order, under the lease of the one relay: taken by a claim without a token, renewed by one
   * with it.
   */
  z.object({
    op: z.literal('claimEvents'),
    holder: z.string().min(1).max(200),
    token: token.nullable(),
    limit: z.int().positive().max(1_000),
  }),
  /** Events that were published. Refused with a token that is not the holder's any more. `done` gives the lease back. */
  z.object({
    op: z.literal('acknowledgeEvents'),
    token,
    ids: z.array(z.uuid()).max(1_000),
    /** The first position of them; a relay of an earlier release does not say it. */
    from: position.optional(),
    done: z.boolean(),
  }),
] as const;

/** An event of the outbox as it was written: the relay knows what it means. */
const claimedEvent = z.object({
  id: z.uuid(),
  /** Its place among all events. The next one that gets a place gets a greater one. */
  position,
  at: z.iso.datetime(),
  type: z.string(),
  data: z.unknown(),
});
export type ClaimedEvent = z.infer<typeof claimedEvent>;

export const eventResponses = {
  claimEvents: z.discriminatedUnion('go', [
    z.object({
      go: z.literal(true),
      token,
      /** For so long no other relay gets the lease. */
      leaseSeconds: z.number().positive(),
      events: z.array(claimedEvent),
      /** Whether more wait. */
      more: z.boolean(),
    }),
    /** Another relay has the lease, or the service is stopped. */
    z.object({ go: z.literal(false), why: z.enum(['leased', 'stopped']) }),
  ]),
  acknowledgeEvents: z.object({ accepted: z.boolean() }),
} as const;
