import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { State } from '../../../ports/state.ts';
import { checkApiKey } from '../access/key-check.ts';
import { acquireLease, releaseLease, renewalOf } from '../database/leases.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { keepSummary, readReport } from '../diagnosis/report-summaries.ts';
import { cacheFail, cachePut, cacheSweep, cacheTake } from '../proxy/proxy-cache.ts';
import { credentialsState, noteCredentials } from '../sources/credentials.ts';
import { beginAttempt } from './attempts.ts';
import { holdSource, reservePermits, usePermit } from './permits.ts';

type Handlers = {
  [Op in StateRequest['op']]: (
    connection: Connection,
    request: Extract<StateRequest, { op: Op }>,
  ) => Promise<StateResponses[Op]>;
};

const handlers: Handlers = {
  beginAttempt,
  usePermit: (connection, { permitId }) => usePermit(connection, permitId),
  reservePermits,
  async holdSource(connection, { sourceId, seconds }) {
    return { until: (await holdSource(connection, sourceId, seconds)).toISOString() };
  },
  credentialsState: (connection, { sourceId }) => credentialsState(connection, sourceId),
  noteCredentials,
  async getSession(connection, { sourceId }) {
    const { rows } = await connection.query<{ sealed: string; expires_at: Date }>(
      'SELECT sealed, expires_at FROM auth_session WHERE source_id = $1 AND expires_at > clock_timestamp()',
      [sourceId],
    );
    const held = rows[0];
    return { session: held ? { sealed: held.sealed, expiresAt: held.expires_at.toISOString() } : null };
  },
  async acquireRenewal(connection, { sourceId, ttlSeconds }) {
    return { token: await acquireLease(connection, renewalOf(sourceId), 'renewal', ttlSeconds) };
  },
  async putSession(connection, { sourceId, token, sealed, expiresAt }) {
    if (!(await releaseLease(connection, renewalOf(sourceId), token))) return { kept: false };
    await connection.query(
      `INSERT INTO auth_session (source_id, sealed, expires_at, token) VALUES ($1, $2, $3, $4)
       ON CONFLICT (source_id) DO UPDATE
         SET sealed = excluded.sealed, expires_at = excluded.expires_at, token = excluded.token, updated_at = now()`,
      [sourceId, sealed, expiresAt, token],
    );
    return { kept: true };
  },
  async releaseRenewal(connection, { sourceId, token }) {
    return { released: await releaseLease(connection, renewalOf(sourceId), token) };
  },
  readReport,
  keepSummary,
  checkKey: (connection, { key, scope }) => checkApiKey(connection, key, scope),
  cacheTake,
  cachePut,
  cacheFail,
  cacheSweep,
};

/** Permits, leases, sessions, key checks and the proxy's cache on Postgres, each request in a transaction of its own. */
export function postgresState(pool: Pool): State {
  return {
    ask: (request) => inTransaction(pool, (connection) => answer(connection, request)),
  };
}

function answer<Op extends StateRequest['op']>(
  connection: Connection,
  request: Extract<StateRequest, { op: Op }>,
): Promise<StateResponses[Op]> {
  const handle: Handlers[Op] = handlers[request.op as Op];
  return handle(connection, request);
}
