import type { RunReason } from './words/run-reasons.ts';

/** Why an answer as a whole is not one. */
export interface Failure {
  readonly reason: RunReason;
  /** Of our own words only: never a piece of the body. */
  readonly message: string;
}
