/** What the repairs of a recovery change. Each runs in the transaction that ends its step. */
import * as z from 'zod';
import { type PageSelectors, pageSelectors } from '../../../contracts/words/page-selectors.ts';
import type { RunReason } from '../../../contracts/words/run-reasons.ts';
import type { StepResult } from '../../../recovery/recovery.ts';
import {
  breakerHalfOpened,
  budgetLowered,
  cacheFlushed,
  pageKept,
  pauseLifted,
  selectorsChanged,
  sessionDropped,
} from '../../../recovery/repairs.ts';
import { budgetUntil, loweredBudget, type RepairStep } from '../../../recovery/strategy.ts';
import type { Connection } from '../database/pool.ts';
import { dropSession } from '../sources/credentials.ts';

interface Repaired {
  readonly sourceId: string;
  /** Why the source fails. */
  readonly reason: RunReason | null;
  readonly now: Date;
}

export const repairs: Readonly<Record<RepairStep, (db: Connection, of: Repaired) => Promise<StepResult>>> = {
  keep_page: noteFailedPage,
  lower_budget: lowerBudget,
  renew_session: async (db, { sourceId }) => sessionDropped(await dropSession(db, sourceId)),
  other_selectors: async (db, { sourceId }) => selectorsChanged(await changeSelectors(db, sourceId)),
  half_open_breaker: halfOpenBreaker,
  flush_cache: flushCache,
  lift_pause: liftPause,
};

const budgetRow = z.object({ factor: z.number().nullable(), held_until: z.date().nullable(), now: z.date() });

/** Halves what may be used of the source's minute quota, until the quota resets. */
async function lowerBudget(db: Connection, { sourceId, reason }: Repaired): Promise<StepResult> {
  await db.query('INSERT INTO source_state (source_id) VALUES ($1) ON CONFLICT DO NOTHING', [sourceId]);
  const { rows } = await db.query(
    `SELECT CASE WHEN budget_until > clock_timestamp() THEN budget_factor END AS factor, held_until,
            clock_timestamp() AS now
     FROM source_state WHERE source_id = $1 FOR UPDATE`,
    [sourceId],
  );
  const state = budgetRow.parse(rows[0]);
  const factor = loweredBudget(state.factor);
  const until = budgetUntil(reason, state.now.getTime(), state.held_until?.getTime() ?? null);
  await db.query('UPDATE source_state SET budget_factor = $2, budget_until = $3 WHERE source_id = $1', [
    sourceId,
    factor,
    new Date(until),
  ]);
  return budgetLowered(factor, until);
}

/** Makes the next run the breaker's trial, whatever time it still had. */
async function halfOpenBreaker(db: Connection, { sourceId, now }: Repaired): Promise<StepResult> {
  const { rowCount } = await db.query(
    `UPDATE source_state SET breaker = 'half_open', breaker_until = $2, breaker_run = NULL
     WHERE source_id = $1 AND breaker <> 'closed'`,
    [sourceId, now],
  );
  return breakerHalfOpened(Boolean(rowCount));
}

const selectorsRow = z.object({ selectors: z.enum(pageSelectors) });

/** Changes the selectors by which pages are read: from the main to the alternative ones, or back. Gives the new ones. */
export async function changeSelectors(db: Connection, sourceId: string): Promise<PageSelectors> {
  const { rows } = await db.query(
    `INSERT INTO source_state AS s (source_id, selectors) VALUES ($1, 'alternative')
     ON CONFLICT (source_id) DO UPDATE
       SET selectors = CASE s.selectors WHEN 'main' THEN 'alternative' ELSE 'main' END
     RETURNING selectors`,
    [sourceId],
  );
  return selectorsRow.parse(rows[0]).selectors;
}

const pageRow = z.object({ artifacts: z.array(z.string()) });

/** Where the screenshot and the HTML of the newest failed page are stored. */
async function noteFailedPage(db: Connection, { sourceId }: Repaired): Promise<StepResult> {
  const { rows } = await db.query(
    `SELECT a.artifacts FROM task_attempt a JOIN task t USING (run_id, part)
     WHERE t.source_id = $1 AND t.status = 'failed' AND cardinality(a.artifacts) > 0
     ORDER BY t.finished_at DESC, a.attempt DESC LIMIT 1`,
    [sourceId],
  );
  return pageKept(rows[0] === undefined ? [] : pageRow.parse(rows[0]).artifacts);
}

/** Empties the proxy's shared answers. Their tokens rise, so that an answer under way is not stored as a new one. */
async function flushCache(db: Connection): Promise<StepResult> {
  const { rowCount } = await db.query(
    `UPDATE proxy_cache SET token = token + 1, leased_until = '-infinity', failure = NULL, failed_until = '-infinity',
                            status = NULL, body = NULL, fetched_at = NULL, fresh_seconds = NULL, reuse_seconds = NULL`,
  );
  return cacheFlushed(rowCount ?? 0);
}

/** Lets the proxy call its upstream again. */
async function liftPause(db: Connection, { sourceId }: Repaired): Promise<StepResult> {
  const { rowCount } = await db.query('DELETE FROM proxy_pause WHERE source_id = $1', [sourceId]);
  return pauseLifted(Boolean(rowCount));
}
