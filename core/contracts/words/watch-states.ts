/**
 * How it stands with a watched symbol at a source: it has not answered yet, it has a row of it, it has others and not this
 * one, it takes no requests now, or the first fetch has failed and the next round tries again.
 */
export const watchStates = ['waiting', 'collected', 'unknown', 'on_hold', 'failed'] as const;
export type WatchState = (typeof watchStates)[number];

/** Why a source takes no requests now. */
export const watchHolds = [
  'paused',
  'credentials_missing',
  'login_on_hold',
  'breaker_open',
  'asked_to_wait',
  'day_used',
] as const;
export type WatchHold = (typeof watchHolds)[number];
