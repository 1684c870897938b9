/** The longest and the shortest pause before a held message is tried again, in seconds. */
const longestPause = 60;
const shortestPause = 15;

/**
 * How long trouble with the database may hold a message. After it the message is failed like any other: what is taken
 * for trouble of the database and is not must not go round for ever.
 */
export const longestHoldMs = 6 * 3_600_000;

/**
 * After how many seconds a message is tried again that has been held for `heldMs`, because the database was away each
 * time; `null` when it was held long enough. Short at first, so that a restart costs little, and never so long that
 * prices are late by more than a minute once the database is back.
 *
 * One that was not tried itself, but came with one that failed, waits half as long: if it was that one's own work that took
 * the database too long, they do not come together again.
 */
export function pauseOfHeld(heldMs: number, isTried: boolean): number | null {
  if (heldMs >= longestHoldMs) return null;
  const pause = Math.min(longestPause, Math.max(shortestPause, Math.ceil(heldMs / 1_000)));
  return isTried ? pause : Math.ceil(pause / 2);
}
