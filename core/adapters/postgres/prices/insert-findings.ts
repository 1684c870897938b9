import * as z from 'zod';
import type { ListedFinding } from '../../../prices/decision.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { ofFinding, publishOpened } from './finding-events.ts';
import { paymentsOf } from './payments.ts';

const openedRow = z.object({ opened: z.boolean() });

/**
 * Stores findings on quotes, bars and corporate actions that are stored already: one on a row that says something else by
 * now is left out. One that is open takes the new evidence, one that a person has decided on stays as it is. Gives the
 * findings, each once: the same action may be found in the days and in the weeks of a listing.
 */
export async function insertFindings(
  db: Connection,
  sourceId: string,
  batchId: string,
  found: readonly ListedFinding[],
): Promise<readonly ListedFinding[]> {
  const distinct = [...new Map(found.map((each) => [`${each.listingId} ${keyOf(each.finding)}`, each])).values()];
  if (distinct.length === 0) return distinct;
  const stored = await db.query({
    name: 'store-findings',
    text: `
      INSERT INTO finding AS f (listing_id, source, row_key, rule, severity, kind, interval, date, at, said, evidence, proposal, batch_id)
      SELECT r.listing_id, $1, r.row_key, r.rule, r.severity, r.kind, r.interval, r.date,
             to_timestamp(r.at / 1000.0::float8), r.said, r.evidence, r.proposal, $2::bigint
      FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::date[], $10::float8[],
                  $11::numeric[], $12::jsonb[], $13::jsonb[])
        AS r (listing_id, row_key, rule, severity, kind, interval, date, at, said, evidence, proposal)
      WHERE CASE r.kind
        WHEN 'quote' THEN EXISTS (SELECT FROM quote q WHERE q.listing_id = r.listing_id AND q.source = $1
                     AND q.as_of = to_timestamp(r.at / 1000.0::float8) AND q.price = r.said)
        WHEN 'bar' THEN EXISTS (SELECT FROM bar b WHERE b.listing_id = r.listing_id AND b.source = $1 AND b.interval = r.interval
                     AND b.starts_at = to_timestamp(r.at / 1000.0::float8) AND b.close = r.said AND b.withdrawn_at IS NULL)
        ELSE EXISTS (SELECT FROM ${paymentsOf('corporate_action')} WHERE a.listing_id = r.listing_id AND a.source = $1
                     AND a.type = r.kind AND a.ex_date = r.date AND coalesce(a.ratio, a.paid) = r.said AND a.withdrawn_at IS NULL) END
      ON CONFLICT (listing_id, source, row_key) WHERE status <> 'gone' DO UPDATE SET
        severity = excluded.severity, said = excluded.said, evidence = excluded.evidence, proposal = excluded.proposal,
        batch_id = excluded.batch_id
      WHERE f.status = 'open' AND (f.severity, f.said, f.evidence, f.proposal)
        IS DISTINCT FROM (excluded.severity, excluded.said, excluded.evidence, excluded.proposal)
      RETURNING ${ofFinding}, f.xmax = 0 AS opened`,
    values: [
      sourceId,
      batchId,
      numbers(distinct.map((row) => row.listingId)),
      texts(distinct.map((row) => keyOf(row.finding))),
      texts(distinct.map((row) => row.finding.rule)),
      texts(distinct.map((row) => row.finding.severity)),
      texts(distinct.map((row) => row.finding.subject.kind)),
      texts(distinct.map((row) => row.finding.subject.interval)),
      texts(distinct.map((row) => row.finding.subject.date)),
      numbers(distinct.map((row) => row.finding.subject.at)),
      numbers(distinct.map((row) => row.finding.row)),
      texts(distinct.map((row) => JSON.stringify(row.finding.evidence))),
      texts(distinct.map((row) => (row.finding.proposal === null ? null : JSON.stringify(row.finding.proposal)))),
    ],
  });
  publishOpened(db, { rows: stored.rows.filter((row) => openedRow.parse(row).opened) });
  return distinct;
}
