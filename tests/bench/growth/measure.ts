import * as z from 'zod';
import type { Pool } from '../../../core/adapters/postgres/database/pool.ts';
import { makeKey, testApi } from '../../support/api-fixture.ts';
import { filledAt } from './fill.ts';
import { type FilledIds, notMeasured, questionsOf } from './routes.ts';

/** What a request costs, and what it gives. */
export interface RouteCost {
  readonly path: string;
  readonly status: number;
  readonly medianMs: number;
  /** Of tables and of indexes. */
  readonly rows: number;
  /** Pages of 8 kB, wherever they came from. */
  readonly buffers: number;
  readonly bytes: number;
}

/** A route may read so many times as much of ten times the data; below so much nobody notices. */
export const mostGrowth = 2;
const fewRows = 500;
const fewBuffers = 200;

/** Whether a route reads more than `mostGrowth` times as much at the second size, and gives no more. */
export function growsWithoutGivingMore(first: RouteCost, second: RouteCost): boolean {
  const rows = second.rows > Math.max(fewRows, mostGrowth * first.rows);
  const buffers = second.buffers > Math.max(fewBuffers, mostGrowth * first.buffers);
  return (rows || buffers) && second.bytes <= mostGrowth * first.bytes;
}

const repeats = 5;
const counters = z.object({ rows: z.number(), buffers: z.number() });

/**
 * Each read route through the API in process, on one warm connection: the median of five, and what Postgres read for one
 * more. Throws where a route of the OpenAPI document is neither asked nor left out with a reason.
 */
export async function measureRoutes(pool: Pool): Promise<RouteCost[]> {
  const now = filledAt.getTime();
  const key = await makeKey(pool, 'admin');
  const api = testApi(pool, { clock: () => now });
  const questions = questionsOf(await idsOf(pool), now);
  const left = notMeasured(await (await api.ask('/openapi.json')).json());
  if (left.length > 0) throw new Error(`The growth of ${left.join(', ')} is not measured: see growth/routes.ts.`);

  const ask = async (path: string) => {
    const answer = await api.ask(path, { key });
    return { status: answer.status, bytes: (await answer.text()).length };
  };
  const costs: RouteCost[] = [];
  for (const path of [...questions.values()].flat()) {
    const times: number[] = [];
    for (let n = -1; n < repeats; n++) {
      const began = performance.now();
      await ask(path);
      if (n >= 0) times.push(performance.now() - began);
    }
    const before = await readCounters(pool);
    const given = await ask(path);
    const after = await readCounters(pool);
    const medianMs = times.toSorted((a, b) => a - b)[Math.floor(repeats / 2)] ?? 0;
    costs.push({ path, ...given, medianMs, rows: after.rows - before.rows, buffers: after.buffers - before.buffers });
  }
  return costs;
}

/** What all tables have been read so far. The connection's own counts are flushed first. */
async function readCounters(pool: Pool) {
  await pool.query('SELECT pg_stat_force_next_flush()');
  const { rows } = await pool.query(
    `SELECT ((SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables) +
             (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes))::float8 AS rows,
            (SELECT sum(coalesce(heap_blks_read, 0) + coalesce(heap_blks_hit, 0) + coalesce(idx_blks_read, 0) + coalesce(idx_blks_hit, 0) +
                        coalesce(toast_blks_read, 0) + coalesce(toast_blks_hit, 0))::float8 FROM pg_statio_user_tables) AS buffers`,
  );
  return counters.parse(rows[0]);
}

async function idsOf(pool: Pool): Promise<FilledIds> {
  const { rows } = await pool.query(
    `SELECT (SELECT run_id FROM batch ORDER BY id DESC LIMIT 1) AS "runId", (SELECT id FROM batch ORDER BY id DESC LIMIT 1) AS "batchId",
            (SELECT id FROM incident ORDER BY opened_at DESC LIMIT 1) AS "incidentId",
            (SELECT id FROM recovery ORDER BY requested_at DESC LIMIT 1) AS "recoveryId"`,
  );
  return z
    .object({ runId: z.string(), batchId: z.string(), incidentId: z.string(), recoveryId: z.string() })
    .parse(rows[0]);
}
