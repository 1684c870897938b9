/**
 * The metric that is 1 in each minute in which a source fails, and is not written otherwise: a metric without data costs
 * nothing. Dimension `source`; its alarm is named by it.
 */
export const sourceFailing = 'SourceFailing';

/** The metrics that are 1 in each minute in which any source is limited, or flaps, and are not written otherwise. */
export const sourcesLimited = 'SourcesLimited';
export const sourcesFlapping = 'SourcesFlapping';

/**
 * The metric that says for how many seconds the oldest event has waited for the relay; only written where it is more than a
 * minute.
 */
export const eventsLag = 'EventsLagSeconds';

/** The metric that counts streams of events that an error has ended. */
export const streamsBroken = 'StreamsBroken';

/** The metric that counts channels of alerts to which nothing is sent any more, as that begins. */
export const alertChannelsDisabled = 'AlertChannelsDisabled';

/** The metric that counts raw blobs that were kept and never read, found by the comparison of S3 and the batches. */
export const blobsNeverRead = 'BlobsNeverRead';

/** The metric that counts invocations that ended with less than a tenth of their time left. */
export const nearTimeout = 'NearTimeout';

/** What the daily maintenance finds. */
export const rowsInDefaultPartition = 'RowsInDefaultPartition';
export const calendarDaysLeft = 'CalendarDaysLeft';
export const databaseBytes = 'DatabaseBytes';
