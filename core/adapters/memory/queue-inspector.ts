import type { DeadMessage, QueueInspector } from '../../ports/queue-inspector.ts';
import { UnknownQueueError } from '../../ports/queue-inspector.ts';

/** Queues in memory, each with what waits and what died. For tests. */
export function memoryQueueInspector(
  queues: Record<string, { waiting: string[]; dead: DeadMessage[] }>,
): QueueInspector {
  function queueOf(name: string) {
    const queue = Object.hasOwn(queues, name) ? queues[name] : undefined;
    if (!queue) throw new UnknownQueueError(name, Object.keys(queues));
    return queue;
  }
  return {
    counts: async () =>
      Object.entries(queues).map(([name, { waiting, dead }]) => ({
        name,
        waiting: waiting.length,
        inFlight: 0,
        dead: dead.length,
      })),
    peek: async (name, limit) => queueOf(name).dead.slice(0, limit),
    async redrive(name, limit) {
      const queue = queueOf(name);
      const moved = queue.dead.splice(0, limit);
      queue.waiting.push(...moved.map((message) => message.body));
      return moved.length;
    },
  };
}
