/** What all that is played with a clock begins with: the clock, and a watch list. */
import type { OpenWorld } from './world.ts';

export type PlayedClock = ReturnType<typeof playedClock>;

/** A clock that the use cases, the database and the queues have in common. */
export function playedClock(world: OpenWorld, begin: number) {
  let clock = begin;
  return {
    now: () => clock,
    async set(to: number): Promise<void> {
      clock = to;
      world.setClock(new Date(to));
      await world.database.query('SELECT 1');
    },
  };
}

/** Puts these symbols of Yahoo into the watch list, and nothing else. */
export async function watchOnly(world: OpenWorld, symbols: readonly string[]): Promise<void> {
  await world.database.query('DELETE FROM watch');
  await world.database.query(
    `INSERT INTO watch (symbol, source_id, source_symbol, added_at) SELECT s, 'yahoo', s, now() FROM unnest($1::text[]) s`,
    [symbols],
  );
}
