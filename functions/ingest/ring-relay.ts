import type { MessageQueue } from '../../core/ports/message-queue.ts';

/** The bell rings so much later: what is committed until then needs no bell of its own. */
const delaySeconds = 1;

/**
 * Tells the relay, a second later, that there are events. While a bell is under way, no other one is sent, so a busy
 * container rings once a second at the most. `now` are milliseconds of a clock that does not jump.
 */
export function ringRelay(queue: MessageQueue, now: () => number): () => Promise<void> {
  let ringsAt = Number.NEGATIVE_INFINITY;
  return async () => {
    // Half of the delay is left for a commit that another clock calls later.
    if (now() < ringsAt - (delaySeconds * 1000) / 2) return;
    ringsAt = now() + delaySeconds * 1000;
    await queue.send('events', [{}], delaySeconds);
  };
}
