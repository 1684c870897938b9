import { useSyncExternalStore } from 'react';
import { simulatedSourcesOf } from '../../../core/contracts/http/envelope.ts';

/** Ids of the simulated sources, as every answer of the API names them: also that of somebody who is not signed in. */
let sources: readonly string[] = [];
const listeners = new Set<() => void>();

export const simulation = {
  /** Takes what an answer says in its header. */
  learn(header: string | null): void {
    const named = simulatedSourcesOf(header);
    if (named.join() === sources.join()) return;
    sources = named;
    for (const listener of listeners) listener();
  },
};

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The ids of the simulated sources; none where all data are real. */
export function useSimulatedSources(): readonly string[] {
  return useSyncExternalStore(subscribe, () => sources);
}
