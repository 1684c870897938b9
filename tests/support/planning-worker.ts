/** Plans once, at the time that this process believes: `node planning-worker.ts <database>`. Prints what came of it. */
import { memoryMessageQueue } from '../../core/adapters/memory/message-queue.ts';
import { createPool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresPlanStore } from '../../core/adapters/postgres/work/plan-store.ts';
import { firstList } from '../../core/planning/watch-list.ts';
import { yahoo } from '../../core/sources/yahoo/source.ts';
import { planRuns } from '../../functions/schedule/plan-runs.ts';

const pool = createPool({ url: process.argv[2] ?? '' }, 1);
const now = Date.now();
let aheadMs = 0;
const sources = [{ ...yahoo, jobs: yahoo.jobs.filter(({ id }) => id === 'quotes') }];
const planning = {
  store: postgresPlanStore(pool),
  queue: memoryMessageQueue(),
  sources,
  watched: async () => firstList(sources, ['AAPL']),
  alwaysOpen: true,
  clockWasAhead(ms: number) {
    aheadMs = ms;
  },
};
const { runs } = await planRuns({ time: new Date(now).toISOString() }, planning);
const { rows } = await pool.query('SELECT extract(epoch FROM clock_timestamp())::float8 * 1000 AS clock');
await pool.end();
process.stdout.write(JSON.stringify({ now, clock: rows[0].clock, runs: runs.length, aheadMs }));
