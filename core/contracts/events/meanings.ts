import type { EventType } from './event.ts';

/** What each type of event reports, for people: docs/events.md and the AsyncAPI document. */
export const eventMeanings: Readonly<Record<EventType, string>> = {
  'quotes.stored': 'new quotes of a source, by block, 200 rows at the most',
  'quotes.revised': 'quotes whose content changed, as they are now',
  'bars.stored': 'new bars: which series, how many, of which days',
  'bars.revised': 'bars whose content changed',
  'bars.withdrawn': 'bars, splits and payments that a source does not tell any more',
  'actions.changed': 'splits and payments that are new, or say something else',
  'constituents.stored': "a list of an index's members was stored",
  'constituents.revised': 'members of a list changed',
  'batch.completed': 'a backfill, replay or import was stored: it takes the place of events for its new rows',
  'quarantine.added': 'rows of a batch were put in quarantine',
  'listing.changed': 'a symbol means another listing, or a listing has another symbol',
  'finding.opened': 'something speaks against a row that is stored',
  'finding.closed': 'nothing does any more, or somebody has decided',
  'price.disputed': 'sources differ on the price of a listing',
  'source.health-changed': 'the status of a source changed',
  'incident.opened': 'something is wrong with a source',
  'incident.resolved': 'it is over',
  'recovery.started': 'a recovery began',
  'recovery.finished': 'it ended',
  'watch.changed': 'symbols were added to the watch list or removed, or a source has them, or not',
  'channel.disabled':
    'nothing is sent to a channel of alerts any more: a person switched it off, or its deliveries failed',
};
