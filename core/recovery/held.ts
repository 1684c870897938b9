/** How long a verified source must stay well for its recovery to have held. */
export const holdsAfterMs = 3600_000;

/**
 * Whether a verified recovery held: no incident of the source was opened within the hour after it. `null` while that is
 * not known. Milliseconds since the epoch.
 */
export function heldFor(verifiedAt: number, incidentsOpenedAt: readonly number[], now: number): boolean | null {
  if (incidentsOpenedAt.some((at) => at > verifiedAt && at <= verifiedAt + holdsAfterMs)) return false;
  return now >= verifiedAt + holdsAfterMs ? true : null;
}
