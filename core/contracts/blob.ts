import * as z from 'zod';
import { jobKinds } from './words/job-kinds.ts';
import { pageSelectors } from './words/page-selectors.ts';

/** Why there is no whole answer. With `truncated` and `corrupt_body` the response has what came of it. */
export const exchangeErrors = [
  'timeout',
  'connection',
  'truncated',
  'corrupt_body',
  'refused',
  'too_large',
  'no_browser',
  'no_room',
  'browser_failed',
] as const;

/**
 * Errors that the former release does not know, and what it takes them for: it reads blobs while it is replaced, and after a
 * rollback. The next release may write them as they are.
 */
export const formerErrors: ReadonlyMap<(typeof exchangeErrors)[number], (typeof exchangeErrors)[number]> = new Map([
  ['truncated', 'connection'],
  ['corrupt_body', 'connection'],
  ['no_room', 'no_browser'],
  ['browser_failed', 'no_browser'],
]);

/** One request and its answer, as kept in a raw blob. Credentials are masked before it is made. */
export const exchangeSchema = z.object({
  request: z.object({
    method: z.string(),
    /** With secrets in the query masked. */
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    /** The symbols this request asked for, in the source's namespace. */
    symbols: z.array(z.string()),
    /** For pages: the selectors to parse it with; the main ones by default. */
    selectors: z.enum(pageSelectors).optional(),
  }),
  /** `null` when there was no answer, and a part of one when it was interrupted; `error` says why. */
  response: z
    .object({
      status: z.int(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      /** The body was longer than the cap and is cut. */
      truncated: z.boolean(),
    })
    .nullable(),
  error: z
    .object({
      // One that only a later release knows is a broken connection.
      code: z.enum(exchangeErrors).catch('connection'),
      /** Where `code` is what a former release takes it for. */
      exact: z.enum(exchangeErrors).optional().catch(undefined),
      message: z.string(),
      /** Where it was asked, without keys, when a setting says where. */
      address: z.string().optional(),
    })
    .transform(({ code, exact = code, message, address }) => ({
      code: exact,
      message,
      ...(address !== undefined && { address }),
    }))
    .nullable(),
  /** When the answer was complete or abandoned. */
  fetchedAt: z.iso.datetime(),
  latencyMs: z.number().nonnegative(),
});
export type Exchange = z.infer<typeof exchangeSchema>;

/** A raw blob: all requests and answers of one attempt, unparsed. Stored as gzip JSON. */
export const blobEnvelopeSchema = z.object({
  version: z.literal(1),
  runId: z.uuid(),
  part: z.int().nonnegative(),
  attempt: z.int().positive(),
  sourceId: z.string(),
  job: z.string(),
  kind: z.enum(jobKinds),
  createdAt: z.iso.datetime(),
  exchanges: z.array(exchangeSchema),
});
export type BlobEnvelope = z.infer<typeof blobEnvelopeSchema>;
