/** Closed lists of events. */

/** How the rows of a batch came: by themselves, or in bulk. */
export const batchOrigins = ['live', 'backfill', 'replay', 'import', 'former_release'] as const;
export type BatchOrigin = (typeof batchOrigins)[number];

/** What happened to symbols of the watch list. */
export const watchChanges = ['added', 'removed', 'found', 'missing'] as const;
export type WatchChange = (typeof watchChanges)[number];

/** Types of events that rules of alerts may be about. */
export const alertingTypes = [
  'quotes.stored',
  'quotes.revised',
  'source.health-changed',
  'finding.opened',
  'finding.closed',
  'quarantine.added',
  'price.disputed',
] as const;
