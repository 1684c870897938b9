import type { Decision, QuoteFinding } from '../../../prices/decision.ts';
import { keyOf } from '../../../prices/rules/finding.ts';
import { numbers, texts } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';

/**
 * Stores what was found on quotes, after the quotes themselves: a finding on a row that says something else by now is not
 * stored. One that is open takes the new evidence, one that a person has decided on stays as it is. Open findings whose
 * rows are right after all, or say something else by now, are gone.
 */
export async function storeQuoteFindings(
  db: Connection,
  sourceId: string,
  batchId: string,
  { quotes, quoteFindings = [], clearedQuotes = [] }: Decision,
  revised: boolean,
): Promise<void> {
  if (quoteFindings.length > 0) await insert(db, sourceId, batchId, quoteFindings);
  if (clearedQuotes.length > 0)
    await db.query({
      name: 'clear-quote-findings',
      text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
             FROM unnest($2::int[], $3::float8[]) AS c (listing_id, at)
             WHERE f.listing_id = c.listing_id AND f.source = $1 AND f.kind = 'quote' AND f.status = 'open'
               AND f.at = to_timestamp(c.at / 1000.0::float8)`,
      values: [
        sourceId,
        numbers(clearedQuotes.map((each) => each.listingId)),
        numbers(clearedQuotes.map((each) => each.at)),
      ],
    });
  if (revised)
    await db.query({
      name: 'end-quote-findings',
      text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
             WHERE f.listing_id = ANY ($2::int[]) AND f.source = $1 AND f.kind = 'quote' AND f.status = 'open'
               AND NOT EXISTS (SELECT FROM quote q WHERE q.listing_id = f.listing_id AND q.source = f.source
                               AND q.as_of = f.at AND q.price = f.said)`,
      values: [sourceId, numbers(quotes.map((row) => row.listing.id))],
    });
}

async function insert(
  db: Connection,
  sourceId: string,
  batchId: string,
  found: readonly QuoteFinding[],
): Promise<void> {
  const rows = [...new Map(found.map((each) => [`${each.listingId} ${keyOf(each)}`, each])).values()];
  await db.query({
    name: 'store-quote-findings',
    text: `
      INSERT INTO finding AS f (listing_id, source, row_key, rule, severity, kind, at, said, evidence, proposal, batch_id)
      SELECT r.listing_id, $1, r.row_key, r.rule, r.severity, 'quote', to_timestamp(r.at / 1000.0::float8), r.said,
             r.evidence, r.proposal, $2::bigint
      FROM unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::float8[], $8::numeric[], $9::jsonb[], $10::jsonb[])
        AS r (listing_id, row_key, rule, severity, at, said, evidence, proposal)
      WHERE EXISTS (SELECT FROM quote q WHERE q.listing_id = r.listing_id AND q.source = $1
                    AND q.as_of = to_timestamp(r.at / 1000.0::float8) AND q.price = r.said)
      ON CONFLICT (listing_id, source, row_key) WHERE status <> 'gone' DO UPDATE SET
        severity = excluded.severity, said = excluded.said, evidence = excluded.evidence, proposal = excluded.proposal,
        batch_id = excluded.batch_id
      WHERE f.status = 'open' AND (f.severity, f.said, f.evidence, f.proposal)
        IS DISTINCT FROM (excluded.severity, excluded.said, excluded.evidence, excluded.proposal)`,
    values: [
      sourceId,
      batchId,
      numbers(rows.map((row) => row.listingId)),
      texts(rows.map((row) => keyOf(row))),
      texts(rows.map((row) => row.rule)),
      texts(rows.map((row) => row.severity)),
      numbers(rows.map((row) => row.subject.at)),
      numbers(rows.map((row) => row.row)),
      texts(rows.map((row) => JSON.stringify(row.evidence))),
      texts(rows.map((row) => (row.proposal === null ? null : JSON.stringify(row.proposal)))),
    ],
  });
}
