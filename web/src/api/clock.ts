import { useSyncExternalStore } from 'react';

/**
 * The server's time. Ages are counted against the server's clock, from its `Date` header, because a laptop that is
 * three minutes off would otherwise call every price three minutes old.
 */
let offsetMs = 0;
let tickMs = Math.floor(Date.now() / 1_000) * 1_000;
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

export const clock = {
  /** Milliseconds since the epoch by the server's clock. */
  now: (): number => Date.now() + offsetMs,
  /** The day in UTC so many days ago by the server's clock, as `2026-11-30`. */
  dayBefore: (days: number): string => new Date(clock.now() - days * 86_400_000).toISOString().slice(0, 10),
  /** Updates the offset from a response's `Date` header. The header has whole seconds, so differences under two seconds are ignored. */
  learn(dateHeader: string | null): void {
    const server = Date.parse(dateHeader ?? '');
    if (Number.isNaN(server)) return;
    const difference = server - Date.now();
    const before = offsetMs;
    offsetMs = Math.abs(difference) < 2_000 ? 0 : difference;
    if (Math.abs(offsetMs - before) > 2_000) tick();
  },
  /** Converts an instant of this machine's clock (`Date.now()`) to the server's clock, as ISO text. */
  ofLocal: (localMs: number): string => new Date(localMs + offsetMs).toISOString(),
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    timer = setInterval(tick, 1_000);
    tickMs = clock.now();
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  if (document.hidden) return;
  tickMs = clock.now();
  for (const listener of listeners) listener();
}

/** The current time, updated each second while the tab is visible. For text such as `12 s ago`. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => tickMs);
}
