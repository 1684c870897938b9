import { clockToleranceMs } from '../../../planning/wrong-clock.ts';
import { futureToleranceMs } from '../../../prices/thresholds.ts';
import { intervalOf } from '../database/instant.ts';

/** SQL: an instant of a fetch lies in the future. It was stored while the clock was ahead, and nothing is later than that. */
export const isAhead = (fetched: string) => `${fetched} > statement_timestamp() + ${intervalOf(clockToleranceMs)}`;

/** SQL: what comes was fetched later than what is stored. What is stored from the future is earlier than anything. */
export const isFetchedLater = (comes: string, stored: string): string => `(${comes} > ${stored} OR ${isAhead(stored)})`;

/** SQL: a stored market time lies further in the future than any that passes the checks. */
export const isOfTheFuture = (asOf: string): string =>
  `${asOf} > statement_timestamp() + ${intervalOf(clockToleranceMs + futureToleranceMs)}`;
