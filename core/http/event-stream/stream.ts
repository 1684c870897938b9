/** A stream of events: what there is since the position, then what comes, until its time is over or the client goes. */
import { streamGraceMs, streamLastsMs } from '../../contracts/events/following.ts';
import type { StreamSlots } from '../../ports/stream-slots.ts';
import type { FeedWatch } from './feed-watch.ts';
import { beginning, blocksOf, type Follower, following, here } from './follow.ts';

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
}

export const usualTimes = { lastsMs: streamLastsMs, heartbeatMs: 15_000 } as const;

/** When a browser asks again after a stream has ended, in milliseconds. */
const retryMs = 2_000;

/** The body of a stream; `null` while all streams are taken. Nothing is read ahead of a client that does not read. */
export async function openStream(
  follower: Follower,
  streaming: Streaming,
  stillAdmitted: () => Promise<boolean>,
): Promise<ReadableStream<Uint8Array> | null> {
  const { slots, lastsMs } = streaming;
  const free = await slots.take(lastsMs + streamGraceMs);
  if (free === null) return null;
  const over = new AbortController();
  const blocks = runOf(follower, streaming, stillAdmitted, over.signal);
  const encoder = new TextEncoder();
  const end = () => {
    over.abort();
    clearTimeout(deadline);
    return free();
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
        try {
          const next = await blocks.next();
          if (over.signal.aborted) return;
          if (!next.done) {
            controller.enqueue(encoder.encode(next.value));
            return;
          }
        } catch (error) {
          await end();
          throw error;
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

async function* runOf(
  follower: Follower,
  { watch, lastsMs, heartbeatMs }: Streaming,
  stillAdmitted: () => Promise<boolean>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const endsAt = performance.now() + lastsMs;
  const followed = following(follower);
  yield beginning(retryMs, await followed.begin()) + here(followed.position());
  let saidAt = performance.now();
  let admittedAt = saidAt;
  while (!signal.aborted && performance.now() < endsAt) {
    if (performance.now() - admittedAt >= heartbeatMs) {
      // While the database is away nothing is read, and a client that had to ask again would be refused for good.
      if (!(await stillAdmitted().catch(() => true))) return;
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
    if (!more) await watch.changed(followed.position(), Math.min(untilHeartbeat, endsAt - performance.now()), signal);
  }
}
