import { join } from 'node:path';
import { z } from 'zod';
import { catalogue } from '../core/sources/catalogue.ts';
import { readState, writeState } from './state-folder.ts';

const recordSchema = z.object({ sources: z.array(z.string()) });

/**
 * The sources whose data in a state folder are made up: those that point at the simulator or at a proxy of one, and
 * those that once did, whose prices are stored there still. `npm run reset` forgets them together with the prices.
 */
export function simulatedSources(
  folder: string,
  sourceUrls: Readonly<Record<string, string>> | null,
  simulatorUrl: string | null,
  behindProxies: readonly string[],
): readonly string[] {
  const file = join(folder, 'simulated.json');
  const before = new Set(readState(file, recordSchema)?.sources);
  const sources = catalogue
    .map(({ id }) => id)
    .filter(
      (id) =>
        before.has(id) ||
        behindProxies.includes(id) ||
        (simulatorUrl !== null && sourceUrls?.[id]?.startsWith(`${simulatorUrl}/`)),
    );
  writeState(file, { sources });
  return sources;
}

/** Which sources are simulated and how to call the real ones, in a sentence; `null` where none is. */
export function simulationInWords(sources: readonly string[]): string | null {
  if (sources.length === 0) return null;
  const whose =
    sources.length === catalogue.length
      ? 'all sources are'
      : `${sources.join(', ')} ${sources.length === 1 ? 'is' : 'are'}`;
  return `Simulated data: ${whose} simulated, and the prices are made up. For real ones: npm start -- --live`;
}
