/** The metric that says whether a source fails, 1 or 0, each minute: dimension `source`. Its alarm is named by it. */
export const sourceFailing = 'SourceFailing';

/**
 * The metric that is 1 in each minute in which a source is limited, and is not written otherwise. Dimension and alarm
 * as above.
 */
export const sourceLimited = 'SourceLimited';

/**
 * The metric that is 1 in each minute in which a source has failed and recovered again and again for hours, and is not
 * written otherwise. Dimension and alarm as above.
 */
export const sourceFlapping = 'SourceFlapping';

/** The metric that counts raw blobs that were kept and never read, found by the comparison of S3 and the batches. */
export const blobsNeverRead = 'BlobsNeverRead';
