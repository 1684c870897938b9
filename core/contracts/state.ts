import * as z from 'zod';
import { proxyRequests, proxyResponses } from './proxy.ts';
import { scopes } from './words/access.ts';
import { pageSelectors } from './words/page-selectors.ts';

/**
 * What functions outside the VPC may ask of the `state` function: leases, permits, sessions, key checks, and
 * the cache that the containers of the Yahoo proxy share. One request, one answer; `op` names the pair.
 */
export const stateRequestSchema = z.discriminatedUnion('op', [
  /** Take a task: its lease, an attempt number (the fencing token) and permits for its requests. */
  z.object({
    op: z.literal('beginAttempt'),
    runId: z.uuid(),
    part: z.int().nonnegative(),
    worker: z.string().min(1).max(200),
    requests: z.int().positive().max(500),
  }),
  /** The source wants to be left alone: no request of it before so many seconds have passed. */
  z.object({ op: z.literal('holdSource'), sourceId: z.string(), seconds: z.number().positive().max(86_400) }),
  /** Mark a permit used. Must be asked before the call it is for. */
  z.object({ op: z.literal('usePermit'), permitId: z.uuid() }),
  z.object({
    op: z.literal('reservePermits'),
    sourceId: z.string(),
    count: z.int().positive().max(500),
    purpose: z.enum(['task', 'login', 'canary', 'backfill', 'proxy']),
  }),
  z.object({ op: z.literal('getSession'), sourceId: z.string() }),
  /** The right to renew a source's session: one holder at a time. */
  z.object({ op: z.literal('acquireRenewal'), sourceId: z.string(), ttlSeconds: z.int().positive().max(900) }),
  /** Keep a renewed session. Refused when the token is no longer the holder's. */
  z.object({
    op: z.literal('putSession'),
    sourceId: z.string(),
    token: z.int().positive(),
    sealed: z.string().max(100_000),
    expiresAt: z.iso.datetime(),
  }),
  /** Give the right back after a renewal that failed, so that the next worker meets the source's own answer. */
  z.object({ op: z.literal('releaseRenewal'), sourceId: z.string(), token: z.int().positive() }),
  /** Whether a person has set the credentials of a source, and since when. */
  z.object({ op: z.literal('credentialsState'), sourceId: z.string() }),
  /** Note that credentials were set or taken away. Sessions made with the former ones are dropped, renewals under way lose their right. */
  z.object({ op: z.literal('noteCredentials'), sourceId: z.string(), isSet: z.boolean(), keyId: z.uuid().nullable() }),
  /** A report that waits for its summary, and the summary that a model wrote of it: the first one stays. */
  z.object({ op: z.literal('readReport'), diagnosisId: z.uuid() }),
  z.object({
    op: z.literal('keepSummary'),
    diagnosisId: z.uuid(),
    model: z.string().min(1).max(200),
    text: z.string().min(1).max(4_000),
  }),
  z.object({ op: z.literal('checkKey'), key: z.string().max(200), scope: z.enum(scopes) }),
  ...proxyRequests,
]);
export type StateRequest = z.infer<typeof stateRequestSchema>;

const permit = z.object({ id: z.uuid(), notBefore: z.iso.datetime(), expiresAt: z.iso.datetime() });
export type Permit = z.infer<typeof permit>;

const refusal = z.enum(['minute_quota', 'day_quota', 'not_yet', 'expired', 'used', 'unknown', 'held']);

/** The answers, by `op`. */
export const stateResponseSchemas = {
  beginAttempt: z.discriminatedUnion('go', [
    z.object({
      go: z.literal(true),
      attempt: z.int().positive(),
      permits: z.array(permit),
      /** For pages: by which selectors they are read at the moment. */
      selectors: z.enum(pageSelectors).optional(),
    }),
    z.object({
      go: z.literal(false),
      /**
       * `finished`: the task has its outcome. `leased`: another worker has it. `stopped`: a person stopped the
       * scrapers. `quota_*`: no permit to be had now, or today. `held`: the source wants to be left alone for a while.
       * `postponed`: a chunk of a backfill that the planner sends again when it is its turn.
       */
      why: z.enum(['finished', 'leased', 'stopped', 'quota_minute', 'quota_day', 'held', 'postponed', 'unknown_task']),
      attempt: z.int().nonnegative(),
      retryAfterSeconds: z.number().nonnegative(),
    }),
  ]),
  usePermit: z.object({ ok: z.boolean(), why: refusal.nullable(), retryAfterSeconds: z.number().nonnegative() }),
  holdSource: z.object({ until: z.iso.datetime() }),
  reservePermits: z.object({
    permits: z.array(permit),
    why: refusal.nullable(),
    /** Why there is none: in how many seconds to ask again. 0 with permits. */
    retryAfterSeconds: z.number().nonnegative(),
  }),
  getSession: z.object({ session: z.object({ sealed: z.string(), expiresAt: z.iso.datetime() }).nullable() }),
  acquireRenewal: z.object({ token: z.int().positive().nullable() }),
  putSession: z.object({ kept: z.boolean() }),
  releaseRenewal: z.object({ released: z.boolean() }),
  credentialsState: z.object({ isSet: z.boolean(), changedAt: z.iso.datetime().nullable() }),
  noteCredentials: z.object({ changedAt: z.iso.datetime() }),
  readReport: z.object({ markdown: z.string().nullable() }),
  keepSummary: z.object({ kept: z.boolean() }),
  checkKey: z.object({ ok: z.boolean(), keyId: z.string().nullable() }),
  ...proxyResponses,
} as const;

export type StateResponses = { [Op in keyof typeof stateResponseSchemas]: z.infer<(typeof stateResponseSchemas)[Op]> };
