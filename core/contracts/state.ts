import * as z from 'zod';
import { scopes } from './reasons.ts';

/**
 * What functions outside the VPC may ask of the `state` function: leases, permits, sessions, key checks. One request,
 * one answer; `op` names the pair.
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
  z.object({ op: z.literal('checkKey'), key: z.string().max(200), scope: z.enum(scopes) }),
]);
export type StateRequest = z.infer<typeof stateRequestSchema>;

const permit = z.object({ id: z.uuid(), notBefore: z.iso.datetime(), expiresAt: z.iso.datetime() });
export type Permit = z.infer<typeof permit>;

const refusal = z.enum(['minute_quota', 'day_quota', 'not_yet', 'expired', 'used', 'unknown']);

/** The answers, by `op`. */
export const stateResponseSchemas = {
  beginAttempt: z.discriminatedUnion('go', [
    z.object({ go: z.literal(true), attempt: z.int().positive(), permits: z.array(permit) }),
    z.object({
      go: z.literal(false),
      /**
       * `finished`: the task has its outcome. `leased`: another worker has it. `stopped`: a person stopped the
       * scrapers. `quota_*`: no permit to be had now, or today.
       */
      why: z.enum(['finished', 'leased', 'stopped', 'quota_minute', 'quota_day', 'unknown_task']),
      attempt: z.int().nonnegative(),
      retryAfterSeconds: z.number().nonnegative(),
    }),
  ]),
  usePermit: z.object({ ok: z.boolean(), why: refusal.nullable() }),
  reservePermits: z.object({ permits: z.array(permit), why: refusal.nullable() }),
  getSession: z.object({ session: z.object({ sealed: z.string(), expiresAt: z.iso.datetime() }).nullable() }),
  acquireRenewal: z.object({ token: z.int().positive().nullable() }),
  putSession: z.object({ kept: z.boolean() }),
  releaseRenewal: z.object({ released: z.boolean() }),
  checkKey: z.object({ ok: z.boolean(), keyId: z.string().nullable() }),
} as const;

export type StateResponses = { [Op in keyof typeof stateResponseSchemas]: z.infer<(typeof stateResponseSchemas)[Op]> };
