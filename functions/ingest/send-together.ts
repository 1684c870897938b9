import type { MessageQueue } from '../../core/ports/message-queue.ts';

/** A queue that keeps the messages to one name until they are sent. */
export interface KeepingQueue extends MessageQueue {
  /** Sends what is kept, in as few calls as the transport allows. Throws when any was not taken; nothing is kept then. */
  sendKept(): Promise<void>;
}

/**
 * Keeps the messages to `name` until the end of a batch, since a call costs far more than a message.
 * Where `sendKept` throws, the batch must return to its queue: what was kept is said again when it is read again.
 */
export function sendTogether(queue: MessageQueue, name: string): KeepingQueue {
  let kept: unknown[] = [];
  return {
    async send(to, messages, delaySeconds = 0) {
      if (to === name && delaySeconds === 0) kept.push(...messages);
      else await queue.send(to, messages, delaySeconds);
    },
    async sendKept() {
      const messages = kept;
      kept = [];
      if (messages.length > 0) await queue.send(name, messages);
    },
  };
}
