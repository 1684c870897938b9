/** The wall clock, for handlers and adapters. Milliseconds since the Unix epoch. */
export type Clock = () => number;
