import * as z from 'zod';
import type { PriceRule } from '../../../contracts/words/price-findings.ts';
import { barIntervals } from '../../../market/bar.ts';
import type { ListedFinding } from '../../../prices/decision.ts';
import type { JudgedSeries } from '../../../prices/judged-series.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { rowsOf } from '../database/rows.ts';
import { ofFinding, publishClosed } from './finding-events.ts';
import { insertFindings } from './insert-findings.ts';
import { paymentsOf } from './payments.ts';
import type { RepairWish } from './repair-wants.ts';

const wrongRow = z.object({ listingId: z.int(), interval: z.enum(barIntervals), from: z.string(), to: z.string() });

/**
 * Stores what was found in a batch of bars, after the bars themselves. What was found in rows that a later fetch has
 * replaced already is not stored.
 *
 * A finding that is open takes the new evidence; one that a person has decided on stays as it is: what was dismissed is
 * not raised again. An open finding that was not found again is gone when its row says something else by now, or is not
 * there any more. While the row is the same it stays: a shorter answer may only have less to judge it by.
 *
 * Proposals of the rules in `accepts` are accepted at once. Gives the days of the bars of this batch that are wrong, unless somebody has decided on them.
 */
export async function storeFindings(
  db: Connection,
  sourceId: string,
  batchId: string,
  judged: readonly JudgedSeries[],
  accepts: readonly PriceRule[] = [],
): Promise<RepairWish[]> {
  if (judged.length === 0) return [];
  const rows = await insertFindings(
    db,
    sourceId,
    batchId,
    judged.flatMap(({ listingId, findings }) => findings.map((finding) => ({ listingId, finding }))),
  );
  const wrong: RepairWish[] = [];
  if (rows.length > 0) {
    wrong.push(...(await wrongDays(db, sourceId, rows)));
    if (accepts.length > 0) await acceptProposals(db, sourceId, rows, accepts);
  }
  publishClosed(
    db,
    await db.query({
      name: 'end-findings',
      text: `
      UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
      FROM unnest($2::int[], $3::text[], $4::float8[], $5::float8[], $6::date[], $7::date[])
        AS j (listing_id, interval, from_at, to_at, first_day, last_day)
      WHERE f.listing_id = j.listing_id AND f.source = $1 AND f.status = 'open' AND NOT f.row_key = ANY ($8::text[])
        AND CASE WHEN f.kind = 'bar'
            THEN f.interval = j.interval
              AND f.at BETWEEN to_timestamp(j.from_at / 1000.0::float8) AND to_timestamp(j.to_at / 1000.0::float8)
              AND NOT EXISTS (SELECT FROM bar b WHERE b.listing_id = f.listing_id AND b.source = f.source
                              AND b.interval = f.interval AND b.starts_at = f.at AND b.close = f.said AND b.withdrawn_at IS NULL)
            ELSE f.date BETWEEN j.first_day AND j.last_day
              AND NOT EXISTS (SELECT FROM ${paymentsOf('corporate_action')} WHERE a.listing_id = f.listing_id AND a.source = f.source
                              AND a.type = f.kind AND a.ex_date = f.date AND coalesce(a.ratio, a.paid) = f.said AND a.withdrawn_at IS NULL) END
      RETURNING ${ofFinding}`,
      values: [
        sourceId,
        numbers(judged.map((each) => each.listingId)),
        texts(judged.map((each) => each.interval)),
        numbers(judged.map((each) => each.from)),
        numbers(judged.map((each) => each.to)),
        texts(judged.map((each) => each.firstDay)),
        texts(judged.map((each) => each.lastDay)),
        texts(rows.map((row) => keyOf(row.finding))),
      ],
    }),
  );
  return wrong;
}

/** The days of bars whose findings are open. */
async function wrongDays(db: Connection, sourceId: string, rows: readonly ListedFinding[]): Promise<RepairWish[]> {
  const wrong = rows.filter(({ finding }) => finding.severity === 'wrong' && finding.subject.kind === 'bar');
  if (wrong.length === 0) return [];
  const found = await db.query({
    name: 'wrong-days',
    text: `
      SELECT f.listing_id AS "listingId", f.interval, min(coalesce(f.date, f.at::date))::text AS "from",
             max(coalesce(f.date, f.at::date))::text AS "to"
      FROM unnest($2::int[], $3::text[]) AS r (listing_id, row_key)
      JOIN finding f ON f.listing_id = r.listing_id AND f.source = $1 AND f.row_key = r.row_key AND f.status = 'open'
      GROUP BY 1, 2`,
    values: [sourceId, numbers(wrong.map((row) => row.listingId)), texts(wrong.map((row) => keyOf(row.finding)))],
  });
  return rowsOf(wrongRow, found).map((days) => ({ ...days, why: 'wrong' }));
}

/** Accepts open findings of some rules that propose what the row should be, as a person would. */
async function acceptProposals(
  db: Connection,
  sourceId: string,
  rows: readonly ListedFinding[],
  accepts: readonly PriceRule[],
): Promise<void> {
  const proposed = rows.filter(({ finding }) => finding.proposal !== null && accepts.includes(finding.rule));
  if (proposed.length === 0) return;
  publishClosed(
    db,
    await db.query({
      name: 'accept-proposals',
      text: `
      UPDATE finding f SET status = 'accepted', closed_at = statement_timestamp(), decided_by = 'automatic'
      FROM unnest($2::int[], $3::text[]) AS r (listing_id, row_key)
      WHERE f.listing_id = r.listing_id AND f.source = $1 AND f.row_key = r.row_key AND f.status = 'open' AND f.proposal IS NOT NULL
      RETURNING ${ofFinding}`,
      values: [
        sourceId,
        numbers(proposed.map((row) => row.listingId)),
        texts(proposed.map((row) => keyOf(row.finding))),
      ],
    }),
  );
}
