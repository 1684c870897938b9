/**
 * Keeps what was read for so many milliseconds, by key. Callers that come meanwhile share it, also while it is being read;
 * what could not be read is not kept.
 *
 * @example
 * const counted = keptFor<number>(30_000);
 * await counted('dead letters', call.now, () => countDeadLetters()); // asks once in half a minute
 */
export function keptFor<T>(milliseconds: number): (key: string, now: number, read: () => Promise<T>) => Promise<T> {
  const kept = new Map<string, { readonly at: number; readonly value: Promise<T> }>();
  return (key, now, read) => {
    const last = kept.get(key);
    if (last && now >= last.at && now < last.at + milliseconds) return last.value;
    const own = { at: now, value: read() };
    kept.set(key, own);
    own.value.catch(() => {
      if (kept.get(key) === own) kept.delete(key);
    });
    return own.value;
  };
}
