import { randomUUID } from 'node:crypto';
import { beforeEach } from 'vitest';
import { loadSimulators } from '../../localstack/upstreams/simulator.ts';
import type { Pipeline, PipelineOptions } from './pipeline.ts';
import { useWorld } from './use-world.ts';

/** One symbol of each kind: an index, a share, a coin. */
const symbols = ['^DJI', 'AAPL', 'MSFT', 'BTC-USD'];
const simulators = await loadSimulators();
const ids = [...simulators.keys()];

/** All sources simulated, with their credentials set, and what tests of recoveries ask and do. */
export function recoveryWorld(simulatedFrom?: string) {
  const used = useWorld({
    sources: ids,
    simulatedFrom,
    browser: true,
    pipeline: {
      credentials: (id) => JSON.stringify(simulators.get(id)?.credentials ?? {}),
      symbols,
      requestTimeoutMs: 250,
      pageTimeoutMs: 1_500,
    },
  });
  const { all } = used;

  beforeEach(async () => {
    await all('INSERT INTO source_credentials (source_id, is_set) SELECT unnest($1::text[]), true', [
      ids.filter((id) => simulators.get(id)?.credentials),
    ]);
  });

  /** Quotas begin again, and what a source asked for by `Retry-After` is over. */
  const later = async () => {
    await all('UPDATE source_state SET held_until = NULL');
    await all('DELETE FROM permit');
  };
  const newest = async (sourceId: string) =>
    (await all('SELECT * FROM recovery WHERE source_id = $1 ORDER BY requested_at DESC, id LIMIT 1', [sourceId]))[0];
  /** Asks for a recovery, and drives nothing. Gives its id. */
  const ask = async (of: Pipeline, sourceId: string): Promise<string> => {
    const id = randomUUID();
    await of.recoveries.create({ id, sourceId, trigger: 'manual', requestedAt: new Date(), requestedBy: null });
    await of.queue.send('recoveries', [{ recoveryId: id }]);
    return id;
  };
  return {
    pool: () => used.pool,
    upstreams: () => used.upstreams,
    world: (differs: Partial<PipelineOptions> = {}) => used.pipeline({ browser: used.browser, ...differs }),
    all,
    later,
    newest,
    ask,
    fault: (source: string, name: string, on = true) => used.fault({ source, fault: name, on }),
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
    invariant: used.invariant,
    uncheckedFromNow: used.uncheckedFromNow,
    /** A recovery that a person asks for, driven to its end. */
    async recover(of: Pipeline, sourceId: string) {
      await ask(of, sourceId);
      await of.heal(later);
      return newest(sourceId);
    },
  };
}
