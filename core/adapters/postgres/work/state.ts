import { VisibleSources } from '../../../auth/visible-sources.ts';
import type { StateRequest, StateResponses } from '../../../contracts/state.ts';
import type { State } from '../../../ports/state.ts';
import { type PriceReaders, quotesAsOf } from '../../../serving/as-of.ts';
import { barsAsOf } from '../../../serving/bars-as-of.ts';
import { storedSources } from '../../../sources/catalogue.ts';
import { checkApiKey } from '../access/key-check.ts';
import { claimAlerts, settleAlerts } from '../alerts/claim-alerts.ts';
import { acquireLease, releaseLease, renewalOf } from '../database/leases.ts';
import { type Connection, inTransaction, type Pool } from '../database/pool.ts';
import { keepSummary, readReport, refuseSummary } from '../diagnosis/report-summaries.ts';
import { acknowledgeEvents, claimEvents } from '../events/relay-store.ts';
import { barReader } from '../prices/bar-reader.ts';
import { findingRecords } from '../prices/finding-records.ts';
import { quoteReader } from '../prices/quote-reader.ts';
import { recordAnswers, recordedAnswers } from '../proxy/answer-record.ts';
import { cacheFail, cachePut, cacheSweep, cacheTake } from '../proxy/proxy-cache.ts';
import { credentialsState, noteCredentials } from '../sources/credentials.ts';
import { heldLogin, holdLogin } from '../sources/logins.ts';
import { storedSession, storeSession } from '../sources/sessions.ts';
import { beginAttempt } from './attempts.ts';
import { holdSource, takePermits, usePermit } from './permits.ts';

type Op = StateRequest['op'];
type ReadOp = 'quotesAsOf' | 'barsAsOf';
type Handlers = {
  [O in Op]?: (connection: Connection, request: Extract<StateRequest, { op: O }>) => Promise<StateResponses[O]>;
};
/** Requests that only read, each by several statements of readers. */
type Reads = { [O in Op]?: (request: Extract<StateRequest, { op: O }>) => Promise<StateResponses[O]> };

/** A source is asked again after a day at the latest; its login stays on hold for as long as the source said. */
const longestHoldSeconds = 86_400;

const inTransactions: Required<Omit<Handlers, ReadOp>> = {
  beginAttempt,
  takePermits,
  reservePermits: takePermits,
  usePermit: (connection, { permitId }) => usePermit(connection, permitId),
  async holdSource(connection, { sourceId, seconds }) {
    return { until: (await holdSource(connection, sourceId, seconds)).toISOString() };
  },
  credentialsState: (connection, { sourceId }) => credentialsState(connection, sourceId),
  noteCredentials,
  async getSession(connection, { sourceId }) {
    return { session: await storedSession(connection, sourceId), held: await heldLogin(connection, sourceId) };
  },
  async acquireRenewal(connection, { sourceId, ttlSeconds }) {
    const token = await acquireLease(connection, renewalOf(sourceId), 'renewal', ttlSeconds);
    // Looked up after the lease: its former holder may have put the login on hold as it gave it back.
    const held = await heldLogin(connection, sourceId);
    if (held === null || token === null) return { token, held };
    await releaseLease(connection, renewalOf(sourceId), token);
    return { token: null, held };
  },
  async holdLogin(connection, request) {
    const { kept } = await holdLogin(connection, request);
    const { sourceId, seconds } = request;
    if (kept && seconds !== null) await holdSource(connection, sourceId, Math.min(longestHoldSeconds, seconds));
    return { kept };
  },
  async putSession(connection, request) {
    const { sourceId, token } = request;
    if (!(await releaseLease(connection, renewalOf(sourceId), token))) return { kept: false };
    await storeSession(connection, request);
    return { kept: true };
  },
  async releaseRenewal(connection, { sourceId, token }) {
    return { released: await releaseLease(connection, renewalOf(sourceId), token) };
  },
  readReport,
  keepSummary,
  refuseSummary,
  checkKey: checkApiKey,
  cacheTake,
  cachePut,
  cacheFail,
  cacheSweep,
  recordAnswers,
  recordedAnswers,
  claimEvents,
  acknowledgeEvents,
  claimAlerts,
  settleAlerts,
};
const handlers: Handlers = inTransactions;

/**
 * Permits, leases, sessions, key checks and the proxy's cache on Postgres, each request in a transaction of its own; and
 * what was known of prices at an instant, by `quotes`.
 */
export function postgresState(pool: Pool, quotes: PriceReaders['quotes'] = quoteReader(pool)): State {
  const readers: PriceReaders = {
    quotes,
    bars: barReader(pool),
    findings: findingRecords(pool),
    catalogue: storedSources,
  };
  const reads: Reads & Required<Pick<Reads, ReadOp>> = {
    async quotesAsOf({ symbols, at, use }) {
      return { quotes: await quotesAsOf(readers, symbols, at, VisibleSources.of(use, storedSources)) };
    },
    barsAsOf: ({ at, use, ...asked }) => barsAsOf(readers, asked, at, VisibleSources.of(use, storedSources)),
  };
  return {
    call<O extends Op>(request: Extract<StateRequest, { op: O }>): Promise<StateResponses[O]> {
      const read: Reads[O] = reads[request.op as O];
      if (read) return read(request);
      const handle: Handlers[O] = handlers[request.op as O];
      if (handle) return inTransaction(pool, (connection) => handle(connection, request));
      throw new Error(`${request.op} is no request of this release.`);
    },
  };
}
