/** What the quickest of some statements took: how fast the database is, and not what one of them had to do. */
export interface Pace {
  of<Result>(statement: Promise<Result>): Promise<Result>;
  /** In milliseconds; 0 before the first one. */
  readonly quickestMs: number;
}

/** Measures statements that are made one after the other: each is timed from when it is handed over, by a clock that nobody sets. */
export function startPace(elapsedMs: () => number): Pace {
  let quickest: number | null = null;
  return {
    async of(statement) {
      const began = elapsedMs();
      const result = await statement;
      const took = elapsedMs() - began;
      quickest = quickest === null ? took : Math.min(quickest, took);
      return result;
    },
    get quickestMs() {
      return quickest ?? 0;
    },
  };
}
