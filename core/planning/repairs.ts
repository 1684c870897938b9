/**
 * Which stored bars are read again, and when: what ingest found stale, missing or wrong becomes chunks of backfills, whose
 * share of the quota is theirs. A day has a limit, and so have the tries of one series: a source that keeps telling the
 * same is believed in the end.
 */
import type { BarRange } from '../contracts/messages.ts';
import { runIdOf } from '../contracts/run-id.ts';
import type { RepairReason } from '../contracts/words/repair-reasons.ts';
import type { BarInterval } from '../market/bar.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { chunksOf } from './backfill-chunks.ts';

/** How many series a tick turns into chunks, at most. */
export const repairsPerTick = 20;

/** The share of a source's day that chunks of repairs may take. */
const dayShare = 0.1;

/** After so many readings of the same range nobody asks for it again, until `repairMemoryDays` have passed. */
export const repairTries = 3;

/** After so many readings of a series for one reason, whatever their ranges, the same. */
export const repairTriesOfSeries = 12;

/** Days between a reading and the next, times the tries so far squared: 1, 4 and 9. */
export const repairPauseDays = 1;

/** Days for which a wish, or what was read for one, is remembered. */
export const repairMemoryDays = 90;

/** Days before what is missing or wrong is asked for: the jobs of a source read the newest bars again by themselves. */
export const repairWaitDays = 1;

/** Bars of a series that are to be read again. */
export interface WantedRepair {
  readonly listingId: number;
  readonly sourceId: string;
  readonly interval: BarInterval;
  readonly why: RepairReason;
  /** Days, both included. */
  readonly from: string;
  readonly to: string;
  /** Canonical, and in the source's namespace; `null` where the listing has no such name any more. */
  readonly canonical: string | null;
  readonly symbol: string | null;
  /** Milliseconds since the epoch. */
  readonly wantedAt: number;
}

/** A backfill that reads a series again. */
export interface PlannedRepair {
  readonly wanted: WantedRepair;
  readonly id: string;
  readonly job: string;
  readonly slot: string;
  readonly symbols: readonly string[];
  readonly chunks: readonly { readonly symbol: string; readonly range: BarRange }[];
}

export interface RepairPlan {
  readonly planned: readonly PlannedRepair[];
  /** What no job can read by date. */
  readonly impossible: readonly WantedRepair[];
}

/**
 * What becomes of wishes, oldest first. `chunksToday` are those of repairs that were planned for a source since midnight.
 */
export function planRepairs(
  wanted: readonly WantedRepair[],
  sources: readonly Pick<SourceDefinition, 'id' | 'jobs' | 'quota'>[],
  chunksToday: ReadonlyMap<string, number>,
): RepairPlan {
  const planned: PlannedRepair[] = [];
  const impossible: WantedRepair[] = [];
  const used = new Map(chunksToday);
  for (const each of wanted) {
    const source = sources.find((one) => one.id === each.sourceId);
    const job = source?.jobs.find(({ backfillDays }) => backfillDays?.[each.interval] !== undefined);
    const days = job?.backfillDays?.[each.interval];
    if (!source || !job || days === undefined || each.symbol === null || each.canonical === null) {
      impossible.push(each);
      continue;
    }
    const chunks = chunksOf([each.symbol], { from: each.from, to: each.to, interval: each.interval }, days);
    const soFar = used.get(source.id) ?? 0;
    const most = Math.max(1, Math.floor(source.quota.perDay * dayShare));
    // One that alone is more than a day's share begins with the day.
    if (chunks.length === 0 || (soFar > 0 && soFar + chunks.length > most)) continue;
    used.set(source.id, soFar + chunks.length);
    const slot = `repair/${each.listingId}/${each.interval}/${each.why}/${each.wantedAt}`;
    const id = runIdOf({ sourceId: source.id, job: job.id, trigger: 'backfill', slot });
    planned.push({ wanted: each, id, job: job.id, slot, symbols: [each.canonical], chunks });
  }
  return { planned, impossible };
}
