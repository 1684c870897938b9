import type { EventTransport } from '../../ports/event-transport.ts';

/** A message of the queue of a follower. */
interface Message {
  readonly id: string;
  readonly key: string;
  readonly body: string;
  receives: number;
}

/** A follower's messages as they are delivered: `failed` gives the ids of those that come again. */
export type Deliver = (messages: readonly Readonly<Message>[]) => Promise<readonly string[]>;

/**
 * A topic of events in memory, with one follower that has a FIFO queue: a key's messages in order, none of a key while an
 * earlier one is out, and a dead letter after its tries. For tests.
 */
export function memoryEventTopic({ tries }: { readonly tries: number }) {
  const seen = new Set<string>();
  const dead: Message[] = [];
  let waiting: Message[] = [];

  const transport: EventTransport = {
    atOnce: 500,
    async send(events) {
      for (const event of events) {
        // As a queue drops what it has taken in the last minutes.
        if (seen.has(event.id)) continue;
        seen.add(event.id);
        waiting.push({ id: event.id, key: event.key, body: event.body, receives: 0 });
      }
      return { sent: events.map(({ id }) => id), failures: [] };
    },
  };

  return {
    transport,
    dead,
    /** Takes what cannot be read in, as a transport would. */
    put(key: string, body: string): void {
      waiting.push({ id: `put-${waiting.length}-${key}`, key, body, receives: 0 });
    },
    /** Delivers the first messages once. Where `deliver` rejects, the follower died: all of them come again. */
    async next(most: number, deliver: Deliver): Promise<void> {
      const batch = waiting.slice(0, most);
      for (const message of batch) message.receives += 1;
      const failed = new Set(await deliver(batch).catch(() => batch.map(({ id }) => id)));
      const over = new Set(batch.filter(({ id, receives }) => failed.has(id) && receives >= tries).map(({ id }) => id));
      dead.push(...batch.filter(({ id }) => over.has(id)));
      const handled = new Set(batch.filter(({ id }) => !failed.has(id) || over.has(id)).map(({ id }) => id));
      waiting = waiting.filter(({ id }) => !handled.has(id));
    },
  };
}
