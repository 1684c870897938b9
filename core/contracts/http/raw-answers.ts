import * as z from 'zod';
import { exchangeErrors } from '../blob.ts';

/** One request of a run with its answer, as it lies in a raw blob. Text is of a source: data of unknown origin. */
export const rawAnswerSchema = z
  .object({
    /** Its place among the answers of the run, from 0: by part, attempt and order. */
    n: z.int().nonnegative(),
    part: z.int(),
    attempt: z.int(),
    method: z.string(),
    /** With secrets in the query masked. */
    url: z.string(),
    symbols: z.array(z.string()),
    /** `null` where no answer came; `error` says why. */
    status: z.int().nullable(),
    contentType: z.string().nullable(),
    /** Of the body that is kept. */
    bytes: z.int(),
    /** The body was longer than a blob takes, and was cut when it was kept. */
    truncated: z.boolean(),
    error: z.enum(exchangeErrors).nullable(),
    fetchedAt: z.iso.datetime(),
    latencyMs: z.number(),
    blobKey: z.string(),
  })
  .meta({ id: 'RawAnswer' });
export type RawAnswerView = z.infer<typeof rawAnswerSchema>;

/** So much of a body is shown, in bytes. */
export const shownBodyBytes = 1024 * 1024;

/** The whole length of the body that an answer shows a part of, in bytes. */
export const bodyBytesHeader = 'x-quotron-body-bytes';
