import type { LicenceClass } from './licence.ts';

/**
 * The source that imported rows are stored under, by the licence class that was given with them: what a key may see is
 * settled by the source, here as everywhere.
 */
export const importSources: Readonly<Record<LicenceClass, string>> = {
  internal: 'import',
  display: 'import-display',
  redistribute: 'import-redistribute',
  unknown: 'import-unknown',
};

/** The folder of all imports in the raw store. */
export const importFolder = importSources.internal;

const ids: ReadonlySet<string> = new Set(Object.values(importSources));

/**
 * Whether a source is rows that a person brought. Nothing watches it, and it is never the price where a source has one with
 * the exchange's time.
 */
export function isImport(sourceId: string): boolean {
  return ids.has(sourceId);
}

/** What caused its run. */
export const importTrigger = 'manual';

/** What an import may bring. */
export const importKinds = ['quotes', 'bars'] as const;
export type ImportKind = (typeof importKinds)[number];
