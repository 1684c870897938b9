/** One arm that was measured on both sides. */
export interface Comparison {
  readonly arm: string;
  readonly per: 'row' | 'request' | 'task' | 'page';
  /** Processor time of one of them, in microseconds: the median of the rounds. */
  readonly beforeMicros: number;
  readonly afterMicros: number;
  /** After by before: the median of the rounds, the lowest and the highest. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
}

/** What the rounds of an arm come to. */
export function compared(
  arm: string,
  per: Comparison['per'],
  pairs: readonly { readonly before: number; readonly after: number }[],
): Comparison {
  const ratios = pairs.map((pair) => pair.after / pair.before);
  return {
    arm,
    per,
    beforeMicros: median(pairs.map((pair) => pair.before)),
    afterMicros: median(pairs.map((pair) => pair.after)),
    ratio: median(ratios),
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
  };
}

/** The middle one of numbers in their order; of an even number of them, the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[half - 1] ?? Number.NaN)) / 2;
}
