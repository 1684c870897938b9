/** How long a recovery waits for what, in seconds. */

/** For the outcome of its canary. */
export const canaryPatienceSeconds = 180;
/** For the proxy's own heartbeat, which comes every five minutes. */
export const heartbeatPatienceSeconds = 420;
/** Added for a second canary. */
export const secondCanaryPatienceSeconds = 120;
/** Added for the run of a fallback. */
export const fallbackPatienceSeconds = 120;
/** The lease of the worker on a recovery: longer than the function may run, so that only a dead worker loses it. */
export const leaseSeconds = 25;
/** A recovery that has not begun after this is abandoned: its service is stopped, or its queue is stuck. */
export const beginsWithinSeconds = 15 * 60;
/** One that began is abandoned so long after its deadline. */
export const abandonedAfterSeconds = 60;
/** How often the proxy's heartbeat is looked for. */
export const heartbeatLookSeconds = 5;
/** The longest delay of a requeued message. */
export const longestWaitSeconds = 60;

/** When to look again at a run that is under way: most end within seconds of their start. */
export function lookAgainSeconds(secondsLeft: number | null): number {
  return (secondsLeft ?? 0) > canaryPatienceSeconds - 20 ? 1 : 5;
}

/** When to look again at a canary; one that waits for its quota or its source is looked at less often. */
export function canaryLookSeconds(secondsLeft: number | null, waitsSeconds: number): number {
  return waitsSeconds > 0 ? Math.min(15, Math.ceil(waitsSeconds)) : lookAgainSeconds(secondsLeft);
}
