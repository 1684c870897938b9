import type { ScrapeMessage } from '../contracts/messages.ts';
import type { PlannedRun, PlannerState, Trial, WatchedSlot } from '../planning/plan.ts';
import type { RepairPlan, WantedRepair } from '../planning/repairs.ts';

/** A source that can be asked for bars by date; `locked` where it needs credentials. */
export interface RepairSource {
  readonly id: string;
  readonly locked: boolean;
}

export interface PlanStore {
  /**
   * Reads the state, lets `decide` plan, and keeps the plan, all in one transaction under one lock: of two planners at
   * once, the second sees what the first planned. A run whose id exists already is left as it is. With a trial the
   * source's breaker becomes half-open.
   *
   * Throws `TickAheadError` where `now` is minutes ahead of the store's own clock. Where an earlier `now` was ahead, what
   * waits for instants of then is moved back first, and the state says by how much it was. A `now` that waited in a queue
   * (`queued`) is late as a rule, so it tells nothing of earlier ones.
   */
  plan(
    now: Date,
    watched: readonly WatchedSlot[],
    decide: (state: PlannerState) => {
      runs: readonly PlannedRun[];
      plannedTo: ReadonlyMap<string, number>;
      trials?: readonly Trial[];
      /** How far apart the slots of jobs are, in seconds, by `source/job`: kept for the API, which calls prices stale by them. */
      periods?: ReadonlyMap<string, number>;
    },
    queued?: boolean,
  ): Promise<void>;
  /**
   * Tasks that were planned and not yet sent, oldest first. Of backfills, so many of a source that no more than
   * `backfill` says are with the workers at once: live tasks must not queue behind them.
   */
  unsent(limit: number, backfill: ReadonlyMap<string, number>): Promise<ScrapeMessage[]>;
  /**
   * Bars that are to be read again become backfills: gives `decide` the wishes that wait and how many chunks were planned for
   * others since midnight, by source, and keeps what it plans. Wishes whose backfill has ended are over. All of it in one
   * transaction under one lock; nothing is planned while the scheduler is stopped, nor for a source that is paused or locked.
   */
  repairs(
    now: Date,
    sources: readonly RepairSource[],
    decide: (wanted: readonly WantedRepair[], chunksToday: ReadonlyMap<string, number>) => RepairPlan,
  ): Promise<void>;
  markSent(tasks: readonly ScrapeMessage[]): Promise<void>;
}
