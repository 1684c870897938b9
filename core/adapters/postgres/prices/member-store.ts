import * as z from 'zod';
import type { ListedFinding } from '../../../prices/decision.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import type { KnownMembers } from '../../../prices/rules/members.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection, Pool } from '../database/pool.ts';
import { firstRow, rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed, publishOpened } from './finding-events.ts';

const openedRow = z.object({ opened: z.boolean() });

const symbolRow = z.object({ symbol: z.string() });
const listRow = z.object({ after: z.array(z.string()) });
const indexRow = z.object({ listingId: z.int() });

/** Accepted lists that a new one is compared with. */
const mostAccepted = 3;

/**
 * What is known of an index, which the source calls `index`, before a list of canonical symbols is read of it. `null` for
 * an index that is not registered: it has no list.
 */
export async function knownMembers(
  pool: Pool,
  sourceId: string,
  index: string,
  symbols: readonly string[],
): Promise<(KnownMembers & { readonly listingId: number }) | null> {
  const found = await pool.query(
    `SELECT listing_id AS "listingId" FROM symbol_alias WHERE namespace = $1 AND symbol = $2 AND valid_to = 'infinity'`,
    [sourceId, index],
  );
  const listingId = firstRow(indexRow, found)?.listingId;
  if (listingId === undefined) return null;
  const last = await pool.query(
    `SELECT a.symbol FROM constituent c
     JOIN symbol_alias a ON a.listing_id = c.listing_id AND a.namespace = 'canonical' AND a.valid_to = 'infinity'
     WHERE c.index_listing_id = $1 AND c.source = $2
       AND c.date = (SELECT max(date) FROM constituent_snapshot WHERE index_listing_id = $1 AND source = $2)
     ORDER BY c.rank, a.symbol`,
    [listingId, sourceId],
  );
  const accepted = await pool.query(
    `SELECT evidence->'after' AS after FROM finding
     WHERE listing_id = $1 AND source = $2 AND rule = 'members' AND status = 'accepted' ORDER BY id DESC LIMIT $3`,
    [listingId, sourceId, mostAccepted],
  );
  const known = await pool.query(
    `SELECT DISTINCT symbol FROM symbol_alias WHERE namespace = 'canonical' AND symbol = ANY ($1::text[])`,
    [texts(symbols)],
  );
  const lists = rowsOf(listRow, accepted).map(({ after }) => after);
  return {
    listingId,
    last: rowsOf(symbolRow, last).map(({ symbol }) => symbol),
    accepted: lists,
    known: new Set([...rowsOf(symbolRow, known).map(({ symbol }) => symbol), ...lists.flat()]),
  };
}

/**
 * Stores findings on lists of members. One that is there already is of the newest reading from then on, which is read again when
 * it is accepted; other open ones on the same index are
 * gone, and so are all open ones on indices whose list was stored.
 */
export async function storeMemberFindings(
  db: Connection,
  sourceId: string,
  batchId: string,
  found: readonly ListedFinding[],
  stored: readonly number[],
): Promise<void> {
  if (found.length === 0 && stored.length === 0) return;
  const ids = numbers(found.map((each) => each.listingId));
  const keys = texts(found.map((each) => keyOf(each.finding)));
  publishClosed(
    db,
    await db.query({
      name: 'end-member-findings',
      text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
           WHERE listing_id = ANY ($1::int[]) AND source = $2 AND rule = 'members' AND status = 'open'
             AND NOT row_key = ANY ($3::text[])
           RETURNING ${ofFinding}`,
      values: [numbers([...stored, ...found.map((each) => each.listingId)]), sourceId, keys],
    }),
  );
  if (found.length === 0) return;
  const opened = await db.query({
    name: 'store-member-findings',
    text: `INSERT INTO finding AS f (listing_id, source, row_key, rule, severity, kind, evidence, batch_id)
           SELECT listing_id, $1::text, row_key, 'members', severity, 'index', evidence, $2::bigint
           FROM unnest($3::int[], $4::text[], $5::text[], $6::jsonb[]) AS r (listing_id, row_key, severity, evidence)
           ON CONFLICT (listing_id, source, row_key) WHERE status <> 'gone'
             DO UPDATE SET batch_id = excluded.batch_id WHERE f.status = 'open'
           RETURNING ${ofFinding}, f.xmax = 0 AS opened`,
    values: [
      sourceId,
      batchId,
      ids,
      keys,
      texts(found.map((each) => each.finding.severity)),
      texts(found.map((each) => JSON.stringify(each.finding.evidence))),
    ],
  });
  publishOpened(db, { rows: opened.rows.filter((row) => openedRow.parse(row).opened) });
}
