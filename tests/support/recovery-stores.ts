/** The recovery stores of Postgres and of the memory, with the hands of `recoveryStoreSuite`. */
import { memoryRecoveryStore } from '../../core/adapters/memory/recovery-store.ts';
import { symbolKey } from '../../core/adapters/memory/recovery-surroundings.ts';
import { inTransaction, type Pool } from '../../core/adapters/postgres/database/pool.ts';
import { postgresRecoveryStore } from '../../core/adapters/postgres/recovery/recovery-store.ts';
import { insertRun, newRun } from '../../core/adapters/postgres/work/runs.ts';
import type { Failure } from '../../core/contracts/failure.ts';
import type { HealthStatus } from '../../core/contracts/words/health-status.ts';
import type { PageSelectors } from '../../core/contracts/words/page-selectors.ts';
import type { RunReason } from '../../core/contracts/words/run-reasons.ts';
import type { Trigger } from '../../core/contracts/words/triggers.ts';
import type { PlannedRun } from '../../core/planning/plan.ts';
import type { RecoveryStore } from '../../core/ports/recovery-store.ts';
import { setDatabaseClock } from './database-clock.ts';

/** A store, and the hands that set what surrounds it. */
export interface RecoveryStoreFixture {
  readonly store: RecoveryStore;
  /** Of the store's own clock too. */
  setClock(at: Date): Promise<void>;
  stopService(): Promise<void>;
  source(
    id: string,
    as: { status: HealthStatus; heldUntil?: Date; unlocked?: boolean; open?: boolean; paused?: boolean },
  ): Promise<void>;
  openIncident(of: { sourceId: string; reason: RunReason; job: string; count: number; openedAt: Date }): Promise<void>;
  plan(run: PlannedRun): Promise<void>;
  /** Ends each task of a run in turn. */
  endTasks(runId: string, ends: readonly (Failure | { accepted: number; newestAsOf: Date })[]): Promise<void>;
  listing(of: { namespace: string; symbol: string; canonical: string; mic: string; zone: string }): Promise<void>;
  answer(key: string, of: { at: Date; failure: RunReason | null }): Promise<void>;
  pauseProxy(reason: RunReason, until: Date): Promise<void>;
  selectorsOf(sourceId: string): Promise<PageSelectors>;
  /** Runs by their trigger, with the symbols of their tasks. */
  runsOf(
    trigger: Trigger,
  ): Promise<{ id: string; sourceId: string; job: string; tasks: readonly (readonly string[])[] }[]>;
  /** Types of the events that were published, in order. */
  published(): Promise<readonly string[]>;
}

export function memoryRecoveryFixture(): RecoveryStoreFixture & ReturnType<typeof memoryRecoveryStore> {
  let now = 0;
  const store = memoryRecoveryStore(() => now);
  const { surroundings } = store;
  return {
    ...store,
    store,
    async setClock(at) {
      now = at.getTime();
    },
    async stopService() {
      surroundings.running = false;
    },
    async source(id, { status, heldUntil, unlocked = true, open = false, paused = false }) {
      Object.assign(surroundings.source(id), {
        status,
        heldUntil: heldUntil?.getTime() ?? null,
        unlocked,
        breaker: open ? 'open' : 'closed',
        pausedUntil: paused ? Number.POSITIVE_INFINITY : null,
      });
    },
    async openIncident(incident) {
      surroundings.incidents.push({ ...incident, resolvedAt: null });
    },
    async plan(run) {
      surroundings.plan(run);
    },
    async endTasks(runId, ends) {
      for (const [part, end] of ends.entries()) {
        const task = surroundings.runs.get(runId)?.tasks[part];
        if (!task) continue;
        if ('reason' in end) Object.assign(task, { status: 'failed', failure: end });
        else Object.assign(task, { status: 'succeeded', accepted: end.accepted, newestAsOf: end.newestAsOf.getTime() });
      }
    },
    async listing({ namespace, symbol, canonical, mic, zone }) {
      const listing = { mic, zone, assetClass: 'equity', canonical };
      surroundings.listings.set(symbolKey(namespace, symbol), listing);
      surroundings.listings.set(symbolKey('canonical', canonical), listing);
    },
    async answer(key, { at, failure }) {
      surroundings.proxy.answers.set(key, { at: at.getTime(), failure });
    },
    async pauseProxy(reason, until) {
      surroundings.proxy.pause = { reason, until: until.getTime() };
    },
    selectorsOf: async (sourceId) => surroundings.source(sourceId).selectors,
    runsOf: async (trigger) =>
      [...surroundings.runs.values()]
        .filter((run) => run.trigger === trigger)
        .map(({ id, sourceId, job, tasks }) => ({ id, sourceId, job, tasks: tasks.map(({ symbols }) => symbols) })),
    published: async () => surroundings.published,
  };
}

/** On an empty database whose clock can be set. */
export function postgresRecoveryFixture(pool: Pool): RecoveryStoreFixture {
  const run = (sql: string, values: unknown[] = []) => pool.query(sql, values);
  return {
    store: postgresRecoveryStore(pool),
    setClock: (at) => setDatabaseClock(pool, at),
    async stopService() {
      await run(`INSERT INTO service_state (service_id, running) VALUES ('recovery', false)`);
    },
    async source(id, { status, heldUntil, unlocked = true, open = false, paused = false }) {
      await run('INSERT INTO source_health (source_id, status, updated_at) VALUES ($1, $2, now())', [id, status]);
      await run('INSERT INTO source_state (source_id, held_until, breaker, paused) VALUES ($1, $2, $3, $4)', [
        id,
        heldUntil ?? null,
        open ? 'open' : 'closed',
        paused,
      ]);
      await run('INSERT INTO source_credentials (source_id, is_set) VALUES ($1, $2)', [id, unlocked]);
    },
    async openIncident({ sourceId, reason, job, count, openedAt }) {
      await run(
        `INSERT INTO incident (source_id, reason, opened_at, last_seen_at, count, jobs) VALUES ($1, $2, $3, $3, $4, $5)`,
        [sourceId, reason, openedAt, count, [job]],
      );
    },
    async plan(planned) {
      await inTransaction(pool, (db) => insertRun(db, newRun(planned)));
    },
    async endTasks(runId, ends) {
      for (const [part, end] of ends.entries()) {
        const failed = 'reason' in end;
        const batch = failed
          ? null
          : (
              await pool.query<{ id: string }>(
                `INSERT INTO batch (blob_key, parser_version, run_id, part, attempt, source_id, kind, accepted, newest_as_of)
                 VALUES ($1, '1', $2, $3, 1, 'yahoo', 'quotes', $4, $5) RETURNING id`,
                [`${runId}/${part}`, runId, part, end.accepted, end.newestAsOf],
              )
            ).rows[0]?.id;
        await run(
          `UPDATE task SET status = $3, reason = $4, message = $5, accepted = $6, batch_id = $7, detail = $8, finished_at = now()
           WHERE run_id = $1 AND part = $2`,
          [
            runId,
            part,
            failed ? 'failed' : 'succeeded',
            failed ? end.reason : null,
            failed ? end.message : null,
            failed ? 0 : end.accepted,
            batch,
            failed ? end.detail : null,
          ],
        );
      }
    },
    async listing({ namespace, symbol, canonical, mic, zone }) {
      await run(
        `WITH i AS (INSERT INTO instrument (asset_class) VALUES ('equity') RETURNING id),
              l AS (INSERT INTO listing (instrument_id, mic, currency, zone) SELECT id, $4, 'USD', $5 FROM i RETURNING id)
         INSERT INTO symbol_alias (namespace, symbol, listing_id)
         SELECT name, known, id FROM l, (VALUES ($1, $2), ('canonical', $3)) AS names (name, known)`,
        [namespace, symbol, canonical, mic, zone],
      );
    },
    async answer(key, { at, failure }) {
      await run(
        `INSERT INTO proxy_cache (key, keep_until, fetched_at, failure, failed_until)
         VALUES ($1, '2030-01-01', CASE WHEN $3::text IS NULL THEN $2::timestamptz END, $3,
                 CASE WHEN $3::text IS NULL THEN '-infinity' ELSE $2::timestamptz END)
         ON CONFLICT (key) DO UPDATE
           SET fetched_at = coalesce(excluded.fetched_at, proxy_cache.fetched_at), failure = excluded.failure,
               failed_until = excluded.failed_until`,
        [key, at, failure],
      );
    },
    async pauseProxy(reason, until) {
      await run(`INSERT INTO proxy_pause (source_id, until, reason) VALUES ('yahoo', $1, $2)`, [until, reason]);
    },
    async selectorsOf(sourceId) {
      const { rows } = await pool.query<{ selectors: PageSelectors }>(
        'SELECT selectors FROM source_state WHERE source_id = $1',
        [sourceId],
      );
      return rows[0]?.selectors ?? 'main';
    },
    async runsOf(trigger: Trigger) {
      const { rows } = await pool.query<{ id: string; sourceId: string; job: string; tasks: string[][] }>(
        `SELECT r.id, r.source_id AS "sourceId", r.job, json_agg(t.symbols ORDER BY t.part) AS tasks
         FROM run r JOIN task t ON t.run_id = r.id WHERE r.trigger = $1 GROUP BY r.id`,
        [trigger],
      );
      return rows;
    },
    async published() {
      const { rows } = await pool.query<{ type: string }>('SELECT type FROM outbox ORDER BY id');
      return rows.map(({ type }) => type);
    },
  };
}
