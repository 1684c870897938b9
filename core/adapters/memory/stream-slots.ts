import type { StreamSlots } from '../../ports/stream-slots.ts';

/** Slots of one process. A taken one is freed by its holder, or by a later stream of the same client. */
export function memoryStreamSlots(most: number): StreamSlots {
  const taken = new Map<symbol, string | null>();
  return {
    async take(client, _forMs) {
      if (client !== null) for (const [slot, holder] of taken) if (holder === client) taken.delete(slot);
      if (taken.size >= most) return null;
      const own = Symbol(client ?? 'a client without a name');
      taken.set(own, client);
      return {
        held: async () => taken.has(own),
        async free() {
          taken.delete(own);
        },
      };
    },
  };
}
