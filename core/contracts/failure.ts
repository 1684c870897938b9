import * as z from 'zod';
import { type FailureDetail, keptDetailSchema } from './words/failure-details.ts';
import { type RunReason, runReasons } from './words/run-reasons.ts';

/**
 * Why something that was wanted did not come: an answer, a session, a run, the proof of a recovery.
 *
 * `reason` is its kind and decides what is done about it, `detail` says which failure it is, with the figures that rules
 * need, and `message` says the same to people. Nothing but people reads the message.
 */
export interface Failure {
  readonly reason: RunReason;
  readonly detail: FailureDetail;
  /** In our own words only: never a piece of an answer's body. */
  readonly message: string;
}

/** A failure that was stored or sent. One of another release may lack its detail, or have a code that is unknown here. */
export const failureSchema = z.object({
  reason: z.enum(runReasons).catch('unexplained'),
  detail: keptDetailSchema,
  message: z.string(),
});
