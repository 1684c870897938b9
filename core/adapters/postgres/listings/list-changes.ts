import * as z from 'zod';
import type { Pool } from '../database/pool.ts';
import { onlyRow } from '../database/rows.ts';

const stateRow = z.object({ state: z.string() });

/** What was read is read again after this, whatever has changed: some of it depends on the time. */
const keptMs = 60_000;
/** Different questions of which the answers are kept. */
const mostKept = 200;

interface Kept<T> {
  readonly state: string;
  readonly at: number;
  readonly value: T;
}

/**
 * Keeps what was read of whole lists of listings, or of what is watched, for as long as these lists have the same rows: see
 * `list_change`. It is as new as the database, but for up to a minute where the time decides.
 */
export function whileUnchanged<T>(pool: Pool): (question: string, read: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, Kept<T>>();
  return async (question, read) => {
    // Read first: what changes after it is in what is read then, and has another state.
    const state = await stateOf(pool);
    const at = performance.now();
    const last = kept.get(question);
    if (last && last.state === state && at - last.at < keptMs) return last.value;
    const value = await read();
    kept.delete(question);
    kept.set(question, { state, at, value });
    const [oldest] = kept.keys();
    if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
    return value;
  };
}

/** Differs after each committed change. Transactions end in any order, so the newest one alone would not say. */
async function stateOf(pool: Pool): Promise<string> {
  const result = await pool.query({
    name: 'list-state',
    text: `SELECT count(*) || '/' || coalesce(sum(tx::text::numeric), 0) AS state FROM list_change`,
  });
  return onlyRow(stateRow, result).state;
}
