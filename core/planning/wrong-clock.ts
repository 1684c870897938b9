/**
 * What is believed of a tick's time. Ticks, Postgres and the workers have clocks of their own, and one of them may have
 * been wrong: a laptop without a battery, a machine that was resumed from a snapshot. All times are milliseconds since the
 * epoch.
 */

/** A tick may be ahead of the database's clock by this much; one that is further ahead is refused. */
export const tickToleranceMs = 5 * 60_000;

/** Clocks that differ by less than this are taken to agree. */
export const clockToleranceMs = 60_000;

/** A tick is ahead of the database's clock. */
export class TickAheadError extends Error {
  override readonly name = 'TickAheadError';
  constructor(aheadMs: number) {
    super(
      `The tick's time is ${Math.round(aheadMs / 1000)} s ahead of the database's clock, so it is refused: what it planned would block the runs until then. Set the clock of the machine that sends it, or of the database.`,
    );
  }
}

/** Throws `TickAheadError` for a tick that the database's clock does not reach for minutes. A late tick is as good as any. */
export function refuseTickAhead(tick: number, clock: number): void {
  if (tick - clock > tickToleranceMs) throw new TickAheadError(tick - clock);
}

/**
 * By how much the planner has planned ahead of a tick because the clock was wrong then; 0 when it was not.
 *
 * A tick that is delivered late or twice comes after what was planned, too. It is told from the first tick of a clock that
 * is right again by the database's clock; and a retry does not come more than five minutes late.
 */
export function plannedAhead(plannedTo: number | null, tick: number, clock: number): number {
  if (plannedTo === null) return 0;
  const ahead = plannedTo - tick;
  if (ahead <= clockToleranceMs) return 0;
  return plannedTo - clock > clockToleranceMs || ahead > tickToleranceMs ? ahead : 0;
}
