import * as z from 'zod';
import { runReasons } from './words/run-reasons.ts';

/** What the Yahoo proxy asks its upstream for. A quote is per symbol, whatever the client put into one request. */
export const questionSchema = z.object({
  /** The name of a route of the proxy's table. */
  route: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/),
  /** Equal keys are equal answers. */
  key: z.string().min(1).max(300),
  /** Yahoo's path, symbol and all. For quotes without the symbol. */
  path: z.string().max(2_000),
  /** Only parameters that the proxy knows. For quotes without `symbols`. */
  query: z.record(z.string(), z.string().max(20_500)),
  /** What a POST sends: JSON. Requests that the former release handed over have none. */
  body: z.string().max(64_000).nullable().default(null),
  /** The one symbol that it is about; `null` where there is none, or several. */
  symbol: z.string().max(40).nullable(),
  /** For charts: the range ends in the past, so new prices do not change the answer. */
  past: z.boolean(),
});
export type Question = z.infer<typeof questionSchema>;

/** Answers that are refreshed in one invocation. */
export const mostRefreshes = 200;

/**
 * How the proxy invokes itself to refresh answers after it served stale ones: on Lambda nothing runs after an answer.
 */
export const refreshEventSchema = z.object({
  refresh: z
    .array(z.object({ question: questionSchema, token: z.int().nonnegative() }))
    .min(1)
    .max(mostRefreshes),
});
export type RefreshEvent = z.infer<typeof refreshEventSchema>;

const seconds = z
  .int()
  .nonnegative()
  .max(30 * 86_400);

/** An answer in the cache that containers share. */
export const sharedAnswerSchema = z.object({
  status: z.int().min(200).max(599),
  /** base64 of the gzip of the body. */
  body: z.base64().max(3_000_000),
  fetchedAt: z.iso.datetime(),
  freshSeconds: seconds,
  /** How much longer it may be served while it is refreshed. */
  reuseSeconds: seconds,
  /** How long after `fetchedAt` it may be served while the upstream fails. */
  keepSeconds: seconds,
});
export type SharedAnswer = z.infer<typeof sharedAnswerSchema>;

const key = z.string().min(1).max(300);

/** Answers of the record in one request. */
export const mostRecorded = 100;

/** Of a question's key, and whether a simulator stood in for the upstream. */
const recordKey = z.string().min(1).max(320);

const recordedSchema = z.object({
  key: recordKey,
  status: z.int().min(200).max(599),
  blob: z.string().min(1).max(200),
  keepSeconds: seconds,
});

/** The cache's part of `stateRequestSchema`. */
export const proxyRequests = [
  /**
   * Looks answers up, and takes the lease on those that are not fresh: its holder calls the upstream, all others wait
   * or serve a stale answer. With `leaseSeconds` 0 nothing is leased.
   */
  z.object({
    op: z.literal('cacheTake'),
    sourceId: z.string(),
    keys: z.array(key).min(1).max(100),
    leaseSeconds: z.int().nonnegative().max(60),
  }),
  /** Stores answers under leases that are still held. Ends a pause: the upstream works. */
  z.object({
    op: z.literal('cachePut'),
    sourceId: z.string(),
    answers: z
      .array(z.object({ key, token: z.int().nonnegative(), answer: sharedAnswerSchema }))
      .min(1)
      .max(100),
  }),
  /** The upstream failed: no container tries these keys for `holdSeconds`, nor any call for `pauseSeconds`. */
  z.object({
    op: z.literal('cacheFail'),
    sourceId: z.string(),
    leases: z.array(z.object({ key, token: z.int().nonnegative() })).max(100),
    reason: z.enum(runReasons),
    holdSeconds: z.int().nonnegative().max(60),
    pauseSeconds: z.int().nonnegative().max(86_400),
  }),
  /** Notes that the upstream gave these answers, whose blobs are stored. Unchanged ones are noted now and then only. */
  z.object({
    op: z.literal('recordAnswers'),
    answers: z
      .array(
        recordedSchema.extend({
          fetchedAt: z.iso.datetime(),
          /** What the body is, wherever it is: its month and hash. The former release names blobs by it. */
          content: z.string().min(1).max(100).optional(),
        }),
      )
      .min(1)
      .max(mostRecorded),
  }),
  /** The last answers that were noted for keys until an instant. */
  z.object({
    op: z.literal('recordedAnswers'),
    keys: z.array(recordKey).min(1).max(mostRecorded),
    at: z.iso.datetime(),
  }),
  /** Deletes expired answers and, beyond `maxBytes` of bodies, those that expire next. */
  z.object({ op: z.literal('cacheSweep'), maxBytes: z.int().positive() }),
] as const;

/** The answers, by `op`. */
export const proxyResponses = {
  cacheTake: z.object({
    /** The upstream is not to be called now: a breaker is open, it said when to come back, or a person stopped the proxy. */
    pause: z.object({ until: z.iso.datetime(), reason: z.enum([...runReasons, 'stopped']) }).nullable(),
    entries: z.array(
      z.object({
        key,
        answer: sharedAnswerSchema.nullable(),
        /** Set for the caller that may call the upstream. */
        token: z.int().positive().nullable(),
        /** Another container's try failed a moment ago. */
        failure: z.enum(runReasons).nullable(),
      }),
    ),
  }),
  cachePut: z.object({ kept: z.int().nonnegative() }),
  cacheFail: z.object({ released: z.int().nonnegative() }),
  recordAnswers: z.object({ added: z.int().nonnegative() }),
  recordedAnswers: z.object({
    answers: z.array(recordedSchema.extend({ from: z.iso.datetime(), to: z.iso.datetime() })),
  }),
  cacheSweep: z.object({ removed: z.int().nonnegative(), bytes: z.int().nonnegative() }),
} as const;
