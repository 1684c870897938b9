/** How often queries ask again: seldom while events say what has changed. */

/** While events come, asking again is only for what they did not say. */
const followingMs = 60_000;

let following = false;

/** Says whether events come. */
export function setFollowing(now: boolean): void {
  following = now;
}

/** The interval of a query that asks every `ms` without events. Given as a function, it is looked at after each answer. */
export function paced(ms: number): () => number {
  return () => (following ? Math.max(ms, followingMs) : ms);
}
