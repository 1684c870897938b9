import { z } from 'zod';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { startTestDatabase } from '../support/postgres.ts';
import { median } from './against/comparison.ts';
import { type Containers, startContainers } from './containers.ts';
import { timeOfDescendants } from './processor-time.ts';
import { makeTick, universe } from './quote-answers.ts';

/** What ingest costs with its events and without them. */
export interface IngestEventsResult {
  readonly quotesPerBlob: number;
  readonly rounds: number;
  readonly rowsPerSecond: number;
  readonly rowsPerSecondWithout: number;
  /** Speed with events by that without: the median of the rounds, the lowest and the highest. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  /** Processor time of a row, in microseconds: of the containers and of Postgres together. */
  readonly micros: number;
  readonly microsWithout: number;
  /** Processor time without events by that with them: the median of the rounds. */
  readonly processorRatio: number;
}

interface Turn {
  readonly seconds: number;
  readonly micros: number;
}

const startsAt = Date.UTC(2026, 10, 20, 14, 30);
/** As the catalogue has it for quotes. */
const quotesPerBlob = 200;

/**
 * Ingest of a tick of the whole universe with events, and of another without them, in turns: blobs as a running service has
 * them, on one database, whose tables grow for both alike. What a message to the relay costs is not in it.
 */
export async function benchIngestEvents(rounds: number): Promise<IngestEventsResult> {
  const database = await startTestDatabase(new Date(startsAt));
  const registering = startContainers(database.url, false);
  const arms = { on: startContainers(database.url), off: startContainers(database.url, false) };
  try {
    const pool = database.pool(1);
    // Its time would be counted for whichever has its turn.
    await pool.query('ALTER SYSTEM SET autovacuum = off');
    await pool.query('SELECT pg_reload_conf()');
    let tick = -4;
    // Symbols are registered once in their life, by a container that then has more in its memory than the others.
    await turn(registering, tick++);
    await registering.stop();
    for (const arm of [arms.on, arms.off, arms.on, arms.off]) await turn(arm, tick++);
    await pool.query('VACUUM ANALYZE');
    const pairs: { readonly on: Turn; readonly off: Turn }[] = [];
    for (let round = 0; round < rounds; round++) {
      await pool.query('TRUNCATE outbox');
      await pool.query('ANALYZE');
      await pool.query('CHECKPOINT');
      const first = round % 2 === 0 ? ('on' as const) : ('off' as const);
      const one = await turn(arms[first], tick++);
      const other = await turn(arms[first === 'on' ? 'off' : 'on'], tick++);
      pairs.push(first === 'on' ? { on: one, off: other } : { on: other, off: one });
      await requireEvents(pool, universe);
    }
    const ratios = pairs.map(({ on, off }) => off.seconds / on.seconds);
    const rowsPerSecond = (each: readonly Turn[]) => Math.round(universe / median(each.map(({ seconds }) => seconds)));
    const [on, off] = [pairs.map((pair) => pair.on), pairs.map((pair) => pair.off)];
    const micros = (each: readonly Turn[]) => median(each.map((spent) => spent.micros)) / universe;
    return {
      ...{ quotesPerBlob, rounds, rowsPerSecond: rowsPerSecond(on), rowsPerSecondWithout: rowsPerSecond(off) },
      ...{ ratio: median(ratios), lowest: Math.min(...ratios), highest: Math.max(...ratios) },
      ...{ micros: micros(on), microsWithout: micros(off) },
      processorRatio: median(pairs.map((pair) => pair.off.micros / pair.on.micros)),
    };
  } finally {
    await arms.on.stop();
    await arms.off.stop();
    await database.stop();
  }
}

async function turn(arm: Containers, number: number): Promise<Turn> {
  const { messages, blobs } = await makeTick(number, startsAt, quotesPerBlob);
  const before = timeOfDescendants(process.pid);
  const seconds = await arm.ingest(
    messages.flatMap((message, at) => (blobs[at] ? [{ message, blob: blobs[at] }] : [])),
  );
  return { seconds, micros: timeOfDescendants(process.pid) - before };
}

const countRow = z.object({ rows: z.coerce.number() });

/** Throws where the outbox has not exactly the quotes of one tick: then both have written events, or neither. */
async function requireEvents(pool: Pool, quotes: number): Promise<void> {
  const found = await pool.query(
    `SELECT coalesce(sum(json_array_length(data->'columns'->'listingId')), 0) AS rows FROM outbox WHERE type = 'quotes.stored'`,
  );
  const { rows } = countRow.parse(found.rows[0]);
  if (rows !== quotes) throw new Error(`Events hold ${rows} new quotes, not ${quotes}: the figure would mean nothing.`);
}
