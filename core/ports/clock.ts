/** The wall clock, for what is at the edge. Milliseconds since the Unix epoch. */
export type Clock = () => number;
