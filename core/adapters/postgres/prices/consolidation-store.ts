import * as z from 'zod';
import { chunked } from '../../../contracts/chunked.ts';
import { blockOf } from '../../../events/block.ts';
import { numbers, texts } from '../database/array-literal.ts';
import { publish } from '../database/outbox.ts';
import type { Connection } from '../database/pool.ts';
import { decimalText, rowsOf } from '../database/rows.ts';
import { canonicalOf } from '../listings/canonical-symbols.ts';
import { decide, type RankOf } from './decide.ts';

/** First key of the advisory locks under which sources are compared; the second is the block of listings. */
const consolidationLock = 0x636f6e73;

/** Listings whose price is decided at once: a transaction that computes for seconds without a word is ended. */
const decidedAtOnce = 5_000;

const idRow = z.object({ id: z.int() });
const countRow = z.object({ count: z.int() });
const changedRow = z.object({
  sourceId: z.string(),
  listingId: z.int(),
  symbol: z.string().nullable(),
  spread: decimalText.nullable(),
  candidates: z.int(),
  disputed: z.boolean(),
});
const unsettledRow = z.object({ ids: z.string().nullable() });

/** Of some listings those whose price a bar may decide: of several sources, or with one that is provisional. */
export async function openToBars(db: Connection, listingIds: readonly number[]): Promise<number[]> {
  if (listingIds.length === 0) return [];
  const { rows } = await db.query({
    name: 'open-to-bars',
    text: `SELECT listing_id AS id FROM latest_quote WHERE listing_id = ANY ($1::int[])
           GROUP BY listing_id HAVING count(*) > 1 OR bool_or(provisional) ORDER BY listing_id`,
    values: [numbers(listingIds)],
  });
  return rows.map((row) => idRow.parse(row).id);
}

/**
 * Decides again which source is the price of some listings, after one source's latest rows have changed.
 *
 * Takes locks that are held until the transaction ends, so it must come last: of two sources stored at once that share a
 * listing, the second decides with the first one's rows committed and in sight. A decision that stays as it is writes
 * nothing. `anyway` are listings to decide on although they have one source only.
 */
export async function storeConsolidation(
  db: Connection,
  sourceId: string,
  listingIds: readonly number[],
  rankOf: RankOf,
  anyway: readonly number[] = [],
): Promise<void> {
  const ids = numbers(listingIds);
  const isSettled = async () => {
    const settled = await db.query({
      name: 'count-settled',
      text: `SELECT count(*)::int AS count FROM consolidated_quote
             WHERE listing_id = ANY ($1::int[]) AND source = $2 AND rule = 'only_source'
               AND NOT listing_id = ANY ($3::int[])`,
      values: [ids, sourceId, numbers(anyway)],
    });
    return countRow.parse(settled.rows[0]).count === listingIds.length;
  };
  // Nearly always the source has its listings to itself, and that is settled. Then it shares the locks with others, and
  // looks again: another source that comes to a listing decides on it alone, in the transaction of its first row.
  if (await isSettled()) {
    await lockBlocks(db, listingIds, 'shared');
    if (await isSettled()) return;
  }
  await lockBlocks(db, listingIds, 'alone');
  const { rows } = await db.query(
    `SELECT string_agg(id::text, ',') AS ids FROM unnest($1::int[]) AS id
     WHERE id NOT IN (SELECT listing_id FROM consolidated_quote
                      WHERE listing_id = ANY ($1::int[]) AND source = $2 AND rule = 'only_source')
        OR id = ANY ($3::int[])`,
    [ids, sourceId, numbers(anyway)],
  );
  const unsettled = unsettledRow.parse(rows[0]).ids?.split(',') ?? [];
  for (const some of chunked(unsettled, decidedAtOnce)) await decideAgain(db, numbers(some), rankOf);
}

/** Locks the blocks of some listings in their order, so that two transactions never wait for each other. */
async function lockBlocks(db: Connection, listingIds: readonly number[], how: 'shared' | 'alone'): Promise<void> {
  const blocks = [...new Set(listingIds.map(blockOf))].sort((a, b) => a - b);
  const lock = how === 'shared' ? 'pg_advisory_xact_lock_shared' : 'pg_advisory_xact_lock';
  await db.query({
    name: `lock-consolidation-${how}`,
    text: `SELECT count(${lock}($1, block)) FROM unnest($2::int[]) AS block`,
    values: [consolidationLock, numbers(blocks)],
  });
}

/** Decides again on some listings, alone with their blocks. */
export async function decideOn(db: Connection, listingIds: readonly number[], rankOf: RankOf): Promise<void> {
  if (listingIds.length === 0) return;
  await lockBlocks(db, listingIds, 'alone');
  for (const some of chunked(listingIds, decidedAtOnce)) await decideAgain(db, numbers(some), rankOf);
}

/** Decides on listings, whatever was decided before. `ids` is an array literal of Postgres. Expects the lock. */
async function decideAgain(db: Connection, ids: string, rankOf: RankOf): Promise<void> {
  const decisions = await decide(db, ids, null, rankOf);
  const confirmed = decisions.flatMap(({ listingId, confirmed: sources }) =>
    sources.map((source) => ({ listingId, source })),
  );
  if (confirmed.length > 0)
    await db.query({
      name: 'settle-latest',
      text: `WITH settled AS (
               UPDATE latest_quote q SET provisional = false FROM unnest($1::int[], $2::text[]) AS c (listing_id, source)
               WHERE q.listing_id = c.listing_id AND q.source = c.source AND q.provisional
               RETURNING q.listing_id, q.source, q.as_of)
             UPDATE quote q SET settled_at = statement_timestamp() FROM settled s
             WHERE q.listing_id = s.listing_id AND q.source = s.source AND q.as_of = s.as_of AND q.settled_at = 'infinity'`,
      values: [numbers(confirmed.map((each) => each.listingId)), texts(confirmed.map((each) => each.source))],
    });
  const changed = await db.query(
    `WITH former AS (SELECT listing_id, confidence FROM consolidated_quote WHERE listing_id = ANY ($1::int[]))
     INSERT INTO consolidated_quote AS c (listing_id, source, rule, spread, confidence, candidates, inputs, complement, usual_move,
                                          since)
     SELECT *, statement_timestamp()
     FROM unnest($1::int[], $2::text[], $3::text[], $4::numeric[], $5::text[], $6::int[], $7::jsonb[], $8::text[], $9::float8[])
     ON CONFLICT (listing_id) DO UPDATE SET source = excluded.source, rule = excluded.rule, spread = excluded.spread,
       confidence = excluded.confidence, candidates = excluded.candidates, inputs = excluded.inputs,
       complement = excluded.complement, usual_move = excluded.usual_move, decided_at = statement_timestamp(),
       since = CASE WHEN (c.source, c.confidence) IS DISTINCT FROM (excluded.source, excluded.confidence)
                    THEN excluded.since ELSE coalesce(c.since, c.decided_at) END
     WHERE (c.source, c.rule, c.spread, c.confidence, c.candidates, c.complement) IS DISTINCT FROM
       (excluded.source, excluded.rule, excluded.spread, excluded.confidence, excluded.candidates, excluded.complement)
     RETURNING c.source AS "sourceId", c.listing_id AS "listingId", ${canonicalOf('c.listing_id')} AS symbol, c.spread, c.candidates,
       c.confidence = 'disputed' AND c.confidence IS DISTINCT FROM
         (SELECT confidence FROM former WHERE former.listing_id = c.listing_id) AS disputed`,
    [
      numbers(decisions.map((each) => each.listingId)),
      texts(decisions.map((each) => each.source)),
      texts(decisions.map((each) => each.rule)),
      numbers(decisions.map((each) => each.spread)),
      texts(decisions.map((each) => each.confidence)),
      numbers(decisions.map((each) => each.candidates)),
      texts(decisions.map((each) => JSON.stringify(each.inputs))),
      texts(decisions.map((each) => each.complement)),
      numbers(decisions.map((each) => each.usualMove)),
    ],
  );
  publish(
    db,
    rowsOf(changedRow, changed).flatMap(({ disputed, symbol, ...data }) =>
      disputed
        ? [{ type: 'price.disputed', data: { ...data, symbol: symbol ?? '', block: blockOf(data.listingId) } } as const]
        : [],
    ),
  );
}
