import type { UpstreamCall } from '../../ports/upstream.ts';

/**
 * The requests by which a page gets more rows of its table, whether a link, a button or scrolling leads to them: each waits
 * until it may be made.
 */
export interface FurtherRequests {
  /** From now on what the page asks for is more of its table. What it asked for before and asks for again is not. */
  begin(more: UpstreamCall['more']): void;
  end(): void;
  /** Asks ahead for the next request. Gives whether it may be made. */
  reserve(): Promise<boolean>;
  /** Waits until a request may be made. Gives whether it may. */
  mayBegin(url: string): Promise<boolean>;
  /** How often one has begun to wait, or was let go on. */
  turns(): number;
  isWaiting(): boolean;
  /** Whether one was refused: the page is without what it would have brought. */
  isRefused(): boolean;
  /** Milliseconds of all waiting, that of now included. */
  waitedMs(): number;
}

/** Of one page. */
export function furtherRequests(): FurtherRequests {
  const asked = new Set<string>();
  let more: (() => Promise<boolean>) | null = null;
  let reserved = 0;
  let turns = 0;
  let waiting = 0;
  let refused = false;
  let waited = 0;
  let since: number | null = null;
  let line: Promise<unknown> = Promise.resolve();

  const note = (url: string) => {
    if (asked.size < mostKnown) asked.add(url);
  };

  /** One after the other, so that their waiting adds up. */
  function ask(): Promise<boolean> {
    waiting++;
    turns++;
    const turn = line.then(async () => {
      since = performance.now();
      try {
        return more === null || (await more());
      } finally {
        waited += performance.now() - since;
        since = null;
        waiting--;
        turns++;
      }
    });
    line = turn.catch(() => undefined);
    return turn;
  }

  return {
    begin(ofPage) {
      more = ofPage ?? null;
      reserved = 0;
      refused = false;
    },
    end() {
      more = null;
    },
    async reserve() {
      if (more === null) return true;
      const may = await ask();
      if (may) reserved++;
      else refused = true;
      return may;
    },
    async mayBegin(url) {
      if (more === null || asked.has(url)) {
        note(url);
        return true;
      }
      // What was refused once is over: a page that asks again would be told the same.
      if (refused) return false;
      if (reserved > 0) reserved--;
      else if (!(await ask())) {
        refused = true;
        return false;
      }
      note(url);
      return true;
    },
    turns: () => turns,
    isWaiting: () => waiting > 0,
    isRefused: () => refused,
    waitedMs: () => waited + (since === null ? 0 : performance.now() - since),
  };
}

/** Addresses of one page that are remembered. */
const mostKnown = 2_000;
