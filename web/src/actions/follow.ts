interface Following<T> {
  readonly withinMs: number;
  readonly everyMs?: number;
  /** What was seen already; without it the first look is at once. */
  readonly seen?: T;
}

/** Looks at something every so often, each second unless given, until it is over or the time is. Gives what was seen last. */
export async function follow<T>(
  look: () => Promise<T>,
  isOver: (seen: T) => boolean,
  { withinMs, everyMs = 1_000, seen }: Following<T>,
): Promise<T> {
  const until = Date.now() + withinMs;
  let last = seen ?? (await look());
  while (!isOver(last) && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    last = await look();
  }
  return last;
}
