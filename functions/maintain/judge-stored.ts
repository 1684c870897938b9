import type { StoredDaysStore } from '../../core/ports/stored-days.ts';
import { judgeAgain, judgedAgainDays, readAgainDays } from '../../core/prices/judge-again.ts';

const dayMs = 86_400_000;

/** Series that are read at once. */
const batch = 20;

/** Bounds of one run. The next goes on where this one ends. */
export interface JudgeLimits {
  readonly series: number;
  readonly ms: number;
}

/** A night's share: tens of thousands of series come round in a few nights. */
export const nightly: JudgeLimits = { series: 10_000, ms: 90_000 };

/**
 * Runs the rules again on the last 60 days of all series, from where the last run ended. Gives how many series it judged,
 * and whether it came to the end.
 */
export async function judgeStored(
  store: StoredDaysStore,
  now: number,
  limits: JudgeLimits = nightly,
): Promise<{ series: number; done: boolean }> {
  const startedAt = performance.now();
  const day = (ago: number) => new Date(now - ago * dayMs).toISOString().slice(0, 10);
  const [from, readFrom] = [day(judgedAgainDays), day(readAgainDays)];
  let after = await store.place();
  let series = 0;
  while (series < limits.series && performance.now() - startedAt < limits.ms) {
    const found = await store.next({ after, from, readFrom, limit: Math.min(batch, limits.series - series) });
    for (const stored of found) {
      const judged = judgeAgain(stored, from);
      if (judged) await store.keep(stored.sourceId, judged);
      after = { listingId: stored.listing.id, sourceId: stored.sourceId };
    }
    series += found.length;
    if (found.length === 0) {
      await store.setPlace(null);
      return { series, done: true };
    }
    await store.setPlace(after);
  }
  return { series, done: false };
}
