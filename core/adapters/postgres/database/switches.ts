import * as z from 'zod';
import { type ServiceId, serviceIds } from '../../../contracts/words/services.ts';
import type { SwitchStore } from '../../../ports/switch-store.ts';
import { continueLogin } from '../sources/logins.ts';
import { type Connection, inTransaction, type Pool } from './pool.ts';
import { instant, onlyRow, rowsOf } from './rows.ts';

/** SQL: whether the row `state` of `source_state`, which may be missing in a join, is paused at an instant. */
export const isPausedAt = (state: string, at: string): string =>
  `coalesce(${state}.paused AND (${state}.paused_until IS NULL OR ${state}.paused_until > ${at}), false)`;

/** SQL: the services that were ever switched, as they are at an instant. One that is absent runs. */
export const servicesAt = (at: string): string => `service_at(${at})`;

/** SQL: whether a service runs at an instant. */
export const runsAt = (serviceId: ServiceId, at: string): string =>
  `coalesce((SELECT running FROM ${servicesAt(at)} WHERE service_id = '${serviceId}'), true)`;

const runningRow = z.object({ running: z.boolean() });

/** Whether a service runs now, by the database's clock. */
export async function isRunning(db: Pool | Connection, serviceId: ServiceId): Promise<boolean> {
  return onlyRow(runningRow, await db.query(`SELECT ${runsAt(serviceId, 'clock_timestamp()')} AS running`)).running;
}

const serviceRow = z.object({
  serviceId: z.enum(serviceIds),
  running: z.boolean(),
  changedAt: instant,
  stoppedUntil: instant.nullable(),
});

/** The switches in Postgres. */
export function switchStore(pool: Pool): SwitchStore {
  return {
    async setPaused(sourceId, paused, until, now) {
      await pool.query(
        `INSERT INTO source_state (source_id, paused, paused_until, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source_id) DO UPDATE SET paused = $2, paused_until = $3, changed_at = $4`,
        [sourceId, paused, paused ? until : null, now],
      );
    },

    continueLogin: (sourceId, now) => inTransaction(pool, (connection) => continueLogin(connection, sourceId, now)),

    async services(now) {
      const result = await pool.query(
        `SELECT service_id AS "serviceId", running, changed_at AS "changedAt", stopped_until AS "stoppedUntil"
         FROM ${servicesAt('$1')} WHERE service_id = ANY ($2::text[])`,
        // A service of another release is not this one's to show.
        [now, serviceIds],
      );
      return rowsOf(serviceRow, result);
    },

    async setRunning(serviceId, running, until, now) {
      await pool.query(
        `INSERT INTO service_state (service_id, running, stopped_until, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (service_id) DO UPDATE SET running = $2, stopped_until = $3, changed_at = $4`,
        [serviceId, running, running ? null : until, now],
      );
    },
  };
}
