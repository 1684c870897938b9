import type { QuotronEvent } from '../contracts/events/event.ts';
import { alertingTypes } from '../contracts/events/words.ts';
import type { AlertCondition } from '../contracts/http/alerts.ts';

/** Which rules an event may concern. */
export interface Concerned {
  readonly kinds: readonly AlertCondition['kind'][];
  /** Of rules that name a symbol, only those of these. */
  readonly symbols: readonly string[];
  /** Of rules that name a source, only those of it. */
  readonly sourceId: string;
}

type AlertingEvent = Extract<QuotronEvent, { type: (typeof alertingTypes)[number] }>;

/**
 * Which rules an event may concern; `null` for none. What came in bulk (a backfill, replay or import, or a former release)
 * is no news, and concerns none.
 */
export function concernedBy(event: QuotronEvent): Concerned | null {
  if (!isAlerting(event)) return null;
  const { type, data } = event;
  if ('origin' in data && data.origin !== 'live') return null;
  const { sourceId } = data;
  switch (type) {
    case 'quotes.stored':
    case 'quotes.revised':
      return {
        kinds: ['price_above', 'price_below', 'move'],
        symbols: [...new Set(data.rows.map(({ symbol }) => symbol))],
        sourceId,
      };
    case 'source.health-changed':
      return data.to === 'failed' && data.from !== 'failed'
        ? { kinds: ['source_failed'], symbols: [], sourceId }
        : null;
    case 'finding.opened':
    case 'finding.closed':
      return { kinds: ['findings_over'], symbols: [], sourceId };
    case 'quarantine.added':
      return { kinds: ['quarantine_over'], symbols: [], sourceId };
    case 'price.disputed':
      return { kinds: ['dispute'], symbols: [data.symbol], sourceId };
  }
}

function isAlerting(event: QuotronEvent): event is AlertingEvent {
  return alertingTypes.some((type) => type === event.type);
}
