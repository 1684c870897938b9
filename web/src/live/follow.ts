/** Follows `GET /events` from now on, whichever form it has: a stream that stays open, or all since, again and again. */
import { requestErrorOf } from '../api/failure.ts';
import { eventTextReader } from './event-text.ts';

export interface Heard {
  /** Something came: an event, or a sign that the feed is there. `data` is the event's, `null` for a sign. */
  said(data: string | null): void;
  /** What was missed is not known: everything may have changed. */
  missed(): void;
  /** The feed does not answer. */
  lost(): void;
}

/** A stream says something every 15 seconds. */
const silentMs = 45_000;
const firstRetryMs = 2_000;
const mostRetryMs = 60_000;
/** Answers after which there is no feed to be asked for: none is there, or not for this session. */
const noFeed: ReadonlySet<number | null> = new Set([204, 401, 403, 404]);

/** Asks for what came after a place, `null` for from now on. */
type OpenFeed = (last: string | null, signal: AbortSignal) => Promise<Response>;

/** Follows until the signal aborts, or there is no feed. */
export async function follow(open: OpenFeed, signal: AbortSignal, heard: Heard): Promise<void> {
  let last: string | null = null;
  let retryMs = firstRetryMs;
  let failures = 0;
  let opened = false;
  while (!signal.aborted) {
    try {
      const response = await open(last, signal);
      if (noFeed.has(response.status)) break;
      failures = 0;
      // The stream before this one broke before it said where it began.
      if (opened && last === null) heard.missed();
      opened = true;
      for await (const block of blocksOf(response, signal)) {
        last = block.id ?? last;
        retryMs = block.retryMs ?? retryMs;
        if (block.event === 'reset') heard.missed();
        else heard.said(block.event === null ? null : block.data);
      }
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      heard.lost();
      if (noFeed.has(requestErrorOf(error).status)) break;
    }
    await pause(Math.min(mostRetryMs, retryMs * 2 ** failures), signal);
  }
  heard.lost();
}

async function* blocksOf(response: Response, signal: AbortSignal) {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const read = eventTextReader();
  try {
    for (;;) {
      const { done, value } = await withinSilence(reader.read(), signal);
      if (done) return;
      yield* read(value);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** What is read, or an error where nothing comes for long: the connection may be dead without a word. */
function withinSilence<T>(reading: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The feed of events is silent.')), silentMs);
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    reading.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
    });
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
