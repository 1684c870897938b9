import type { EventFeed } from '../../ports/event-feed.ts';

/** Tells those who wait that there are new events: one question a time for all who wait, and none while nobody does. */
export interface FeedWatch {
  /**
   * Resolves once there is something after the position, after `ms`, when the signal aborts, or when `held`, which is asked as
   * often as the feed, says no.
   */
  changed(position: string, ms: number, signal: AbortSignal, held?: () => Promise<boolean>): Promise<void>;
}

interface Waiter {
  readonly position: bigint;
  held(): Promise<boolean>;
  wake(): void;
}

/** Asks the feed every `pollMs` where it stands. While it cannot be asked, everyone goes on waiting. */
export function feedWatch(feed: Pick<EventFeed, 'bounds'>, pollMs: number): FeedWatch {
  const waiting = new Set<Waiter>();
  let soon: NodeJS.Timeout | undefined;
  let asking = false;

  const askSoon = () => {
    if (!asking && soon === undefined && waiting.size > 0) soon = setTimeout(ask, pollMs);
  };
  async function ask() {
    soon = undefined;
    asking = true;
    try {
      const newest = BigInt((await feed.bounds()).newest);
      for (const waiter of waiting) if (newest > waiter.position || !(await waiter.held())) waiter.wake();
    } catch {
      // The next question may be answered; a stream that reads meanwhile fails by itself.
    } finally {
      asking = false;
      askSoon();
    }
  }

  return {
    changed: (position, ms, signal, held = async () => true) =>
      new Promise((resolve) => {
        const wake = () => {
          waiting.delete(waiter);
          clearTimeout(timer);
          signal.removeEventListener('abort', wake);
          if (waiting.size === 0) {
            clearTimeout(soon);
            soon = undefined;
          }
          resolve();
        };
        const waiter = { position: BigInt(position), held, wake };
        const timer = setTimeout(wake, Math.max(0, ms));
        waiting.add(waiter);
        signal.addEventListener('abort', wake);
        if (signal.aborted) wake();
        else askSoon();
      }),
  };
}
