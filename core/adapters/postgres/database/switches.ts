import type { ServiceId } from '../../../contracts/words/services.ts';
import type { Pool } from './pool.ts';

export interface ServiceRow {
  readonly service_id: string;
  readonly running: boolean;
  readonly changed_at: Date;
  /** While it is stopped and goes on by itself: when. */
  readonly stopped_until: Date | null;
}

/**
 * Whether a row of `source_state` is paused at an instant, as SQL. Both arguments are names or placeholders of the
 * statement, never values: `isPausedAt('st', '$2')`. Null where there is no row.
 */
export const isPausedAt = (state: string, at: string) =>
  `(${state}.paused AND (${state}.paused_until IS NULL OR ${state}.paused_until > ${at}))`;

export type SwitchStore = ReturnType<typeof switchStore>;

/** The flags that a person sets: sources stopped or not, services running or not. Handlers read them first. */
export function switchStore(pool: Pool) {
  return {
    /** Stops a source, for good or until an instant, or starts it. Starting also ends a pause that had a time. */
    async setPaused(sourceId: string, paused: boolean, until: Date | null, now: Date): Promise<void> {
      await pool.query(
        `INSERT INTO source_state (source_id, paused, paused_until, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (source_id) DO UPDATE SET paused = $2, paused_until = $3, changed_at = $4`,
        [sourceId, paused, paused ? until : null, now],
      );
    },

    /** The services that were ever switched, as they are at an instant. One that is absent runs. */
    async services(now: Date): Promise<ServiceRow[]> {
      const { rows } = await pool.query<ServiceRow>('SELECT * FROM service_at($1)', [now]);
      return rows;
    },

    /** Stops a service, for good or until an instant, or starts it. */
    async setRunning(serviceId: ServiceId, running: boolean, until: Date | null, now: Date): Promise<void> {
      await pool.query(
        `INSERT INTO service_state (service_id, running, stopped_until, changed_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (service_id) DO UPDATE SET running = $2, stopped_until = $3, changed_at = $4`,
        [serviceId, running, running ? null : until, now],
      );
    },
  };
}
