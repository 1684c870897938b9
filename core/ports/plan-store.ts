import type { ScrapeMessage } from '../contracts/messages.ts';
import type { PlannedRun, PlannerState, Trial, WatchedSlot } from '../planning/plan.ts';

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
    },
    queued?: boolean,
  ): Promise<void>;
  /**
   * Tasks that were planned and not yet sent, oldest first. Of backfills, so many of a source that no more than
   * `backfill` says are with the workers at once: live tasks must not queue behind them.
   */
  unsent(limit: number, backfill: ReadonlyMap<string, number>): Promise<ScrapeMessage[]>;
  markSent(tasks: readonly ScrapeMessage[]): Promise<void>;
}
