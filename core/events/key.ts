import type { QuotronEvent } from '../contracts/events/event.ts';
import type { QuotesEvent } from './of-batch.ts';

/**
 * The key of an event, by which followers keep its order: its source, with the block where it is of listings.
 *
 * @example
 * const key = keyOf(event); // 'yahoo/3' of quotes, 'yahoo' of an incident
 */
export function keyOf({ data }: Pick<QuotronEvent, 'data'> | Pick<QuotesEvent, 'data'>): string {
  return 'block' in data ? `${data.sourceId}/${data.block}` : data.sourceId;
}
