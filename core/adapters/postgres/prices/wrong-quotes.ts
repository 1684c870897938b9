/** SQL: which stored quotes a finding calls wrong, so that they are not served. */

const onRow = (quote: string) => `f.listing_id = ${quote}.listing_id AND f.source = ${quote}.source AND f.kind = 'quote'
  AND f.severity = 'wrong' AND f.at = ${quote}.as_of AND f.said = ${quote}.price`;

/** Whether a row of `quote` or its revisions is wrong by now. */
export const isWrong = (quote: string): string =>
  `EXISTS (SELECT FROM finding f WHERE ${onRow(quote)} AND f.status IN ('open', 'accepted'))`;

/** The same as it was known at an instant; where that is NULL, by now. */
export const wasWrong = (quote: string, at: string): string => `EXISTS (
  SELECT FROM finding f WHERE ${onRow(quote)} AND (${at} IS NULL OR f.opened_at <= ${at})
    AND (f.status IN ('open', 'accepted') OR f.closed_at > ${at}))`;
