import { useSyncExternalStore } from 'react';
import { z } from 'zod';

const storageKey = 'quotron.watchlist';
const symbolsSchema = z.array(z.string()).catch([]);

let symbols: ReadonlySet<string> = stored();
const listeners = new Set<() => void>();

function stored(): ReadonlySet<string> {
  try {
    return new Set(symbolsSchema.parse(JSON.parse(localStorage.getItem(storageKey) ?? '[]')));
  } catch {
    return new Set();
  }
}

/** Adds a symbol to the watchlist of this browser, or removes it. */
export function toggleWatched(symbol: string): void {
  const next = new Set(symbols);
  if (!next.delete(symbol)) next.add(symbol);
  symbols = next;
  localStorage.setItem(storageKey, JSON.stringify([...next]));
  for (const listener of listeners) listener();
}

/** The symbols on the watchlist; they are pinned to the top of the market. */
export function useWatchlist(): ReadonlySet<string> {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => symbols,
  );
}
