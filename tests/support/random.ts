/** Random numbers that a seed repeats. */
export type Random = ReturnType<typeof randomFrom>;

/** A generator (mulberry32) of numbers in [0, 1). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The same generator with what a mix of faults chooses by. */
export function randomFrom(seed: number) {
  const next = randomOf(seed);
  const shuffled = <T>(list: readonly T[]): T[] => {
    const mixed = [...list];
    for (let last = mixed.length - 1; last > 0; last--) {
      const other = Math.floor(next() * (last + 1));
      const [a, b] = [mixed[last], mixed[other]];
      if (a === undefined || b === undefined) continue;
      mixed[last] = b;
      mixed[other] = a;
    }
    return mixed;
  };
  return {
    /** In [0, 1). */
    next,
    /** Whether a thing of this probability happens. */
    chance: (probability: number): boolean => next() < probability,
    /** A whole number, both ends included. */
    between: (least: number, most: number): number => least + Math.floor(next() * (most - least + 1)),
    /** One of a list; `undefined` of none. */
    pick: <T>(list: readonly T[]): T | undefined => list[Math.floor(next() * list.length)],
    shuffled,
  };
}
