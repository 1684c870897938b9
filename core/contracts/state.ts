import * as z from 'zod';
import { alertRequests, alertResponses } from './alert-deliveries.ts';
import { asOfRequests, asOfResponses } from './as-of.ts';
import { citableSchema } from './citable.ts';
import { eventRequests, eventResponses } from './events/relay.ts';
import { proxyRequests, proxyResponses } from './proxy.ts';
import { scopes } from './words/access.ts';
import { failureDetailSchema, keptDetailSchema } from './words/failure-details.ts';
import { keyUses } from './words/licence.ts';
import { pageSelectors } from './words/page-selectors.ts';
import { permitPurposes } from './words/permit-purposes.ts';
import { summaryRefusals } from './words/summary-refusals.ts';

const taskKey = { runId: z.uuid(), part: z.int().nonnegative() };

const permitCount = z.int().positive().max(500);

/**
 * The requests of the `state` function, for functions outside the VPC: leases, permits, sessions, key checks, and
 * the cache that the containers of the Yahoo proxy share. Each request has one response; `op` names the pair.
 */
export const stateRequestSchema = z.discriminatedUnion('op', [
  /**
   * Take a task: its lease, an attempt number (the fencing token), the source's stored session and the permit for the first
   * of its requests.
   */
  z.object({
    op: z.literal('beginAttempt'),
    ...taskKey,
    worker: z.string().min(1).max(200),
    requests: permitCount,
  }),
  /** Take permits, all or none. They are used with that: those of an attempt that dies stay used. */
  z.object({
    op: z.literal('takePermits'),
    sourceId: z.string(),
    count: permitCount,
    purpose: z.enum(permitPurposes),
    /** The attempt they are for: it was promised them when it began. */
    task: z.object({ ...taskKey, attempt: z.int().positive() }).optional(),
  }),
  /** The source wants a pause: no request of it before so many seconds have passed. */
  z.object({ op: z.literal('holdSource'), sourceId: z.string(), seconds: z.number().positive().max(86_400) }),
  /** Of the former release, which still runs while this one is deployed: `takePermits`, and a look at the permit taken. */
  z.object({
    op: z.literal('reservePermits'),
    sourceId: z.string(),
    count: permitCount,
    purpose: z.enum(permitPurposes),
  }),
  z.object({ op: z.literal('usePermit'), permitId: z.uuid() }),
  z.object({ op: z.literal('getSession'), sourceId: z.string() }),
  /** The right to renew a source's session: one holder at a time. */
  z.object({ op: z.literal('acquireRenewal'), sourceId: z.string(), ttlSeconds: z.int().positive().max(900) }),
  /** Keep a renewed session. Refused when the token is no longer the holder's. */
  z.object({
    op: z.literal('putSession'),
    sourceId: z.string(),
    token: z.int().positive(),
    /** A browser's may hold databases; see `longestState`. */
    sealed: z.string().max(1_200_000),
    expiresAt: z.iso.datetime(),
  }),
  /** Releases the right after a failed renewal, so that the next worker gets the source's own answer. */
  z.object({ op: z.literal('releaseRenewal'), sourceId: z.string(), token: z.int().positive() }),
  /**
   * A login that needs a person, or time: it is remembered, and no right to renew is given before the credentials change, a
   * person continues it, or the `seconds` are over. Ends the right of `token`, and drops the stored session.
   */
  z.object({
    op: z.literal('holdLogin'),
    sourceId: z.string(),
    token: z.int().positive(),
    detail: failureDetailSchema,
    /** Until it is over by itself; `null` for one that a person ends. */
    seconds: z.number().positive().nullable(),
  }),
  /** Whether a person has set the credentials of a source, and since when. */
  z.object({ op: z.literal('credentialsState'), sourceId: z.string() }),
  /**
   * Records that credentials were set or deleted. Sessions made with the former ones are dropped, running renewals lose
   * their right.
   */
  z.object({ op: z.literal('noteCredentials'), sourceId: z.string(), isSet: z.boolean(), keyId: z.uuid().nullable() }),
  /** A report that waits for its summary, and the summary that a model wrote of it: the first one stays. */
  z.object({ op: z.literal('readReport'), diagnosisId: z.uuid() }),
  z.object({
    op: z.literal('keepSummary'),
    diagnosisId: z.uuid(),
    model: z.string().min(1).max(200),
    text: z.string().min(1).max(4_000),
  }),
  z.object({
    op: z.literal('refuseSummary'),
    diagnosisId: z.uuid(),
    model: z.string().min(1).max(200),
    why: z.enum(summaryRefusals),
  }),
  z.object({ op: z.literal('checkKey'), key: z.string().max(200), scope: z.enum(scopes) }),
  ...proxyRequests,
  ...asOfRequests,
  ...eventRequests,
  ...alertRequests,
]);
export type StateRequest = z.infer<typeof stateRequestSchema>;

/**
 * Leave for one upstream request, which may begin from `notBefore` until `expiresAt`. All three by the database's
 * clock: the holder counts from `takenAt`.
 */
const permit = z.object({
  id: z.uuid(),
  takenAt: z.iso.datetime(),
  notBefore: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
export type Permit = z.infer<typeof permit>;

/** A session as it is kept: only functions outside the VPC can open it. */
const sealedSession = z.object({ sealed: z.string(), expiresAt: z.iso.datetime() });
export type SealedSession = z.infer<typeof sealedSession>;

/** A login that is on hold: what the source wants, and until when where it is over by itself. */
const heldLogin = z.object({ detail: keptDetailSchema, until: z.iso.datetime().nullable() });
export type HeldLogin = z.infer<typeof heldLogin>;

const permitsTaken = z.object({
  permits: z.array(permit),
  /** `not_yet`: others wait for the gap that the source wants between requests. */
  why: z.enum(['minute_quota', 'day_quota', 'not_yet', 'held']).nullable(),
  /** Seconds until another try makes sense where none could be taken; 0 with permits. */
  retryAfterSeconds: z.number().nonnegative(),
});

/** The responses, by `op`. */
export const stateResponseSchemas = {
  beginAttempt: z.discriminatedUnion('go', [
    z.object({
      go: z.literal(true),
      attempt: z.int().positive(),
      /** For the first request. None where the source uses sessions and none is stored: the login comes first. */
      permits: z.array(permit),
      /** `null` where none is stored, or the source uses none. */
      session: sealedSession.nullable(),
      /** For pages: the current selectors. */
      selectors: z.enum(pageSelectors).optional(),
    }),
    z.object({
      go: z.literal(false),
      /**
       * `finished`: the task has its outcome. `leased`: another worker has it, or the source's one worker is busy.
       * `stopped`: a person stopped the scrapers. `quota_*`: no room for its requests now, or today. `held`: the source wants
       * a pause, or its breaker is open. `postponed`: a chunk of a backfill that the planner sends again when it is its turn.
       */
      why: z.enum(['finished', 'leased', 'stopped', 'quota_minute', 'quota_day', 'held', 'postponed', 'unknown_task']),
      attempt: z.int().nonnegative(),
      retryAfterSeconds: z.number().nonnegative(),
    }),
  ]),
  takePermits: permitsTaken,
  reservePermits: permitsTaken,
  usePermit: z.object({
    ok: z.boolean(),
    why: z.enum(['not_yet', 'expired', 'unknown', 'held']).nullable(),
    retryAfterSeconds: z.number().nonnegative(),
  }),
  holdSource: z.object({ until: z.iso.datetime() }),
  /** The former release says nothing of logins on hold: there were none. */
  getSession: z.object({ session: sealedSession.nullable(), held: heldLogin.nullable().default(null) }),
  acquireRenewal: z.object({ token: z.int().positive().nullable(), held: heldLogin.nullable().default(null) }),
  holdLogin: z.object({ kept: z.boolean() }),
  putSession: z.object({ kept: z.boolean() }),
  releaseRenewal: z.object({ released: z.boolean() }),
  credentialsState: z.object({ isSet: z.boolean(), changedAt: z.iso.datetime().nullable() }),
  noteCredentials: z.object({ changedAt: z.iso.datetime() }),
  /** The former release does not count what a model was asked. */
  readReport: z.object({
    markdown: z.string().nullable(),
    askedToday: z.int().nonnegative().default(0),
    citables: z.array(citableSchema).default([]),
  }),
  keepSummary: z.object({ kept: z.boolean() }),
  refuseSummary: z.object({ kept: z.boolean() }),
  /** The former release gives no use, of which it had one, and neither scope nor binding: it knew no feed tokens. */
  checkKey: z.object({
    ok: z.boolean(),
    keyId: z.string().nullable(),
    use: z.enum(keyUses).default('internal'),
    scope: z.enum(scopes).default('read'),
    /** What a feed token is bound to. */
    feed: z
      .object({ routes: z.array(z.string()), symbols: z.array(z.string()).nullable(), perMinute: z.int().positive() })
      .nullable()
      .default(null),
  }),
  ...proxyResponses,
  ...asOfResponses,
  ...eventResponses,
  ...alertResponses,
} as const;

export type StateResponses = { [Op in keyof typeof stateResponseSchemas]: z.infer<(typeof stateResponseSchemas)[Op]> };
