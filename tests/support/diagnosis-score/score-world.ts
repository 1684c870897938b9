/**
 * Where the diagnosis is scored: all sources ran well, and each case goes on from a copy of that. Answers are those of the
 * simulated sources over HTTP, read by the real parsers, judged and stored by the real stages.
 */
import { type ChromiumBrowser, chromiumBrowser } from '../../../core/adapters/chromium/browser.ts';
import { httpUpstream } from '../../../core/adapters/http/upstream.ts';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { noteBelow } from '../../../core/contracts/http/diagnostics.ts';
import { catalogue } from '../../../core/sources/catalogue.ts';
import { faultSchema } from '../../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../../localstack/upstreams/server.ts';
import { loadSimulators } from '../../../localstack/upstreams/simulator.ts';
import { pipeline, runNow } from '../pipeline.ts';
import { copyOf, startTestDatabase, type TestDatabase } from '../postgres.ts';
import { diagnosisAt } from '../wordless-database.ts';
import type { Planted, ScoreCase } from './cases.ts';

/** `source: rule` of each fault that a report names, or must name. */
export interface Outcome {
  readonly of: ScoreCase;
  readonly expected: readonly string[];
  readonly named: readonly string[];
}

const symbols = ['^DJI', 'AAPL', 'MSFT', 'BTC-USD'];
const loginFaults: ReadonlySet<string> = new Set(['refused', 'second-factor', 'locked', 'terms', 'cookie-wall-login']);

/** Starts it, with everything well. */
export async function startScoreWorld() {
  const simulators = await loadSimulators();
  const upstreams = await startUpstreams({ port: 0 });
  const chromium = chromiumBrowser({ executable: process.env['QUOTRON_CHROMIUM'] });
  const well = await startTestDatabase();
  const stages = (pool: Pool, withBrowser: boolean) =>
    pipeline(pool, {
      sourceUrls: Object.fromEntries([...simulators.keys()].map((id) => [id, upstreams.urlOf(id)])),
      symbols,
      credentials: (id) => JSON.stringify(simulators.get(id)?.credentials ?? {}),
      requestTimeoutMs: 1_000,
      pageTimeoutMs: 1_500,
      faults: () => upstreams.control.list(),
      browser: withBrowser ? chromium : withoutScripts(chromium),
    });
  const pool = well.pool(4);
  await pool.query(
    `INSERT INTO source_credentials (source_id, is_set, changed_at) SELECT unnest($1::text[]), true, now() - interval '2 days'`,
    [[...simulators].flatMap(([id, { credentials }]) => (credentials ? [id] : []))],
  );
  // A first price is provisional; the second one settles it.
  for (let round = 0; round < 2; round++)
    for (const { id, jobs } of catalogue)
      for (const job of jobs) {
        if (round > 0 && job.kind === 'bars') continue;
        await timePasses(pool);
        await stages(pool, id === 'demo-broker').cycle(runNow(job.id, undefined, id));
      }
  const { rows } = await pool.query(`SELECT source_id, status FROM source_health WHERE status <> 'healthy'`);
  if (rows.length > 0) throw new Error(`Not all is well before a fault is on: ${JSON.stringify(rows)}`);
  await pool.end();
  return {
    run: (of: ScoreCase) => runCase(of, { well, upstreams, stages }),
    async stop() {
      await chromium.close();
      await upstreams.stop();
      await well.stop();
    },
  };
}

/** Quotas begin again, pauses that sources asked for are over, and the planner has planned up to now. */
async function timePasses(pool: Pool): Promise<void> {
  await pool.query('UPDATE source_state SET held_until = NULL');
  await pool.query('DELETE FROM permit');
}

async function runCase(
  of: ScoreCase,
  world: {
    well: TestDatabase;
    upstreams: RunningUpstreams;
    stages: (pool: Pool, withBrowser: boolean) => ReturnType<typeof pipeline>;
  },
): Promise<Outcome> {
  const { control } = world.upstreams;
  const database = await copyOf(world.well.url);
  try {
    const pool = database.pool(4);
    const { cycle } = world.stages(
      pool,
      of.planted.some(({ source }) => source === 'demo-broker'),
    );
    const turns = of.inTurn ? of.planted.map((each) => [each]) : [of.planted];
    for (const turn of turns) {
      control.clear();
      for (const { source, fault, of: scope = {} } of turn)
        control.switch(faultSchema.parse({ source, fault, ...scope }));
      if (turn.some(({ fault }) => loginFaults.has(fault)))
        await pool.query(`DELETE FROM auth_session WHERE source_id = 'demo-broker'`);
      for (const { source, job } of turn) {
        await timePasses(pool);
        await cycle(runNow(job, undefined, source));
      }
    }
    await pool.query('DELETE FROM permit');
    await pool.query('UPDATE planner_state SET planned_to = now()');
    const { findings } = await diagnosisAt(pool, Date.now());
    const expected = of.planted.filter(({ rule }) => rule !== '').map(lineOf);
    const named = findings.flatMap(({ rule, sources, effect }) => {
      const line = `${sources.join('+')}: ${rule}`;
      // What stands below the faults, as good to know, is no false alarm.
      return effect >= noteBelow || expected.includes(line) ? [line] : [];
    });
    return { of, expected, named };
  } finally {
    control.clear();
    await database.stop();
  }
}

export const lineOf = ({ source, rule }: Planted): string => `${source}: ${rule}`;

/**
 * A browser that runs no scripts: pages as the server sends them, which is all that a page of SlickCharts is. With it a
 * case takes a tenth of the time; tests/contract/faults-of-pages.test.ts has the same faults in Chromium.
 */
function withoutScripts(chromium: ChromiumBrowser): ChromiumBrowser {
  return {
    ...chromium,
    upstream: (rules) => (call) => httpUpstream({ ...rules, timeoutMs: Math.min(rules.timeoutMs, 1_500) })(call),
    capture: async () => null,
    forget: async () => {},
    rest: async () => {},
  };
}
