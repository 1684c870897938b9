import { expect, it } from 'vitest';
import { fill } from '../bench/growth/fill.ts';
import { growsWithoutGivingMore, measureRoutes } from '../bench/growth/measure.ts';
import { startTestDatabase } from '../support/postgres.ts';

/** Rows or pages: less than a look at each listing, more than the plans of a small and of a grown table differ in. */
const much = 1_000;

async function costsOf(listings: number, runDays: number) {
  const database = await startTestDatabase();
  try {
    const pool = database.pool(1);
    const client = await pool.connect();
    // The fill sets what the connection has for good.
    await fill(client, { name: '', listings, quotes: 4 * listings, runDays, barDays: 20 }, () => undefined);
    client.release(true);
    return await measureRoutes(pool);
  } finally {
    await database.stop();
  }
}

it('no route reads more than twice as much of ten times the data, unless it gives more', async () => {
  const small = await costsOf(400, 1);
  const large = await costsOf(4_000, 10);
  const grown = small.flatMap((first, at) => {
    const second = large[at];
    const isMuch = second !== undefined && Math.max(second.rows, second.buffers) > much;
    return isMuch && growsWithoutGivingMore(first, second)
      ? [`${first.path}: ${first.rows} rows ${first.buffers} pages, then ${second.rows} and ${second.buffers}`]
      : [];
  });
  expect(grown).toEqual([]);
}, 600_000);
