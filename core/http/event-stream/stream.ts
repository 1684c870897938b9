/** A stream of events: what there is since the position, then what comes, until its time is over or the client goes. */
import { streamGraceMs, streamLastsMs } from '../../contracts/events/following.ts';
import type { StreamSlot, StreamSlots } from '../../ports/stream-slots.ts';
import type { FeedWatch } from './feed-watch.ts';
import { askLater, beginning, blocksOf, type Follower, following, here } from './follow.ts';

/** What a process that streams has. */
export interface Streaming {
  readonly slots: StreamSlots;
  readonly watch: FeedWatch;
  /** After so long a stream ends, and its client asks again. */
  readonly lastsMs: number;
  /**
   * After so long without an event a comment is sent, so that nothing between takes the connection for dead. As often the
   * client's key is looked up.
   */
  readonly heartbeatMs: number;
  /** Gets the error for which a stream ended before its time. Its answer has begun: the client sees none of it. */
  broke(error: unknown, requestId: string): void;
}

/** Whose stream it is. */
export interface StreamClient {
  /** A name that no client of another key has: a later stream of the same name replaces this one. */
  readonly name: string | null;
  readonly requestId: string;
  stillAdmitted(): Promise<boolean>;
}

export const usualTimes = { lastsMs: streamLastsMs, heartbeatMs: 15_000 } as const;

/** When a browser asks again after a stream has ended, in milliseconds. */
const retryMs = 2_000;

/** The body of a stream; `null` while all streams are taken. Nothing is read ahead of a client that does not read. */
export async function openStream(
  follower: Follower,
  streaming: Streaming,
  client: StreamClient,
): Promise<ReadableStream<Uint8Array> | null> {
  const { slots, lastsMs } = streaming;
  const slot = await slots.take(client.name, lastsMs + streamGraceMs);
  if (slot === null) return null;
  const over = new AbortController();
  const blocks = wholeRun(follower, streaming, { client, slot, signal: over.signal });
  const encoder = new TextEncoder();
  const end = () => {
    over.abort();
    clearTimeout(deadline);
    return slot.free();
  };
  let deadline: NodeJS.Timeout | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        deadline = setTimeout(() => {
          controller.error(new Error('The client of a stream of events has not read it to its end.'));
          void end();
        }, lastsMs + streamGraceMs);
      },
      async pull(controller) {
        const next = await blocks.next();
        if (over.signal.aborted) return;
        if (!next.done) {
          controller.enqueue(encoder.encode(next.value));
          return;
        }
        // Before the answer ends, after which a container does nothing any more.
        await end();
        controller.close();
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}

interface Run {
  readonly client: StreamClient;
  readonly slot: StreamSlot;
  readonly signal: AbortSignal;
}

/** A run that fails ends as others do, after a whole block: what stands between would make text of its own of an error. */
async function* wholeRun(follower: Follower, streaming: Streaming, run: Run): AsyncGenerator<string> {
  try {
    yield* runOf(follower, streaming, run);
  } catch (error) {
    streaming.broke(error, run.client.requestId);
    yield askLater;
  }
}

async function* runOf(
  follower: Follower,
  { watch, lastsMs, heartbeatMs }: Streaming,
  { client, slot, signal }: Run,
): AsyncGenerator<string> {
  const endsAt = performance.now() + lastsMs;
  const followed = following(follower);
  yield beginning(retryMs, await followed.begin()) + here(followed.position());
  let saidAt = performance.now();
  let admittedAt = saidAt;
  while (!signal.aborted && performance.now() < endsAt) {
    // Most often nobody reads it any more. Two clients of one name would take each other's slot each time they ask.
    if (!(await slot.held().catch(() => true))) {
      yield askLater;
      return;
    }
    if (performance.now() - admittedAt >= heartbeatMs) {
      // While the database is away nothing is read, and a client that had to ask again would be refused for good.
      if (!(await client.stillAdmitted().catch(() => true))) return;
      admittedAt = performance.now();
    }
    const { events, more } = await followed.look();
    if (events.length > 0) {
      yield blocksOf(events);
      saidAt = performance.now();
    } else if (performance.now() - saidAt >= heartbeatMs) {
      // With the position, which moves where filters leave everything out.
      yield `: still here\n${here(followed.position())}`;
      saidAt = performance.now();
    }
    const untilHeartbeat = saidAt + heartbeatMs - performance.now();
    const most = Math.min(untilHeartbeat, endsAt - performance.now());
    if (!more) await watch.changed(followed.position(), most, signal, slot.held);
  }
}
