import { afterEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createPool, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { patientLimits } from '../../core/adapters/postgres/database/time-limits.ts';
import { healthReader } from '../../core/adapters/postgres/sources/health-reader.ts';
import { diagnosisItemSchema, diagnosisViewSchema } from '../../core/contracts/http/diagnostics.ts';
import { healthSchema } from '../../core/contracts/http/health.ts';
import { makeKeys, noon, testApi } from '../support/api-fixture.ts';
import { useWorld } from '../support/use-world.ts';

const world = useWorld({ partitionsAt: new Date(noon), connections: 4, keepRows: true });
const pools: Pool[] = [];
let statements = 0;
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.end()));
});

/** A pool of its own. `delayMs` goes by before each statement, as on a database that is short of everything. */
function poolWith({ lockMs = 60_000, delayMs = 0 }): Pool {
  const pool = createPool({ url: world.databaseUrl }, 1, { ...patientLimits, lock: lockMs });
  pools.push(pool);
  const query = pool.query.bind(pool);
  const delayed = async (...statement: Parameters<typeof query>) => {
    statements += 1;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return query(...statement);
  };
  return Object.assign(pool, { query: delayed });
}

async function healthThrough(pool: Pool) {
  const keys = await makeKeys(world.pool);
  const api = testApi(pool);
  const ask = (path: string, init = {}) => api.ask(path, { key: keys.operate, ...init });
  const answer = await ask('/health', { headers: { accept: 'application/health+json' } });
  return { ask, status: answer.status, health: healthSchema.parse(JSON.parse(await answer.text())) };
}

describe('a database that is slow', () => {
  it('is named by /health and the report as the cause, and no source is', async () => {
    const { ask, status, health } = await healthThrough(poolWith({ delayMs: 2_100 }));
    expect(status).toBe(200);
    expect(health.status).toBe('warn');
    expect(health.checks['database:responseTime']).toMatchObject([{ status: 'warn' }]);
    expect(health.checks['database:lockWait']).toMatchObject([{ status: 'pass' }]);
    expect(health.system?.attention.map(({ id }) => id)).toContain('database:responseTime');

    const before = statements;
    const made = await ask('/diagnostics', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    });
    expect(made.status).toBe(202);
    // API Gateway gives a request 29 seconds: it may be three for each of these.
    expect(statements - before).toBeLessThanOrEqual(9);
    const reports = z.object({ data: z.array(diagnosisItemSchema) });
    const [newest] = reports.parse(await (await ask('/diagnostics?limit=1')).json()).data;
    const report = await ask(`/diagnostics/${newest?.id}`, { headers: { accept: 'application/json' } });
    const { findings } = z.object({ data: diagnosisViewSchema }).parse(await report.json()).data;
    expect(findings[0]).toMatchObject({ rule: 'slow-database', explained: true });
    expect(findings.map(({ rule }) => rule)).not.toContain('no-ticks');
  }, 180_000);

  it('is not seen where it answers at once', async () => {
    const { health } = await healthThrough(poolWith({}));
    expect(health.checks['database:responseTime']).toMatchObject([{ status: 'pass' }]);
  });
});

describe('a lock that a session of the database does not give back', () => {
  /** Holds a table, and has another session wait for it, while `look` runs. */
  async function whileWaiting<Result>(table: string, look: () => Promise<Result>): Promise<Result> {
    const holder = await poolWith({}).connect();
    const waiter = await poolWith({}).connect();
    try {
      await holder.query(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
      const waits = waiter.query(`SELECT FROM ${table} LIMIT 1`);
      const result = await look();
      await holder.query('ROLLBACK');
      await waits;
      return result;
    } finally {
      holder.release(true);
      waiter.release(true);
    }
  }

  it('shows by the time for which statements have waited', async () => {
    const reader = healthReader(world.pool);
    expect((await reader.facts(new Date())).lockWaitMs).toBe(0);
    const waited = await whileWaiting('bar_series', async () => {
      for (;;) {
        const { lockWaitMs } = await reader.facts(new Date());
        if (lockWaitMs > 200) return lockWaitMs;
      }
    });
    expect(waited).toBeGreaterThan(200);
    expect((await reader.facts(new Date())).lockWaitMs).toBe(0);
  });

  it('that keeps /health itself waiting is told from a database that is away', async () => {
    const { status, health } = await whileWaiting('incident', () => healthThrough(poolWith({ lockMs: 200 })));
    expect(status).toBe(503);
    expect(health.status).toBe('fail');
    const [check] = health.checks['database:connection'] ?? [];
    expect(check?.output).not.toContain('cannot be reached');
  });
});
