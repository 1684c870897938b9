import * as z from 'zod';

/*
 * The two operations of `state` by which the relay, outside the VPC, pulls the events of the outbox and says which were
 * published.
 */

const token = z.int().positive();
const position = z.string().regex(/^\d+$/);
/** Events of one claim. */
const eventsAtMost = 2_000;
const ids = z.array(z.uuid()).max(eventsAtMost);
/** Whether the ids are those of all events of the claim that were given. */
const whole = z.boolean().optional();

export const eventRequests = [
  /**
   * The first events that wait, in order, under the lease of the one relay: taken by a claim without a token, renewed by one
   * with it. `published` says first what became of an earlier claim. With `asText`, data come as the text that was written;
   * a release that does not know that gives them as JSON.
   */
  z.object({
    op: z.literal('claimEvents'),
    holder: z.string().min(1).max(200),
    token: token.nullable(),
    limit: z.int().positive().max(eventsAtMost),
    published: z.object({ claim: position, ids, whole }).optional(),
    asText: z.boolean().optional(),
  }),
  /**
   * Events of a claim that were published. Refused with a token that is not the holder's any more. `done` gives the lease
   * back, and what was claimed and not sent.
   */
  z.object({
    op: z.literal('acknowledgeEvents'),
    token,
    ids,
    /** The claim that they are of; a relay of an earlier release has only one, and does not say it. */
    claim: position.optional(),
    whole,
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
  /** None by an earlier release. */
  key: z.string().optional(),
  /** A text of JSON, or what it says. */
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
      /** Names this claim; `null` where nothing waits. */
      claim: position.nullable(),
      events: z.array(claimedEvent),
      /** Whether more wait. */
      more: z.boolean(),
    }),
    /** Another relay has the lease, or the service is stopped. */
    z.object({ go: z.literal(false), why: z.enum(['leased', 'stopped']) }),
  ]),
  acknowledgeEvents: z.object({ accepted: z.boolean() }),
} as const;
