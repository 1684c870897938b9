import type { MessageQueue } from '../../ports/message-queue.ts';

/** Queues in memory, as JSON like the real ones. For tests. */
export function memoryMessageQueue(): MessageQueue & {
  take(queue: string): unknown[];
  /** What waits in a queue, which stays there. */
  waiting(queue: string): unknown[];
} {
  const queues = new Map<string, string[]>();
  const read = (queue: string) => (queues.get(queue) ?? []).map((text): unknown => JSON.parse(text));
  return {
    async send(queue, messages) {
      const waiting = queues.get(queue) ?? [];
      waiting.push(...messages.map((message) => JSON.stringify(message)));
      queues.set(queue, waiting);
    },
    take(queue) {
      const taken = read(queue);
      queues.set(queue, []);
      return taken;
    },
    waiting: read,
  };
}
