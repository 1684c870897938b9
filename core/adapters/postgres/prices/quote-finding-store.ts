import type { Decision } from '../../../prices/decision.ts';
import { numbers } from '../database/array-literal.ts';
import type { Connection } from '../database/pool.ts';
import { ofFinding, publishClosed } from './finding-events.ts';
import { insertFindings } from './insert-findings.ts';

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
  await insertFindings(
    db,
    sourceId,
    batchId,
    quoteFindings.map((finding) => ({ listingId: finding.listingId, finding })),
  );
  if (clearedQuotes.length > 0)
    publishClosed(
      db,
      await db.query({
        name: 'clear-quote-findings',
        text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
             FROM unnest($2::int[], $3::float8[]) AS c (listing_id, at)
             WHERE f.listing_id = c.listing_id AND f.source = $1 AND f.kind = 'quote' AND f.status = 'open'
               AND f.at = to_timestamp(c.at / 1000.0::float8)
             RETURNING ${ofFinding}`,
        values: [
          sourceId,
          numbers(clearedQuotes.map((each) => each.listingId)),
          numbers(clearedQuotes.map((each) => each.at)),
        ],
      }),
    );
  if (revised)
    publishClosed(
      db,
      await db.query({
        name: 'end-quote-findings',
        text: `UPDATE finding f SET status = 'gone', closed_at = statement_timestamp()
             WHERE f.listing_id = ANY ($2::int[]) AND f.source = $1 AND f.kind = 'quote' AND f.status = 'open'
               AND NOT EXISTS (SELECT FROM quote q WHERE q.listing_id = f.listing_id AND q.source = f.source
                               AND q.as_of = f.at AND q.price = f.said)
             RETURNING ${ofFinding}`,
        values: [sourceId, numbers(quotes.map((row) => row.listing.id))],
      }),
    );
}
