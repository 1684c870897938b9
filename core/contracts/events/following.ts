/** How long and how often clients follow events over HTTP. */

/** When a browser asks again after the short form, in milliseconds. */
export const shortFormRetryMs = 15_000;
/** After so long a stream ends, in milliseconds, and its client asks again. */
export const streamLastsMs = 5 * 60_000;
/** A client that reads nothing keeps its stream for so much longer. */
export const streamGraceMs = 10_000;

/** Streams at the same time, where nothing else is set. */
export const usualStreams = 5;
/** Streams at the same time at the most: a request for one tries each slot. */
export const mostStreams = 20;
