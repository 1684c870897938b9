import type { SendOutcome } from '../contracts/alert-deliveries.ts';
import type { ChannelStop, DeliveryError } from '../contracts/words/alerts.ts';

const minute = 60;
const hour = 3_600;

/** Seconds from each attempt to the next, as Standard Webhooks has them: nine attempts in a little over two days. */
export const retryDelays: readonly number[] = [
  5,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
];

/** A receiver may ask for so long a pause. */
const longestPauseSeconds = 24 * hour;
/** After so long without a success nothing is sent to a channel any more. */
const failingForMs = 5 * 24 * hour * 1000;
/** Up to a tenth more, so that many deliveries to one receiver do not come at once again. */
const jitter = 0.1;

export interface Attempt {
  readonly outcome: SendOutcome;
  /** This one included. */
  readonly attempts: number;
  /** Since when all deliveries to the channel have failed. */
  readonly failingSince: Date | null;
  readonly now: Date;
  /** From 0 to 1. */
  readonly random: number;
}

export interface AfterAttempt {
  /** When the next attempt is due; `null` for none: it was delivered or given up. */
  readonly nextAt: Date | null;
  readonly error: DeliveryError | null;
  readonly failingSince: Date | null;
  /** Why nothing is sent to the channel any more. */
  readonly disable: ChannelStop | null;
}

/** What follows from an attempt, for the delivery and for its channel. */
export function afterAttempt({ outcome, attempts, failingSince, now, random }: Attempt): AfterAttempt {
  if (outcome.delivered) return { nextAt: null, error: null, failingSince: null, disable: null };
  const error = outcome.error ?? 'rejected';
  const since = failingSince ?? now;
  const given = { nextAt: null, error, failingSince: since };
  if (error === 'gone' || error === 'unreadable') return { ...given, disable: error };
  if (now.getTime() - since.getTime() >= failingForMs) return { ...given, disable: 'failing' };
  const delay = retryDelays[attempts - 1];
  if (delay === undefined) return { ...given, disable: null };
  const pause = Math.min(outcome.retryAfterSeconds ?? 0, longestPauseSeconds);
  const seconds = Math.max(delay * (1 + jitter * random), pause);
  return { ...given, nextAt: new Date(now.getTime() + Math.ceil(seconds * 1000)), disable: null };
}
