/** How many missed slots are made up for. Quotes of an hour ago cannot be asked for: one late run is enough of them. */
export const catchUpLimit = 3;

/**
 * The due times of a job in (planned to, tick], oldest first, at most the newest `catchUpLimit`. Slots lie at whole
 * multiples of the interval since the Unix epoch, whatever ticks came when. A job that was never planned is due once,
 * at its last slot. All in milliseconds since the epoch.
 */
export function dueSlots(job: { everySeconds: number }, plannedTo: number | null, tick: number): number[] {
  const every = job.everySeconds * 1000;
  const last = Math.floor(tick / every) * every;
  if (plannedTo === null) return [last];
  const first = Math.max((Math.floor(plannedTo / every) + 1) * every, last - (catchUpLimit - 1) * every);
  const slots: number[] = [];
  for (let slot = first; slot <= last; slot += every) slots.push(slot);
  return slots;
}

/** When a job is due next after `now`. */
export function nextSlot(job: { everySeconds: number }, now: number): number {
  const every = job.everySeconds * 1000;
  return (Math.floor(now / every) + 1) * every;
}
