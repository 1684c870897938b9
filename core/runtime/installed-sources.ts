import { sourcesOf } from '../sources/catalogue.ts';
import type { SourceDefinition } from '../sources/definition.ts';
import { optionalSetting } from './settings.ts';

/** The sources of this installation: those of the catalogue, on AWS without what exists in the simulator only. */
export function installedSources(): readonly SourceDefinition[] {
  return sourcesOf(optionalSetting('stage') ?? 'local');
}
