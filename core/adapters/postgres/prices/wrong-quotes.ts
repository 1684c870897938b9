/** SQL: which stored quotes a finding calls wrong, so that they are not served, and what accepted proposals make of them. */

const onRow = (quote: string) => `f.listing_id = ${quote}.listing_id AND f.source = ${quote}.source AND f.kind = 'quote'
  AND f.severity = 'wrong' AND f.at = ${quote}.as_of AND f.said = ${quote}.price`;

/** An accepted proposal of the price of `quote`, as it was known at an instant; where that is NULL, by now. */
const accepted = (
  quote: string,
  at: string,
) => `f.kind = 'quote' AND f.source = ${quote}.source AND f.at = ${quote}.as_of
  AND f.said = ${quote}.price AND f.status = 'accepted' AND f.proposal->>'field' = 'price' AND (${at} IS NULL OR f.closed_at <= ${at})`;

/** Whether a row of `quote` of the listing has such a proposal. */
export const isRepaired = (quote: string, listing: string, at: string): string =>
  `EXISTS (SELECT FROM finding f WHERE f.listing_id = ${listing} AND ${accepted(quote, at)})`;

/**
 * The proposals of `q`, as `r`, where a condition holds. What stands beside a price in another unit may be in that one, too:
 * only a previous close that is the witness stays.
 */
export const repairsOf = (listing: string, at: string, condition: string): string => `
  LEFT JOIN LATERAL (
    SELECT f.id::text AS id, (f.proposal->>'to')::numeric AS price,
           CASE WHEN f.evidence->>'witness' = 'previous_close' THEN q.previous_close END AS previous_close
    FROM finding f WHERE ${condition} AND f.listing_id = ${listing} AND ${accepted('q', at)} ORDER BY f.id LIMIT 1) r ON true`;

/** Whether a row of `quote` or its revisions is wrong by now. */
export const isWrong = (quote: string): string =>
  `EXISTS (SELECT FROM finding f WHERE ${onRow(quote)} AND f.status IN ('open', 'accepted'))`;

/** The same as it was known at an instant; where that is NULL, by now. */
export const wasWrong = (quote: string, at: string): string => `EXISTS (
  SELECT FROM finding f WHERE ${onRow(quote)} AND (${at} IS NULL OR f.opened_at <= ${at})
    AND (f.status IN ('open', 'accepted') OR f.closed_at > ${at}))`;
