import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../core/adapters/postgres/pool.ts';
import { postgresState } from '../../core/adapters/postgres/state.ts';
import type { HealthStatus, RunReason } from '../../core/contracts/reasons.ts';
import { catalogue } from '../../core/sources/catalogue.ts';
import { simulatedKey } from '../../localstack/upstreams/alpha-vantage/alpha-vantage.ts';
import { faultSchema } from '../../localstack/upstreams/control.ts';
import { type RunningUpstreams, startUpstreams } from '../../localstack/upstreams/server.ts';
import { pipeline, runNow } from '../pipeline.ts';
import { emptyDatabase, startTestDatabase, type TestDatabase } from '../postgres.ts';

/** docs/health.md, "Each fault": what two cycles with it make of a source that was well. */

let database: TestDatabase;
let pool: Pool;
let upstreams: RunningUpstreams;
let key: string;

beforeAll(async () => {
  database = await startTestDatabase();
  pool = database.pool(4);
  upstreams = await startUpstreams({ port: 0 });
});
afterAll(async () => {
  await upstreams.stop();
  await database.stop();
});
beforeEach(async () => {
  upstreams.control.clear();
  key = JSON.stringify({ apiKey: simulatedKey });
  await emptyDatabase(pool);
  await postgresState(pool).ask({ op: 'noteCredentials', sourceId: 'alpha-vantage', isSet: true, keyId: null });
});

type SourceId = 'yahoo' | 'alpha-vantage' | 'coingecko';
const symbolsOf = {
  yahoo: ['AAPL', 'MSFT', 'VOD.L', 'BTC-USD'],
  'alpha-vantage': ['MSFT'],
  coingecko: ['BTC-USD', 'ETH-USD'],
};

function world(sourceId: SourceId) {
  const made = pipeline(pool, {
    sourceUrls: Object.fromEntries(catalogue.map(({ id }) => [id, id === sourceId ? upstreams.urlOf(sourceId) : ''])),
    symbols: symbolsOf[sourceId],
    requestTimeoutMs: 400,
    faults: () => upstreams.control.list(),
    credentials: () => key,
  });
  return {
    ...made,
    async cycles(count: number, job = 'quotes') {
      for (let cycle = 0; cycle < count; cycle += 1) {
        await made.cycle(runNow(job, undefined, sourceId));
        await later();
      }
    },
  };
}

/** As if the source's wish to be left alone, and the minute of its quota, were over. */
const later = () =>
  pool.query(
    `WITH held AS (UPDATE source_state SET held_until = NULL) UPDATE permit SET used_at = used_at - interval '2 minutes', not_before = not_before - interval '2 minutes' WHERE used_at IS NOT NULL`,
  );
const switchFault = (fault: Record<string, unknown>) => upstreams.control.switch(faultSchema.parse(fault));
const all = async (sql: string) => (await pool.query(sql)).rows;
const health = async () =>
  (await all('SELECT status, reason, score, success, freshness, accepted FROM source_health'))[0];
const incidents = (open = true) =>
  all(
    `SELECT reason, count, jsonb_array_length(evidence) AS samples FROM incident WHERE (resolved_at IS NULL) = ${open} ORDER BY reason`,
  );

interface Case {
  readonly source: SourceId;
  readonly fault: Record<string, unknown> & { readonly fault: string };
  readonly status: HealthStatus;
  /** And of the one incident, unless there is none. */
  readonly reason: RunReason | null;
}

const cases: Case[] = [
  { source: 'yahoo', fault: { fault: '429' }, status: 'limited', reason: 'rate_limited' },
  { source: 'yahoo', fault: { fault: '403' }, status: 'failed', reason: 'blocked' },
  { source: 'yahoo', fault: { fault: '500' }, status: 'failed', reason: 'down' },
  { source: 'yahoo', fault: { fault: 'slow', delayMs: 50 }, status: 'healthy', reason: null },
  { source: 'yahoo', fault: { fault: 'slow', delayMs: 2_000 }, status: 'failed', reason: 'timeout' },
  { source: 'yahoo', fault: { fault: 'hang' }, status: 'failed', reason: 'timeout' },
  { source: 'yahoo', fault: { fault: 'malformed' }, status: 'failed', reason: 'schema_drift' },
  { source: 'yahoo', fault: { fault: 'drift' }, status: 'failed', reason: 'schema_drift' },
  { source: 'yahoo', fault: { fault: 'drift', symbol: 'MSFT' }, status: 'degraded', reason: 'schema_drift' },
  { source: 'yahoo', fault: { fault: 'expired' }, status: 'failed', reason: 'auth_expired' },
  { source: 'yahoo', fault: { fault: 'consent' }, status: 'healthy', reason: null },
  { source: 'yahoo', fault: { fault: 'unit' }, status: 'failed', reason: 'schema_drift' },
  { source: 'yahoo', fault: { fault: 'stale' }, status: 'failed', reason: 'stale' },
  { source: 'yahoo', fault: { fault: 'echo' }, status: 'failed', reason: 'down' },
  { source: 'alpha-vantage', fault: { fault: 'throttle', wording: 2 }, status: 'limited', reason: 'rate_limited' },
  { source: 'alpha-vantage', fault: { fault: 'quota' }, status: 'limited', reason: 'quota_exhausted' },
  { source: 'alpha-vantage', fault: { fault: 'expired' }, status: 'failed', reason: 'auth_expired' },
  { source: 'alpha-vantage', fault: { fault: '500' }, status: 'failed', reason: 'down' },
  { source: 'alpha-vantage', fault: { fault: 'stale' }, status: 'failed', reason: 'stale' },
  { source: 'coingecko', fault: { fault: '429' }, status: 'limited', reason: 'rate_limited' },
  { source: 'coingecko', fault: { fault: '403' }, status: 'failed', reason: 'blocked' },
  { source: 'coingecko', fault: { fault: '500' }, status: 'failed', reason: 'down' },
  { source: 'coingecko', fault: { fault: 'hang' }, status: 'failed', reason: 'timeout' },
  { source: 'coingecko', fault: { fault: 'malformed' }, status: 'failed', reason: 'schema_drift' },
  { source: 'coingecko', fault: { fault: 'drift' }, status: 'failed', reason: 'schema_drift' },
  { source: 'coingecko', fault: { fault: 'unit' }, status: 'failed', reason: 'schema_drift' },
  { source: 'coingecko', fault: { fault: 'stale' }, status: 'failed', reason: 'stale' },
];

describe.each(cases)('$source, $fault.fault', ({ source, fault, status, reason }) => {
  it(`${JSON.stringify(fault)}: ${status}${reason ? ` (${reason})` : ''} after two cycles, healthy two cycles after it ends`, async () => {
    const { cycles } = world(source);
    await cycles(1);
    expect(await health()).toMatchObject({ status: 'healthy', reason: null });
    switchFault({ source, ...fault });
    await cycles(2);
    expect(await health()).toMatchObject({ status, reason });
    expect(await incidents()).toEqual(reason === null ? [] : [{ reason, count: 2, samples: 2 }]);
    upstreams.control.clear();
    await cycles(2);
    expect(await health()).toMatchObject({ status: 'healthy', reason: null });
    expect(await incidents()).toEqual([]);
    expect(await incidents(false)).toHaveLength(reason === null ? 0 : 1);
  });
});
