import type { MessageQueue } from '../../ports/message-queue.ts';

/** Queues in memory, as JSON like the real ones. For tests. */
export function memoryMessageQueue(): MessageQueue & { take(queue: string): unknown[] } {
  const queues = new Map<string, string[]>();
  return {
    async send(queue, messages) {
      const waiting = queues.get(queue) ?? [];
      waiting.push(...messages.map((message) => JSON.stringify(message)));
      queues.set(queue, waiting);
    },
    take(queue) {
      const waiting = queues.get(queue) ?? [];
      queues.set(queue, []);
      return waiting.map((text): unknown => JSON.parse(text));
    },
  };
}
