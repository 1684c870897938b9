import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { type ChromiumBrowser, chromiumBrowser } from '../../core/adapters/chromium/browser.ts';
import type { Pool } from '../../core/adapters/postgres/database/pool.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { loadSimulators } from '../../localstack/upstreams/simulator.ts';
import { expectInvariant } from './invariant.ts';
import { pipeline } from './pipeline.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from './postgres.ts';

/** One symbol of each kind: an index, a share, a coin. */
const symbols = ['^DJI', 'AAPL', 'MSFT', 'BTC-USD'];
const simulators = await loadSimulators();
const ids = [...simulators.keys()];

/** All sources simulated, a database that is emptied before each test, and recoveries as they are kept. */
export function recoveryWorld(clock?: string) {
  let database: TestDatabase;
  let pool: Pool;
  let upstreams: RunningUpstreams;
  let browser: ChromiumBrowser;

  beforeAll(async () => {
    database = await startTestDatabase();
    pool = database.pool(4);
    upstreams = await startUpstreams({ port: 0, clock });
    browser = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
  });
  afterAll(async () => {
    await browser.close();
    await upstreams.stop();
    await database.stop();
  });
  beforeEach(async () => {
    upstreams.control.clear();
    upstreams.control.requests(true);
    await emptyDatabase(pool);
    await pool.query(`INSERT INTO source_credentials (source_id, is_set) SELECT unnest($1::text[]), true`, [
      ids.filter((id) => simulators.get(id)?.credentials),
    ]);
  });

  type World = ReturnType<typeof pipeline>;
  const all = async (sql: string, values: unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await pool.query<Record<string, unknown>>(sql, values)).rows;
  /** Quotas begin anew, and what a source asked for by `Retry-After` is over. */
  const later = async () => {
    await pool.query('UPDATE source_state SET held_until = NULL');
    await pool.query('DELETE FROM permit');
  };
  const newest = async (sourceId: string) =>
    (await all('SELECT * FROM recovery WHERE source_id = $1 ORDER BY requested_at DESC, id LIMIT 1', [sourceId]))[0];
  /** Asks for a recovery, and drives nothing. Gives its id. */
  const ask = async (of: World, sourceId: string): Promise<string> => {
    const id = randomUUID();
    await of.recoveries.create({ id, sourceId, trigger: 'manual', requestedAt: new Date(), requestedBy: null });
    await of.queue.send('recoveries', [{ recoveryId: id }]);
    return id;
  };
  return {
    pool: () => pool,
    upstreams: () => upstreams,
    world: (differs: Partial<Parameters<typeof pipeline>[1]> = {}): World =>
      pipeline(pool, {
        sourceUrls: Object.fromEntries(ids.map((id) => [id, upstreams.urlOf(id)])),
        credentials: (id) => JSON.stringify(simulators.get(id)?.credentials ?? {}),
        symbols,
        requestTimeoutMs: 250,
        faults: () => upstreams.control.list(),
        pageTimeoutMs: 1_500,
        browser,
        ...differs,
      }),
    all,
    later,
    newest,
    ask,
    fault: (source: string, name: string, on = true) =>
      upstreams.control.switch(faultSchema.parse({ source, fault: name, on })),
    health: async (sourceId: string) =>
      (await all('SELECT status, reason FROM source_health WHERE source_id = $1', [sourceId]))[0],
    openIncidents: (sourceId: string) =>
      all('SELECT reason FROM incident WHERE source_id = $1 AND resolved_at IS NULL', [sourceId]),
    /** Incidents with how often they were seen, and how many samples are kept of them. */
    incidents: (sourceId: string, open = true) =>
      all(
        `SELECT reason, count, jsonb_array_length(evidence) AS samples FROM incident
         WHERE source_id = $1 AND (resolved_at IS NULL) = $2 ORDER BY reason`,
        [sourceId, open],
      ),
    invariant: ({ blobs }: World) => expectInvariant(pool, blobs),
    /** A recovery that a person asks for, driven to its end. */
    async recover(of: World, sourceId: string) {
      await ask(of, sourceId);
      await of.heal(later);
      return newest(sourceId);
    },
  };
}
