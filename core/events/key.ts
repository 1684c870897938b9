import { namedByType, type QuotronEvent } from '../contracts/events/event.ts';
import type { QuotesEvent } from './of-batch.ts';

type Event = Pick<QuotronEvent, 'data'> | Pick<QuotesEvent, 'data'>;

/**
 * The key of an event, by which followers keep its order: its source, with the block where it is of listings; `alerts` where
 * it is about no source.
 *
 * @example
 * const key = keyOf(event); // 'yahoo/3' of quotes, 'yahoo' of an incident
 */
export function keyOf({ data }: Event): string {
  if (!('sourceId' in data)) return 'alerts';
  return 'block' in data ? `${data.sourceId}/${data.block}` : data.sourceId;
}

/** The source that an event is about; `null` for none. */
export function sourceIdOf({ data }: Event): string | null {
  return 'sourceId' in data ? data.sourceId : null;
}

/** The same, by what an event is known by where its data are not read. */
export function sourceIdOfKey(type: string, key: string): string | null {
  return namedByType.get(type)?.source ? (key.split('/', 1)[0] ?? key) : null;
}
