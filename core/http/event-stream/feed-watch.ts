import type { EventFeed } from '../../ports/event-feed.ts';

/** Tells those who wait that there are new events: one question a time for all who wait, and none while nobody does. */
export interface FeedWatch {
  /** Resolves once there is something after the position, after `ms`, or when the signal aborts. */
  changed(position: string, ms: number, signal: AbortSignal): Promise<void>;
}

interface Waiter {
  readonly position: bigint;
  wake(): void;
}

/** Asks the feed every `pollMs` where it stands. While it cannot be asked, everyone goes on waiting. */
export function feedWatch(feed: Pick<EventFeed, 'bounds'>, pollMs: number): FeedWatch {
  const waiting = new Set<Waiter>();
  let asking: NodeJS.Timeout | undefined;

  const askSoon = () => {
    if (asking === undefined && waiting.size > 0) asking = setTimeout(ask, pollMs);
  };
  async function ask() {
    try {
      const newest = BigInt((await feed.bounds()).newest);
      for (const waiter of waiting) if (newest > waiter.position) waiter.wake();
    } catch {
      // The next question may be answered; a stream that reads meanwhile fails by itself.
    } finally {
      asking = undefined;
      askSoon();
    }
  }

  return {
    changed: (position, ms, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          waiting.delete(waiter);
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          if (waiting.size === 0) {
            clearTimeout(asking);
            asking = undefined;
          }
          resolve();
        };
        const waiter = { position: BigInt(position), wake };
        const timer = setTimeout(wake, Math.max(0, ms));
        waiting.add(waiter);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
        else askSoon();
      }),
  };
}
