import type { StreamSlots } from '../../ports/stream-slots.ts';

/** Slots of one process. A taken one is freed by its holder only. */
export function memoryStreamSlots(most: number): StreamSlots {
  let taken = 0;
  return {
    async take() {
      if (taken >= most) return null;
      taken += 1;
      let held = true;
      return async () => {
        if (held) taken -= 1;
        held = false;
      };
    },
  };
}
