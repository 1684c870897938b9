/**
 * Which events a follower of the feed gets, and what of them: those of its licence, types, sources and symbols. Of an event
 * with many rows, only the rows of its symbols. Pure.
 */
import type { EventType, QuotronEvent } from '../contracts/events/event.ts';
import { isOfOperation } from './envelope.ts';
import { sourceIdOf } from './key.ts';

/** What a follower asks for; `null` for all. */
export interface Wanted {
  readonly types: ReadonlySet<EventType> | null;
  readonly sources: ReadonlySet<string> | null;
  /** Canonical. */
  readonly symbols: ReadonlySet<string> | null;
}

/** The sources that a follower may see. */
export interface Visible {
  /** Whether every source is among them. */
  readonly all: boolean;
  has(sourceId: string): boolean;
}

/** What rests on what other sources said is for those alone who may see every source. */
const ofSeveral: ReadonlySet<EventType> = new Set(['finding.opened', 'finding.closed', 'price.disputed']);

/** The event as a follower may and wants to have it; `null` where it is not for it. */
export function selected(event: QuotronEvent, wanted: Wanted, visible: Visible): QuotronEvent | null {
  if (wanted.types !== null && !wanted.types.has(event.type)) return null;
  const source = sourceIdOf(event);
  if (wanted.sources !== null && (source === null || !wanted.sources.has(source))) return null;
  if (ofSeveral.has(event.type) && !visible.all) return null;
  if (!isOfOperation(event) && (source === null || !visible.has(source))) return null;
  return wanted.symbols === null ? event : ofSymbols(event, wanted.symbols);
}

/** The event with the rows of some symbols alone; `null` where it has none. What is about no symbol is left out. */
function ofSymbols(event: QuotronEvent, symbols: ReadonlySet<string>): QuotronEvent | null {
  const ours = <Row extends { readonly symbol: string }>(rows: readonly Row[]) =>
    rows.filter(({ symbol }) => symbols.has(symbol));
  switch (event.type) {
    case 'quotes.stored':
    case 'quotes.revised': {
      const rows = ours(event.data.rows);
      return rows.length === 0 ? null : { ...event, data: { ...event.data, rows } };
    }
    case 'bars.stored':
    case 'bars.revised': {
      const series = ours(event.data.series);
      return series.length === 0 ? null : { ...event, data: { ...event.data, series } };
    }
    case 'bars.withdrawn': {
      const listings = ours(event.data.listings);
      return listings.length === 0 ? null : { ...event, data: { ...event.data, listings } };
    }
    case 'actions.changed': {
      const actions = ours(event.data.actions);
      return actions.length === 0 ? null : { ...event, data: { ...event.data, actions } };
    }
    case 'batch.completed': {
      const listings = ours(event.data.listings);
      return listings.length === 0 ? null : { ...event, data: { ...event.data, listings } };
    }
    case 'watch.changed': {
      const changed = ours(event.data.symbols);
      return changed.length === 0 ? null : { ...event, data: { ...event.data, symbols: changed } };
    }
    case 'listing.changed':
    case 'finding.opened':
    case 'finding.closed':
    case 'price.disputed':
      return symbols.has(event.data.symbol) ? event : null;
    default:
      return null;
  }
}
